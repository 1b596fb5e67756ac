"""The commands."""

from mentionbridge.cli.main import main

__all__ = ["main"]
