"""`python -m edaphon`: the same as the `edaphon` command."""

from edaphon.cli import main

main()
