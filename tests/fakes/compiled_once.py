"""Statements compiled once a process, and not again by every test's own engine.

An engine keeps what it compiled under its own dialect, so a new engine starts with nothing. A test makes one or more
engines, and compiling was a third of the suite's time. All dialects of a kind compile alike: they talk to one SQLite
library or one PostgreSQL server.
"""

from typing import Any

from sqlalchemy.sql.elements import ClauseElement
from sqlalchemy.util import LRUCache

_compiled: LRUCache[Any, Any] = LRUCache(5000)
_first: dict[type, Any] = {}
_compile = ClauseElement._compile_w_cache


def _compile_once(statement: ClauseElement, dialect: Any, *, compiled_cache: Any, **how: Any) -> Any:
    if compiled_cache is None:
        return _compile(statement, dialect, compiled_cache=None, **how)
    return _compile(statement, _first.setdefault(type(dialect), dialect), compiled_cache=_compiled, **how)


def compile_once() -> None:
    """Let all engines of this process share what they compile."""
    ClauseElement._compile_w_cache = _compile_once  # type: ignore[method-assign, assignment]
