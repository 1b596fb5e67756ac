"""Pure policy: what may be said, to whom, when, in which words."""
