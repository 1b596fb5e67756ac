"""What our own profile says about us, and what the operator could set better. Pure but for `ask`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mentionbridge.domain.errors import LoginNeeded, PlatformDown
from mentionbridge.platforms.bluesky import errors
from mentionbridge.platforms.bluesky.session import Session
from mentionbridge.platforms.bluesky.xrpc import Xrpc, read_object
from mentionbridge.text import plain

_NO_HANDLE = "handle.invalid"
_EVERYBODY = "all"
_USUAL = "following"


@dataclass(frozen=True, slots=True)
class Profile:
    """Our account as others see it; `incoming` is who may write to us: all, following or none."""

    handle: str
    name: str
    incoming: str
    is_labelled: bool

    @property
    def takes_messages(self) -> bool:
        """True when any customer may open a conversation with us."""
        return self.incoming == _EVERYBODY


def shown(session: Session) -> str:
    """Return the name to use in addresses: the handle while it is good."""
    return session.did if session.handle == _NO_HANDLE else session.handle


def read_session(body: Mapping[str, Any], session: Session) -> Session:
    """Take over our newest handle; raises LoginNeeded when the account is not active."""
    if body.get("active") is False:
        status = str(body.get("status"))
        raise LoginNeeded(errors.SENTENCES.get(status, "This account is not active at Bluesky."))
    if body.get("did") != session.did:
        raise PlatformDown("Bluesky says we are somebody else than we signed in as")
    handle = body.get("handle")
    return replace(session, handle=handle) if isinstance(handle, str) and handle else session


async def ask(xrpc: Xrpc, session: Session) -> Profile:
    """Read our profile and who may write to us."""
    # An account made just now is known to its server, and not yet to the rest of the network.
    answer = await xrpc.ask("app.bsky.actor.getProfile", actor=session.did, fine=(400,))
    found = read_object(answer) if answer.status == 200 else {}
    declared = await _record(xrpc, session, "chat.bsky.actor.declaration")
    described = await _record(xrpc, session, "app.bsky.actor.profile")
    name, incoming = found.get("displayName"), declared.get("allowIncoming")
    return Profile(
        handle=shown(session),
        name=plain.clean(name) if isinstance(name, str) else "",
        incoming=incoming if isinstance(incoming, str) else _USUAL,
        is_labelled="bot" in _labels(described),
    )


def hints(profile: Profile, *, chat: bool) -> Sequence[str]:
    """Say what the operator could do so that customers reach us and know what they talk to."""
    told = []
    if not profile.takes_messages:
        told.append(
            "Customers cannot write to this account; in Bluesky's chat settings allow new messages from everyone, "
            "so that the invitation into private leads somewhere."
        )
    if not chat:
        told.append(
            "Direct messages are not read; make an app password with access to direct messages to have them in "
            "the ticket."
        )
    if not profile.is_labelled:
        told.append("Bluesky asks automated accounts to label themselves; add the self-label `bot` to the profile.")
    return told


async def _record(xrpc: Xrpc, session: Session, collection: str) -> dict[str, Any]:
    answer = await xrpc.ask(
        "com.atproto.repo.getRecord", repo=session.did, collection=collection, rkey="self", fine=(400, 404)
    )
    value = read_object(answer).get("value") if answer.status == 200 else None
    return value if isinstance(value, dict) else {}


def _labels(record: Mapping[str, Any]) -> list[Any]:
    labels = record.get("labels")
    values = labels.get("values") if isinstance(labels, dict) else None
    return [value.get("val") for value in values if isinstance(value, dict)] if isinstance(values, list) else []
