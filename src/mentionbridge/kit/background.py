"""Work nobody waits for, marked so that what it shares with others goes to those first."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_BACKGROUND: ContextVar[bool] = ContextVar("background", default=False)


@contextmanager
def in_background() -> Iterator[None]:
    """Mark everything done inside, also in tasks begun there, as work that yields to other work."""
    token = _BACKGROUND.set(True)
    try:
        yield
    finally:
        _BACKGROUND.reset(token)


def is_background() -> bool:
    """True inside `in_background`."""
    return _BACKGROUND.get()
