"""What the tests of several folders share."""

from postgresql import postgresql

__all__ = ["postgresql"]
