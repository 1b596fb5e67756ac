"""The `/v1` routes, a file a noun."""
