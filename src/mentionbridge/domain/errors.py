"""Every error the heart knows, as one tree.

MentionbridgeError
├── SetupError           wrong config or wrong use: one sentence with the next step (exit code 2)
├── NotAllowed           a move the rules forbid (409 over HTTP)
│   ├── AlreadyAnswered  somebody else has answered since the writer looked
│   └── Stale            it has changed since the caller read it (412 over HTTP)
├── WrongValue           a value that names nothing we know (422 over HTTP)
├── NotFound             no such thing for this caller (404)
├── StoreDown            the database cannot take or give it now; nothing was kept, try again (503)
├── LeaseLost            someone else may hold this row now; nothing was sent
├── NoAnswer             asked, and heard nothing usable back: it may have acted
│   └── OddAnswer        an answer came that is none: HTML, another type, an error dressed as success
├── DeskRefused          a helpdesk understood us and says no; a person must change something there or in the config
└── PlatformError        what a network or desk does to us; the request surely had no effect
    ├── RateLimited      come back at `until`
    │   └── Paced        nobody refused us: we hold back ourselves, so that we are not
    ├── LoginNeeded      the credentials are dead; a person must sign in
    └── PlatformDown     not reached or failing before it acted; try again
        ├── StreamRefused  it answered, and did not let us listen
        └── RunsElsewhere  a network of our own that another process of ours has to itself
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


class AlreadyAnswered(NotAllowed):
    """Somebody else's answer stands since; `reply_id` is theirs."""

    def __init__(self, reply_id: str, message: str) -> None:
        super().__init__("already_answered", message)
        self.reply_id = reply_id


class Stale(NotAllowed):
    """It is not any more as the caller read it; read it again, then decide again."""

    def __init__(self, message: str) -> None:
        super().__init__("stale", message)


class WrongValue(MentionbridgeError):
    """What was asked for names something that does not exist; the text says what there is."""


class NotFound(MentionbridgeError):
    """No such thing, or not one this caller may see."""


class StoreDown(MentionbridgeError):
    """The database is locked, full, unreachable or behind; the transaction left nothing."""


class LeaseLost(MentionbridgeError):
    """Our time on this row has run out before the work began; nothing left the machine."""


class NoAnswer(MentionbridgeError):
    """The request went out and no usable answer came back; whether it was acted on is open."""


class OddAnswer(NoAnswer):
    """Something answered, but not as it should; `code` is stable, for logs."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class DeskRefused(MentionbridgeError):
    """The helpdesk took the question and declined; asking again changes nothing until a person does something."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class PlatformError(MentionbridgeError):
    """The network did not do what we asked, and surely did not act on it."""


class RateLimited(PlatformError):
    """The network asks us to wait."""

    def __init__(self, until: datetime, message: str = "the network asks us to wait") -> None:
        super().__init__(message)
        self.until = until


class Paced(RateLimited):
    """What is left of a network's limit is kept for others until then; nothing was asked."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until, "what is left of the network's limit is kept for later")


class DaySpent(RateLimited):
    """What an account may spend in a day is spent; nothing was asked."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until, f"what may be spent a day is spent; it goes on at {until:%Y-%m-%d %H:%M} UTC")


class LoginNeeded(PlatformError):
    """The network no longer knows our credentials."""


class PlatformDown(PlatformError):
    """The network could not be reached, or failed without acting."""


class StreamRefused(PlatformDown):
    """The network answered, and did not let us listen."""


class RunsElsewhere(PlatformDown):
    """The network lives inside another process of ours: nothing is wrong with it, but it is not to be had here."""
