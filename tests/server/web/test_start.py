"""What a server need not know when it starts is not imported then."""

import subprocess
import sys

# What an HTTP process and the process that forks it import before they answer.
START = "import sys, edaphon.cli.serve, edaphon.web.process; print(*sorted(sys.modules))"
LATER = {"alembic", "limits", "pyshacl", "rdflib", "sqlalchemy", "edaphon.contributions.desk"}


def test_what_only_contributions_need_is_imported_when_somebody_contributes() -> None:
    done = subprocess.run([sys.executable, "-c", START], capture_output=True, text=True, check=True, timeout=60)
    imported = set(done.stdout.split())
    assert "edaphon.web.contributions" in imported
    assert imported & LATER == set()
