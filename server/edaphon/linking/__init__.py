"""From an IRI to what is said of it: linked data over what is published."""
