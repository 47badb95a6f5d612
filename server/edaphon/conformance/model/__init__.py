"""What SHACL speaks of: shapes, their constraints and paths, and findings, as frozen values."""
