"""Only what a change concerns is checked again, on a copy of what is published."""
