"""What the tests of the documentation share."""

from postgresql import postgresql

__all__ = ["postgresql"]
