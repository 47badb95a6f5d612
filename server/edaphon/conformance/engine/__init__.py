"""Shapes are held against data by queries that ask about all focus nodes at once."""
