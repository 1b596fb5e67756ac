"""The console on the same door as the API's tests."""

from api.conftest import kind, patience, site, world

__all__ = ["kind", "patience", "site", "world"]
