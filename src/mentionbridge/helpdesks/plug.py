"""The shape of a helpdesk's folder: what `plug` in its `__init__.py` must offer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from mentionbridge.domain.helpdesk import DeskCapabilities, StatusWords
from mentionbridge.domain.ticket import Priority, TicketState
from mentionbridge.kit.clock import Clock
from mentionbridge.net.client import Http
from mentionbridge.ports.helpdesk import DeskHook, Helpdesk
from mentionbridge.rules.mirroring import FACTS
from mentionbridge.settings import Section


class DeskOptions(Section):
    """What every desk needs to know; a folder's own options add to it."""

    url: str = Field(description="Where the desk is reached.")
    token: SecretStr = Field(description="The token of a user there that is the bridge's own.")
    hook_secret: SecretStr | None = Field(None, description="What its webhooks to us must carry; unset takes none.")
    fields: dict[str, str] = Field(default={}, description="Its own fields, and which of our facts each holds.")
    people: dict[str, str] = Field(default={}, description="Names for its users, by their id there.")

    @field_validator("url")
    @classmethod
    def _address(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("https", "http") or not parts.hostname:
            raise ValueError("write an address like https://desk.example")
        return url.rstrip("/")

    @field_validator("fields")
    @classmethod
    def _known_facts(cls, fields: dict[str, str]) -> dict[str, str]:
        if unknown := sorted(set(fields.values()) - set(FACTS)):
            raise ValueError(f"there is no fact {unknown[0]!r}; the facts are {', '.join(FACTS)}")
        return fields


def status_words(states: Mapping[TicketState, str], theirs: Mapping[str, TicketState]) -> StatusWords:
    """Put both directions of a mapping together; a status of theirs that is named for one of our states means it."""
    meant: dict[str, TicketState] = {}
    for state, status in states.items():
        meant.setdefault(status, state)
    return StatusWords(states, {**meant, **theirs})


Priorities = dict[Priority, str]


@dataclass(frozen=True, slots=True)
class DeskTools:
    """What a plug is handed: it makes no client and reads no clock of its own accord."""

    clock: Clock
    http: Callable[[str], Http]


@dataclass(frozen=True, slots=True)
class Link:
    """One configured desk as this process uses it."""

    helpdesk: Helpdesk
    hook: DeskHook | None = None


class DeskPlug(Protocol):
    """One kind of helpdesk."""

    name: str
    label: str
    capabilities: DeskCapabilities
    options: type[DeskOptions]

    def link(self, options: Any, tools: DeskTools) -> Link:
        """Make one desk from its validated `[helpdesks.NAME.options]`. Opens no connection."""
