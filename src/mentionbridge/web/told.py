"""Lists straight from what is stored to what is answered; a test proves that each is what its shape would say.

Pages are long and asked for often. The shapes of `shapes` document them, and are not built for each of their items.
"""

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from mentionbridge.domain.mention import Visibility
from mentionbridge.ports.desk import Facts, Hit
from mentionbridge.web import shapes

Told = dict[str, Any]
_SURFACES: Mapping[str, str] = {str(visibility): str(visibility.surface) for visibility in Visibility}


def _as(shape: type[shapes.Shape], *but: str) -> Callable[[Facts], Told]:
    """Make a function that picks a shape's own fields out of some facts."""
    names = tuple(name for name in shape.model_fields if name not in but)
    values_of: Callable[[Facts], Sequence[Any]] = itemgetter(*names)
    return lambda facts: dict(zip(names, values_of(facts), strict=True))


_ticket = _as(shapes.TicketShape, "found", "waits")
_mention = _as(shapes.MentionShape, "text", "surface", "verdict", "media", "sightings", "context", "named")
_verdict = _as(shapes.VerdictShape)
_media = _as(shapes.MediaShape, "href")
_reply = _as(shapes.ReplyShape, "text", "not_before", "attempts", "warnings")


def ticket(facts: Facts) -> Told:
    told = _ticket(facts)
    told["found"], told["waits"] = None, ()
    return told


def hit(found: Hit) -> Told:
    told = ticket(found.ticket)
    if (line := found.line) is not None:
        told["found"] = {"entry_id": line.entry_id, "surface": line.surface, "text": line.text}
    return told


def mention(facts: Facts) -> Told:
    told = _mention(facts)
    told["text"] = None if facts["redacted"] else facts["text"]
    told["surface"] = _SURFACES[facts["visibility"]]
    told["verdict"] = _verdict(facts["verdict"]) if facts["verdict"] else None
    told["media"] = [_picture(each) for each in facts["media"]]
    told["sightings"], told["context"], told["named"] = (), (), ()
    return told


def _picture(facts: Facts) -> Told:
    return {**_media(facts), "href": shapes.href(facts["id"], facts["state"])}


def reply(facts: Facts) -> Told:
    told = _reply(facts)
    told["text"] = None if facts["redacted"] else facts["text"]
    told["not_before"], told["attempts"], told["warnings"] = facts["due"], (), ()
    return told
