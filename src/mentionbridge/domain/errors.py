"""Every error the heart knows, as one tree.

MentionbridgeError
├── SetupError           wrong config or wrong use: one sentence with the next step (exit code 2)
├── NotAllowed           a move the rules forbid (409 over HTTP)
├── NotFound             no such thing for this caller (404)
├── StoreDown            the database cannot take or give it now; nothing was kept, try again (503)
├── LeaseLost            someone else may hold this row now; nothing was sent
├── NoAnswer             asked, and heard nothing usable back: it may have acted
└── PlatformError        what a network or desk does to us; the request surely had no effect
    ├── RateLimited      come back at `until`
    ├── LoginNeeded      the credentials are dead; a person must sign in
    └── PlatformDown     not reached or failing before it acted; try again
"""

from datetime import datetime


class MentionbridgeError(Exception):
    """Root of our errors; the text is one sentence fit for a person."""


class SetupError(MentionbridgeError):
    """The operator must change something; the text says what."""


class NotAllowed(MentionbridgeError):
    """The move is not possible in the state this thing is in."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class NotFound(MentionbridgeError):
    """No such thing, or not one this caller may see."""


class StoreDown(MentionbridgeError):
    """The database is locked, full, unreachable or behind; the transaction left nothing."""


class LeaseLost(MentionbridgeError):
    """Our time on this row has run out before the work began; nothing left the machine."""


class NoAnswer(MentionbridgeError):
    """The request went out and no usable answer came back; whether it was acted on is open."""


class PlatformError(MentionbridgeError):
    """The network did not do what we asked, and surely did not act on it."""


class RateLimited(PlatformError):
    """The network asks us to wait."""

    def __init__(self, until: datetime, message: str = "the network asks us to wait") -> None:
        super().__init__(message)
        self.until = until


class LoginNeeded(PlatformError):
    """The network no longer knows our credentials."""


class PlatformDown(PlatformError):
    """The network could not be reached, or failed without acting."""
