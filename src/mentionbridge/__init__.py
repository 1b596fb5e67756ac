"""Public complaints in, private tickets out."""
