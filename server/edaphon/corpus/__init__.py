"""Files on disk become quads: where they are, how they parse, which graph they belong to, what they imply."""
