"""What can be wrong with a database, as one sentence each."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, ProgrammingError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from mentionbridge.domain.errors import StoreDown

_COLLIDED = {"40001", "40P01", "55P03"}
_BEHIND = {"42P01", "42703"}
_FULL = "The database's disk is full and nothing was kept; make room, then try again."
_BUSY = "The database is busy with another writer and nothing was kept; try again in a moment."
_READ_ONLY = "The database cannot be written; check the rights of its file and that it is the primary."
_OLD = "The database lacks something this version needs; run `mentionbridge migrate`."
_AWAY = "The database cannot be reached and nothing was kept; try again in a moment."
_SAYS = {
    "database or disk is full": _FULL,
    "database is locked": _BUSY,
    "database table is locked": _BUSY,
    "readonly database": _READ_ONLY,
    "no such table": _OLD,
    "no such column": _OLD,
}
_STATES = dict.fromkeys(_COLLIDED, _BUSY) | dict.fromkeys(_BEHIND, _OLD) | {"53100": _FULL, "25006": _READ_ONLY}


@contextmanager
def plainly() -> Iterator[None]:
    """Turn the database's own trouble into StoreDown; mistakes in our statements pass as they are."""
    try:
        yield
    except (OperationalError, InterfaceError, NoConnectionFree, ProgrammingError) as error:
        if (sentence := _sentence(error)) is None:
            raise
        raise StoreDown(sentence) from error


def collided(error: BaseException | None) -> bool:
    """True when two transactions stood in each other's way and trying again will do."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in _COLLIDED


def _sentence(error: SQLAlchemyError) -> str | None:
    state = getattr(getattr(error, "orig", None), "sqlstate", None)
    if isinstance(error, ProgrammingError) and state not in _BEHIND:
        return None
    if state in _STATES:
        return _STATES[state]
    said = str(getattr(error, "orig", ""))
    mistake = getattr(getattr(error, "orig", None), "sqlite_errorname", None) == "SQLITE_ERROR"
    return next((sentence for words, sentence in _SAYS.items() if words in said), None if mistake else _AWAY)
