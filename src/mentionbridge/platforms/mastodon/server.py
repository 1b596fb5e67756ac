"""What our server says about itself, us and who may reach us; dialects lack parts of it, and are asked once. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from mentionbridge.platforms.mastodon.api import Api
from mentionbridge.platforms.mastodon.shapes import an_object, count, text
from mentionbridge.platforms.mastodon.words import LINK_LENGTH, MAX_LENGTH

KEY_LIFE = timedelta(hours=1)
RESERVED = 56
"""Characters kept for the name of who is answered (32) and for one address (24)."""

_STRANGERS = {
    "for_not_following": "people the account does not follow",
    "for_not_followers": "people who do not follow it",
    "for_new_accounts": "new accounts",
    "for_private_mentions": "private mentions by strangers",
    "for_limited_accounts": "accounts the moderators limited",
}
_QUOTES_SINCE = 7


@dataclass(frozen=True, slots=True)
class Server:
    """A server's own limits; `keyed` is False for dialects that may not know `Idempotency-Key`."""

    domain: str = ""
    max_length: int = MAX_LENGTH
    link_length: int = LINK_LENGTH
    keyed: bool = True
    has_quotes: bool = False
    has_policy: bool = False
    streaming: str | None = None

    @property
    def room(self) -> int:
        """How long our own words may be."""
        return max(self.max_length - RESERVED, 1)


async def ask(api: Api) -> Server:
    """Ask for version 2 of the description, then for version 1."""
    told = await api.an_object("/api/v2/instance", fine=(404, 405, 410, 501))
    domain = text(told.get("domain"))
    if not told:
        told = await api.an_object("/api/v1/instance", fine=(404, 410))
        domain = text(told.get("uri"))
    return read(told, domain or "")


def read(told: Mapping[str, Any], domain: str) -> Server:
    """Read either description."""
    limits = an_object(an_object(told.get("configuration")).get("statuses"))
    version = (text(told.get("version")) or "").lower()
    most = count(limits.get("max_characters")) or count(told.get("max_toot_chars")) or MAX_LENGTH
    per_link = count(limits.get("characters_reserved_per_url")) or LINK_LENGTH
    step = count(an_object(told.get("api_versions")).get("mastodon")) or 0
    # Version 1 of the description names the place with its scheme on some dialects.
    place = domain.partition("://")[2] or domain
    urls = an_object(an_object(told.get("configuration")).get("urls")) or an_object(told.get("urls"))
    return Server(
        place.strip("/").lower(),
        most,
        per_link,
        keyed="compatible" not in version,
        has_quotes=step >= _QUOTES_SINCE,
        streaming=text(urls.get("streaming")) or text(urls.get("streaming_api")),
    )


def streams_at(told: str | None, server: str) -> str | None:
    """Return where to listen: the place the server names, if the token may be shown there; None elsewhere.

    That is the server itself, or a host below its own, and never in the open where the server is not.
    """
    there, home = urlsplit(told or ""), urlsplit(server)
    scheme = {"wss": "https", "ws": "http"}.get(there.scheme, there.scheme)
    host, own = there.hostname or "", home.hostname or ""
    if scheme not in ("https", home.scheme) or scheme not in ("https", "http"):
        return None
    return f"{scheme}://{there.netloc}" if host == own or host.endswith(f".{own}") else None


def filters(policy: Mapping[str, Any]) -> Sequence[str]:
    """Say whose mentions the account's own settings hold back."""
    held = [who for name, who in _STRANGERS.items() if policy.get(name) == "filter"]
    lost = [who for name, who in _STRANGERS.items() if policy.get(name) == "drop"]
    told = []
    if lost:
        told.append(
            f"The server throws mentions away from {_list(lost)}; in the account's notification settings choose accept."
        )
    if held:
        told.append(
            f"The server sets mentions aside from {_list(held)}; they are read all the same, "
            "but choose accept in the account's notification settings."
        )
    waiting = count(an_object(policy.get("summary")).get("pending_requests_count"))
    if waiting:
        told.append(f"{waiting} people wait among the account's filtered notifications.")
    return told


def _list(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
