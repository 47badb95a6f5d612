"""Query text becomes bytes: one process asks the engine, another keeps it within its limits."""
