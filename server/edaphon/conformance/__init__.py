"""Quads and shapes become findings: what does not conform, where, and what the editor should do."""
