"""A shapes graph becomes shapes, or an error that says what is wrong with it and where."""
