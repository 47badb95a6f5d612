"""What the tests of pages share."""

from browser import page

__all__ = ["page"]
