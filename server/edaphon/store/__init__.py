"""Quads become published state: revisions that never change again, made beside the last and published at once."""
