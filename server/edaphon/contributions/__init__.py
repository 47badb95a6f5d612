"""A proposal becomes a decision: who may do what, what is asked for, whether it conforms, and how it is published."""
