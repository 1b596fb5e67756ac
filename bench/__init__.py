"""Every figure the docs quote comes from a command here: `make bench`, or `python -m bench NAME`."""
