"""The words of the field as frozen dataclasses and tables of moves; no I/O."""
