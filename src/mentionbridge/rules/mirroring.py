"""What a helpdesk is still to be told of a story, in order, and what its status changes mean. Pure.

The desk's ticket is made equal to our timeline: the difference between the timeline as it stands and the lines that
went before is what goes next. So an hour of silence loses nothing, and nothing has to be remembered twice.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mentionbridge.domain.account import Brand
from mentionbridge.domain.helpdesk import Carried, LineState, NewLine, NewTicket, StatusWords, Story, Told, Way
from mentionbridge.domain.mention import Mention, Surface
from mentionbridge.domain.reply import Purpose, Reply, ReplyState
from mentionbridge.domain.ticket import Entry, TicketState

S = ReplyState
UNSAID: Mapping[ReplyState, str] = {
    S.REFUSED: "the network does not allow it",
    S.FAILED: "the network failed",
    S.NOT_SENT: "it was found not to be out",
    S.REJECTED: "a person at the bridge declined it",
    S.EXPIRED: "it waited too long",
    S.CANCELLED: "the post it answers is gone",
    S.MANUAL: "the network's interface may not say it; a person must post it there by hand",
    S.RETRACTED: "it was taken back",
}
"""Ends of a reply that leave no line in the timeline, and what a desk that wrote it is told."""

_NOT_TOLD = frozenset({"changed"})
"""Lines about what a desk has fields of its own for; its status follows ours without them."""

_PLACES = {Surface.PUBLIC: "in public", Surface.PRIVATE: "in private", Surface.INTERNAL: "internal"}
_FORGED = re.compile(r"\[(?=mb:)")
_QUOTED = re.compile(r"^\s*>")
_ATTRIBUTION = re.compile(r"^.{0,200}:\s*$")
_SIGNATURE = "-- "
_MARK = re.compile(r"\[mb:[^\]\s]{1,120}\]")


@dataclass(frozen=True, slots=True)
class Append:
    """A line the desk does not have yet."""

    line: NewLine
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Replace:
    """Other words for a line the desk has under `line_id`; `line.marker` names this change."""

    line_id: str
    line: NewLine
    version: str


Step = Append | Replace


def mark(marker: str) -> str:
    """Write a line's name the way it stands in a desk's text."""
    return f"[mb:{marker}]"


def plan(story: Story, carried: Sequence[Carried], *, edits: bool) -> list[Step]:
    """Return what this desk is still to be told, in the order of the timeline."""
    out = {each.key: each for each in carried if each.way is Way.OUT and each.state is not LineState.SENDING}
    taken = [each for each in carried if each.way is Way.IN]
    theirs = {each.theirs for each in taken if each.theirs}
    steps: list[Step] = []
    for told in story.told:
        if told.entry.id not in theirs:
            steps += _of_entry(told, out, theirs, edits)
    steps += [Append(line) for line in _asides(story, taken, theirs) if line.marker not in out]
    return steps


def _of_entry(told: Told, out: Mapping[str, Carried], theirs: set[str], edits: bool) -> Iterator[Step]:
    entry, now = told.entry, _version(told)
    if entry.kind in _NOT_TOLD:
        return
    if entry.id not in out:
        yield Append(_line(told, theirs), now)
        return
    first, marker = out[entry.id], f"{entry.id}~{now}"
    latest = max((each for key, each in out.items() if key.split("~")[0] == entry.id), key=lambda each: each.at)
    if latest.reason in (None, now) or marker in out:
        return
    if edits and first.theirs:
        yield Replace(first.theirs, _line(told, theirs), now)
    elif told.mention is not None:
        yield Append(_changed_line(told.mention, marker), now)


GONE = "gone"


def _version(told: Told) -> str:
    """Name the words of an entry as they stand now: edited, deleted, erased."""
    for holder in (told.mention, told.reply):
        if holder is not None:
            deleted = holder.redacted or (isinstance(holder, Mention) and holder.deleted_at is not None)
            return GONE if deleted else _digest(holder.text)
    return GONE if told.entry.redacted else _digest(told.entry.text or told.entry.reason or "")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _line(told: Told, theirs: set[str]) -> NewLine:
    entry = told.entry
    if told.mention is not None:
        return _mention_line(entry, told.mention)
    if told.reply is not None:
        return _reply_line(entry, told.reply, own=told.reply.id in theirs)
    by = f" by {entry.actor}" if entry.actor else ""
    words = REMOVED if entry.redacted else entry.text or entry.reason or entry.kind
    return NewLine(entry.id, Surface.INTERNAL, f"{entry.kind}{by}", _paragraphs(f"{entry.kind}{by}:", _text(words)))


REMOVED = "(removed)"


def _mention_line(entry: Entry, mention: Mention) -> NewLine:
    head = f"{_who(mention)} {_PLACES[entry.surface]}, {_when(mention.occurred_at)}"
    title = _title(mention, entry.surface)
    if mention.deleted_at is not None or mention.redacted:
        why = "(deleted by its author)" if mention.deleted_at is not None else REMOVED
        return NewLine(entry.id, entry.surface, title, _paragraphs(head, why))
    return NewLine(entry.id, entry.surface, title, _paragraphs(head, _text(mention.text), mention.permalink))


def _changed_line(mention: Mention, marker: str) -> NewLine:
    what = f"what {_who(mention)} said on {_when(mention.occurred_at)}"
    if mention.deleted_at is not None or mention.redacted:
        return NewLine(marker, Surface.INTERNAL, "deleted", f"Deleted: {what}. Please remove it here too.")
    return NewLine(
        marker, Surface.INTERNAL, "edited", _paragraphs(f"Edited: {what}. It now reads:", _text(mention.text))
    )


def _reply_line(entry: Entry, reply: Reply, *, own: bool) -> NewLine:
    place, at = _PLACES[reply.surface], _when(entry.occurred_at)
    if own:
        said = _paragraphs(f"Your answer was said {place} on {at}.", reply.permalink)
        return NewLine(entry.id, Surface.INTERNAL, "said", said)
    what = "acknowledged" if reply.purpose is Purpose.ACKNOWLEDGE else "answered"
    by = f" by {reply.author_of_words}" if reply.author_of_words else ""
    words = REMOVED if reply.redacted else _text(reply.text)
    text = _paragraphs(f"We {what} {place}{by}, {at}", words, reply.permalink)
    return NewLine(entry.id, reply.surface, f"{what} {place}", text)


def _paragraphs(*parts: str | None) -> str:
    return "\n\n".join(part for part in parts if part)


def _asides(story: Story, taken: Sequence[Carried], theirs: set[str]) -> Iterator[NewLine]:
    """What the timeline has no line for, but the people at the desk must learn."""
    for line in taken:
        if line.state is LineState.REFUSED:
            yield _not_said(f"no~{line.key}", line.reason or "it was not allowed")
    for reply in story.replies:
        if reply.id in theirs and reply.state in UNSAID:
            yield _not_said(f"{reply.id}~{reply.state}", f"{UNSAID[reply.state]} ({reply.reason or 'no detail'})")
    ticket = story.ticket
    if ticket.merged_into is not None:
        text = f"This story was merged into {ticket.merged_into} and goes on there."
        yield NewLine(f"{ticket.id}~{ticket.merged_into}", Surface.INTERNAL, "merged", text)
    if any(told.mention and told.mention.redacted and told.mention.deleted_at is None for told in story.told):
        text = (
            "What this customer wrote was removed at the bridge. Please remove it here too, with the name in the title."
        )
        yield NewLine(f"{ticket.id}~removed", Surface.INTERNAL, "removed", text)


def _not_said(marker: str, why: str) -> NewLine:
    return NewLine(marker, Surface.INTERNAL, "not said", f"Your answer was not said to the customer: {_text(why)}")


def _title(mention: Mention, surface: Surface) -> str:
    return _text(f"{_PLACES[surface]}: @{mention.author.handle}")


def _who(mention: Mention) -> str:
    name, handle = mention.author.name, f"@{mention.author.handle}"
    return _text(f"{name} ({handle})" if name and name != mention.author.handle else handle)


def _when(at: datetime) -> str:
    return f"{at:%d %b %Y, %H:%M} UTC"


def _text(text: str) -> str:
    """What others wrote must not look like a name of ours."""
    return _FORGED.sub("(", text)


def new_ticket(story: Story, brand: Brand, longest_title: int) -> NewTicket:
    """Return the ticket to make at a desk; the words follow as lines, so that they can be taken back one by one."""
    ticket, mention = story.ticket, next((told.mention for told in story.told if told.mention), None)
    who = f"@{mention.author.handle}" if mention else "somebody"
    topic = next((each.name for each in brand.topics if each.key == ticket.topic), None)
    title = f"{who} on {ticket.platform}" + (f": {topic}" if topic else "")
    text = _paragraphs(
        f"{_who(mention) if mention else who} on {ticket.platform}, for {brand.name}.",
        f"Opened because: {ticket.opened_because}",
        ticket.permalink,
        "A public reply here is said to the customer, where they spoke last; a private comment stays among colleagues.",
    )
    return NewTicket(
        key=ticket.id,
        title=_text(title)[:longest_title],
        text=_text(text),
        priority=ticket.priority,
        state=ticket.state,
        since=ticket.received_at,
        facts=_facts(story, brand, mention),
    )


FACTS = (
    "key", "brand", "platform", "account", "permalink", "topic", "priority", "handle", "author_name", "author_id",
    "followers", "lang",
)  # fmt: skip
"""What a desk's own fields may be filled from."""


