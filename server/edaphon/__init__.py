"""Edaphon: the knowledge graph of soil-biodiversity policy, checked with SHACL and served over SPARQL."""

# Nothing is imported here: a query worker imports only what it needs and must start within milliseconds.
__version__ = "0.1.0"
