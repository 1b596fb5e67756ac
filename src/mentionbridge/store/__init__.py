"""Everything kept: tables, claims, units of work."""
