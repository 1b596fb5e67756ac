"""The composition root: the only package that names adapters and wires them."""

from mentionbridge.bootstrap.wiring import App, opened

__all__ = ["App", "opened"]
