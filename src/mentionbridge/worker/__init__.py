"""The clock and the queue: claim, run, settle."""
