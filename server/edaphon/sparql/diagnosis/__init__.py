"""A text that the engine refuses becomes a place and a sentence: what cannot stand there, what could, what to do."""
