"""What a network can do. Ask this; never ask for the network's name."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Support(StrEnum):
    """How sure we are that it works: run against the real server or recordings of it, or not yet."""

    SUPPORTED = "supported"
    EXPERIMENTAL = "experimental"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Static facts about a platform, narrowed for one account by its probe.

    `key_life` is how long the network recognises a repeated send (None: it has no key, `timedelta.max`: for ever).
    `private_keyed` is False where that holds for public replies only: a private message is then sent without a key.
    `max_length` counts in the plug's own `count(text)` unit. `needs_tag` means unsolicited posts must not be answered.
    `follows_threads` is True where we can read what one person says in a thread without calling on us.
    `real` is False for networks where nothing said reaches a person (the built-in demo). `hosts` is True where a post
    that was only pushed to us can be put on the network, so that it can be answered there (`ports.platform.Host`).
    `retracts` is True where a public reply of ours can be deleted (`ports.platform.Retractor`). `shows_newest` is True
    where the newest mentions can be read wherever our place in the network's list is (`ports.platform.Newest`).
    `replays` is True where it pushes again what it pushed in vain (`ports.platform.Replayer`), `streams` where it tells
    at once what is said (`ports.platform.Streamer`). `reach` is how many of the newest mentions the network shows at
    all (None: every one).
    """

    support: Support = Support.EXPERIMENTAL
    polls: bool = True
    hooks: bool = False
    accepts_push: bool = False
    replies: bool = True
    key_life: timedelta | None = None
    private_keyed: bool = True
    max_length: int = 300
    private_messages: bool = False
    needs_tag: bool = True
    follows_threads: bool = False
    edits: bool = False
    may_train: bool = True
    real: bool = True
    hosts: bool = False
    retracts: bool = False
    shows_newest: bool = False
    replays: bool = False
    streams: bool = False
    costs: bool = False
    default_poll_seconds: float = 15.0
    fetch_batch: int = 25
    reach: int | None = None

    @property
    def keyed(self) -> bool:
        """True when repeating a send under one key cannot say it twice."""
        return self.key_life is not None
