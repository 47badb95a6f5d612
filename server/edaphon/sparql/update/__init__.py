"""What a SPARQL update asks for becomes the change of stated quads that it makes."""