def _facts(story: Story, brand: Brand, mention: Mention | None) -> dict[str, str]:
    ticket = story.ticket
    facts = {
        "key": ticket.id,
        "brand": brand.name,
        "platform": ticket.platform,
        "account": ticket.account_id,
        "permalink": ticket.permalink,
        "topic": ticket.topic,
        "priority": ticket.priority,
    }
    if mention is not None:
        author = mention.author
        facts |= {"handle": author.handle, "author_name": author.name, "author_id": author.external_id}
        facts |= {"followers": str(author.followers) if author.followers is not None else None, "lang": mention.lang}
    return {name: str(value) for name, value in facts.items() if value}


@dataclass(frozen=True, slots=True)
class Agreement:
    """Who gives way: `take` is the state that becomes ours, `give` the status that becomes theirs."""

    take: TicketState | None = None
    give: str | None = None


def agree(words: StatusWords, known: Mapping[str, str | None], their_status: str, our_state: TicketState) -> Agreement:
    """Decide what a difference between both sides means, knowing what they agreed on last.

    Whoever moved is followed. When both moved, the desk wins, except that words of the customer (which open a ticket)
    are stronger than a desk that solved it meanwhile.
    """
    if words.theirs.get(our_state) == their_status or words.ours.get(their_status) is our_state:
        return Agreement()
    they_moved = known.get("status") not in (None, their_status)
    we_moved = known.get("state") not in (None, our_state)
    if they_moved and not (we_moved and our_state is TicketState.OPEN):
        return Agreement(take=words.ours.get(their_status))
    return Agreement(give=words.theirs.get(our_state)) if we_moved else Agreement()


def answer_of(text: str) -> str:
    """Return what somebody at a desk said anew: without quoted lines, a signature and names of ours."""
    lines: list[str] = []
    for line in _MARK.sub("", text).split("\n"):
        if line.rstrip("\r") in (_SIGNATURE, _SIGNATURE.strip()):
            break
        if _QUOTED.match(line):
            _drop_attribution(lines)
        else:
            lines.append(line)
    return "\n".join(lines).strip()


def _drop_attribution(lines: list[str]) -> None:
    while lines and not lines[-1].strip():
        lines.pop()
    if lines and _ATTRIBUTION.match(lines[-1]):
        lines.pop()
