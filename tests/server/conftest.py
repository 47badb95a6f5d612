"""What the tests of several folders share."""

from listening import listener
from postgresql import postgresql

__all__ = ["listener", "postgresql"]
