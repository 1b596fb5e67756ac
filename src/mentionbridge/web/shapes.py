"""What `/v1` answers: every shape, and how it is made from what the store tells."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from operator import attrgetter
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from mentionbridge.classify.named import named
from mentionbridge.domain.account import Brand
from mentionbridge.domain.call import Call
from mentionbridge.domain.capabilities import Capabilities
from mentionbridge.domain.commitment import Commitment
from mentionbridge.domain.handoff import Handoff, Proof
from mentionbridge.domain.mention import Above, Author, Mention
from mentionbridge.domain.record import RecordCheck
from mentionbridge.domain.reply import Reply, ReplyRight
from mentionbridge.domain.wait import Wait
from mentionbridge.ports.desk import (
    AccountView,
    CustomerView,
    EventView,
    IncidentView,
    Line,
    MediaFacts,
    MentionView,
    PublicAnswer,
    ReplyView,
    StoryView,
    TaskView,
    TicketView,
    UnreadableItem,
)
from mentionbridge.rules.tone import doubts

T = TypeVar("T")
_EXCERPT = 2000


class Shape(BaseModel):
    """Base of everything we answer."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class Listed(Shape, Generic[T]):
    """A part of a list; `next` is the address of the part behind it, null at the end."""

    items: Sequence[T]
    next: str | None = Field(None, examples=["/v1/mentions?cursor=WyJtbnRfMDFqZCJd&limit=50"])


class AuthorShape(Shape):
    """Who posted, by the network's immutable id; handle and name are only labels."""

    external_id: str
    handle: str
    name: str
    followers: int | None
    is_bot: bool


class VerdictShape(Shape):
    """What we judged it to be; `complaint` is a confidence from 0 to 1, `actor` a person who outranked the machine."""

    label: str
    complaint: float
    severity: str
    topics: Sequence[str]
    lang: str | None
    reasons: Sequence[str]
    risky: bool
    model: str
    version: str
    actor: str | None
    decided: str
    created_at: datetime


class NamedShape(Shape):
    """A thing the post names: an `order_number`, an `earlier_attempt`, a `place`, a `product` or a `photo`.

    `said` is the author's words; of a place or product the operator's name, and `key` is its key in the config.
    """

    kind: str
    said: str | None
    key: str | None = None


class MediaShape(Shape):
    """A picture; `href` is where we keep it once `state` is `kept`."""

    id: str
    type: str
    alt: str
    state: str
    reason: str | None
    width: int | None
    height: int | None
    href: str | None


class SightingShape(Shape):
    """One account that saw it, and how."""

    account_id: str
    origin: str
    seen_at: datetime


class AboveShape(Shape):
    """A post above this one in its thread, root first; of one that is gone there is only that."""

    external_id: str | None
    handle: str | None
    name: str | None
    text: str
    permalink: str | None
    occurred_at: datetime | None
    deleted: bool


class MentionShape(Shape):
    """A post that concerns us; `text` is null once `redacted`."""

    id: str = Field(examples=["mnt_01jd8x0000000000000000000"])
    brand_id: str
    platform: str
    account_id: str
    external_id: str
    thread_id: str
    parent_id: str | None
    author_id: str
    author: AuthorShape
    text: str | None
    redacted: bool
    lang: str | None
    visibility: str
    surface: str
    permalink: str | None
    occurred_at: datetime
    received_at: datetime
    origin: str
    tagged: bool
    is_repost: bool
    is_quote: bool
    silent: bool
    state: str
    metrics: Mapping[str, int]
    ticket_id: str | None
    deleted_at: datetime | None
    verdict: VerdictShape | None
    media: Sequence[MediaShape]
    sightings: Sequence[SightingShape] = ()
    context: Sequence[AboveShape] = ()
    named: Sequence[NamedShape] = Field(
        (), description="What the post names, told when it is read alone or in a timeline."
    )


class FoundShape(Shape):
    """The line of a story that holds most of what was asked for; plain text, cut around the first word found."""

    entry_id: str
    surface: str
    text: str


class WaitShape(Shape):
    """How long a customer waited for a person's answer, by the wall's clock and by the desk's working hours.

    `due_at` is null while the clock stands still and once it has ended; the seconds are there once it has ended.
    """

    id: str
    kind: str
    started_at: datetime
    target_seconds: float
    due_at: datetime | None
    warned_at: datetime | None
    breached_at: datetime | None
    ended_at: datetime | None
    end: str | None
    wall_seconds: float | None
    worked_seconds: float | None


class TicketShape(Shape):
    """One customer's story; `sequence` grows with every change."""

    id: str = Field(examples=["tkt_01jd8x0000000000000000000"])
    brand_id: str
    account_id: str
    platform: str
    author_id: str
    author: AuthorShape
    thread_id: str
    permalink: str | None
    state: str
    priority: str
    priority_reasons: Sequence[str]
    priority_by: str | None
    topic: str | None
    place: str | None
    team: str | None
    assignee_id: str | None
    assignee_name: str | None
    tags: Sequence[str]
    surface: str
    opened_because: str
    previous_id: str | None
    occurred_at: datetime
    received_at: datetime
    updated_at: datetime
    solved_at: datetime | None
    closed_at: datetime | None
    outcome: str | None = Field(description="What the customer said since it was last solved.")
    outcome_at: datetime | None
    incident_id: str | None = Field(description="The incident it is part of.")
    solved_with: str | None = Field(description="The public answer of another story that solved it.")
    merged_into: str | None
    sequence: int
    found: FoundShape | None = Field(None, description="Only where tickets were searched for.")
    waits: Sequence[WaitShape] = ()


class EarlierDueShape(Shape):
    """A time that was promised before."""

    due_at: datetime
    moved_at: datetime
    moved_by: str
    reason: str
    missed: bool


class HandoffShape(Shape):
    """One invitation into private: its way, how far it led and when; `proof` is what holds now."""

    id: str = Field(examples=["hnd_01jd8xw3c5n7s9v1b3d5f7h9jk"])
    way: str = Field(examples=["form"])
    state: str = Field(examples=["details_received"])
    proof: str = Field(examples=["none"])
    reply_id: str | None
    created_at: datetime
    expires_at: datetime | None
    offered_at: datetime | None
    opened_at: datetime | None
    received_at: datetime | None
    verified_at: datetime | None
    dead_at: datetime | None
    dead_because: str | None
    revoked_at: datetime | None


class RecordCheckShape(Shape):
    """One look into the company's own records for what was answered in the form; `account` is their name for it."""

    id: str = Field(examples=["rec_01jd8xw3c5n7s9v1b3d5f7h9jk"])
    state: str = Field(examples=["holds"], description="`asked`, then `holds`, `does_not` or `unknown`.")
    proof: str = Field(examples=["weak"], description="What was proved of the handle when it was answered.")
    account: str | None
    asked_at: datetime
    answered_at: datetime | None
    redacted: bool


class HandoffsShape(Shape):
    """A ticket's invitations, the first one first, and what the company's own records were asked."""

    items: Sequence[HandoffShape]
    records: Sequence[RecordCheckShape]


class CommitmentShape(Shape):
    """A word we gave: to whom, by when, and every earlier time. `what` is null once `redacted`."""

    id: str = Field(examples=["cmt_01jd8x0000000000000000000"])
    brand_id: str
    ticket_id: str
    author_id: str
    what: str | None
    redacted: bool
    due_at: datetime
    state: str
    owner: str | None
    reply_id: str | None
    made_by: str
    made_at: datetime
    warned_at: datetime | None
    kept_at: datetime | None
    missed_at: datetime | None
    earlier: Sequence[EarlierDueShape]


class TriedShape(Shape):
    """One attempt to ring: `reached`, `no_answer`, `busy`, `wrong_number`, or `not_wanted` any more."""

    at: datetime
    outcome: str
    actor: str


class CallShape(Shape):
    """A call somebody asked for in the form: the number (null once `redacted`), the slot, and every attempt."""

    id: str = Field(examples=["cal_01jd8x0000000000000000000"])
    brand_id: str
    ticket_id: str
    commitment_id: str = Field(description="The word given with it; the first attempt keeps it.")
    phone: str | None
    redacted: bool
    starts_at: datetime
    ends_at: datetime
    state: str
    proof: str = Field(description="How sure we were of who asked: `none`, `weak` or `strong`.")
    created_at: datetime
    ended_at: datetime | None
    tried: Sequence[TriedShape]


class PublicAnswerShape(Shape):
    """A story that was called solved in public: what was first asked, and all that was said."""

    brand_id: str
    id: str = Field(examples=["rpl_01jd8x0000000000000000000"], description="The closing answer's.")
    ticket_id: str
    topic: str | None
    place: str | None
    lang: str | None
    asked: str = Field(description="Without personal data.")
    said: Sequence[str]
    permalink: str | None
    sent_at: datetime
    outcome: str | None = Field(description="`confirmed` when the customer agreed.")
    helped: int = Field(description="How many tickets were solved with it since.")


class AnswersShape(Shape):
    """Some public answers, the likest first."""

    items: Sequence[PublicAnswerShape]


class IncidentShape(Shape):
    """One thing that is wrong for many. `news` are the newest, by language; `number` counts them."""

    id: str = Field(examples=["inc_01jd8x0000000000000000000"])
    brand_id: str
    title: str
    news: Mapping[str, str]
    lang: str = Field(description="The language of whoever speaks none of the others.")
    topics: Sequence[str]
    places: Sequence[str]
    since: datetime
    until: datetime | None
    state: str
    number: int
    members: int = Field(description="How many tickets are in it.")
    told: int = Field(description="How many people the newest news have reached.")
    telling: bool = Field(description="True while members wait to be told.")
    actor: str
    declared_at: datetime
    updated_at: datetime
    closed_at: datetime | None


class ActShape(Shape):
    """A merge or split; a split's `target_id` is the new ticket."""

    id: str
    kind: str
    source_id: str
    target_id: str
    actor: str
    reason: str
    at: datetime


class BulkResultShape(Shape):
    """What became of one of many: `changed`, `retracted`, `would_retract` or `refused`."""

    id: str
    status: str
    sequence: int | None = None
    code: str | None = None
    detail: str | None = None
    retryable: bool = False


class BulkShape(Shape):
    """One result for each, in order."""

    results: Sequence[BulkResultShape]


class ExternalShape(Shape):
    """A desk's own ticket that mirrors ours, and who said so."""

    ticket_id: str
    desk: str
    external_id: str
    url: str | None
    actor: str
    at: datetime


class IdentityShape(Shape):
    """One author who is this customer, by the network's immutable id."""

    author_id: str
    platform: str
    external_id: str
    handle: str
    name: str


class CustomerShape(Shape):
    """A person we know; `merged_into` names who they really are."""

    id: str = Field(examples=["cus_01jd8x0000000000000000000"])
    brand_id: str
    name: str
    vip: bool
    created_at: datetime
    merged_into: str | None
    erased_at: datetime | None
    identities: Sequence[IdentityShape]


class ErasedShape(Shape):
    """What an erasure removed; `left` counts replies whose words go once their fate is known and it is run again."""

    customer_id: str
    tickets: Sequence[str]
    counts: Mapping[str, int]
    left: int


class AttemptShape(Shape):
    """One line of the ledger: what was tried, and what came of it."""

    at: datetime
    what: str
    outcome: str
    detail: str


class WarningShape(Shape):
    """What its writer may want to look at again: `start` and `end` count code points of the text."""

    doubt: str = Field(examples=["promise"])
    sentence: str
    start: int
    end: int


class ReplyShape(Shape):
    """Something we say; who approved it, and every attempt when read alone. `text` is null once `redacted`."""

    id: str = Field(examples=["rpl_01jd8x0000000000000000000"])
    brand_id: str
    ticket_id: str
    mention_id: str
    account_id: str
    platform: str
    purpose: str
    surface: str
    visibility: str
    state: str
    reason: str | None
    text: str | None
    redacted: bool
    lang: str | None
    template: str | None
    model_version: str | None
    author_of_words: str | None
    approved_by: str | None
    released: str | None = Field(description="Why a person let private words out in public.")
    created_at: datetime
    updated_at: datetime
    not_before: datetime | None
    sent_at: datetime | None
    parked_at: datetime | None
    external_id: str | None
    permalink: str | None
    evidence: str | None
    attempts: Sequence[AttemptShape] = ()
    warnings: Sequence[WarningShape] = Field((), description="Only in the answer to whoever wrote the words.")


class TaskShape(Shape):
    """What a person must post: the words, the post they answer (`link`), and why we may not. Done with its reply."""

    id: str = Field(examples=["tsk_01jd8x0000000000000000000"])
    brand_id: str
    state: str
    reply_id: str
    ticket_id: str
    mention_id: str
    account_id: str
    platform: str
    surface: str
    reason: str | None
    text: str | None
    redacted: bool
    link: str | None
    opened_at: datetime
    done_at: datetime | None
    done_by: str | None
    permalink: str | None


class TaskDoneShape(Shape):
    """A task that is done, and where its reply stands. Its words are not repeated here: this answer may be stored."""

    id: str
    reply_id: str
    reply_state: str
    done_at: datetime | None
    done_by: str | None


class LineShape(Shape):
    """One line of a timeline, with the words as they stand now."""

    id: str
    sequence: int
    kind: str
    surface: str
    occurred_at: datetime
    received_at: datetime
    reason: str | None
    actor: str | None
    text: str | None
    redacted: bool
    mention: MentionShape | None
    reply: ReplyShape | None


class StoryShape(Shape):
    """One story, whole."""

    ticket: TicketShape
    timeline: Sequence[LineShape]
    commitments: Sequence[CommitmentShape]


class ExportShape(Shape):
    """Everything kept of one customer."""

    customer: CustomerShape
    stories: Sequence[StoryShape]


class GapShape(Shape):
    """A window in which an account was `blind`, or quieter than it ever is (`silence`)."""

    id: str
    kind: str
    cause: str
    opened_at: datetime
    closed_at: datetime | None
    repaired: str | None


class SpendShape(Shape):
    """What calls have cost on one UTC day, in US dollars, by what they were for."""

    day: date
    dollars: float
    by: Mapping[str, float]


class AllowanceShape(Shape):
    """What a network still lets an account ask: `left` of `limit` requests until `resets_at`."""

    limit: int
    left: int
    resets_at: datetime


class StreamShape(Shape):
    """How an account's stream is: connected `since` (null: not now), and how often it was `lost`, the last time why."""

    since: datetime | None
    heard_at: datetime | None
    lost: int
    last_error: str | None


class AccountShape(Shape):
    """An account as it is doing; `unreadable` counts what arrived and could not be understood."""

    id: str
    brand_id: str
    platform: str
    state: str
    handle: str | None
    network_id: str | None
    connected_at: datetime
    last_polled_at: datetime | None
    last_seen_at: datetime | None
    failures: int
    last_error: str | None
    paused_by: str | None
    open_gap: str | None
    gaps: Sequence[GapShape]
    last_seen_id: str | None = Field(description="The network's id of the newest post that came in by itself.")
    last_heard_at: datetime | None = Field(description="When that post came in, by whatever door.")
    read_to: datetime | None = Field(description="Everything the network shows was read until then.")
    lag_seconds: float | None = Field(description="The seconds since `read_to`; null where nothing is polled.")
    hook_heard_at: datetime | None = Field(description="When its network last pushed something for it.")
    hook_refused_at: datetime | None = Field(description="When something came to its webhook that was not believed.")
    hook_refused_because: str | None
    stream: StreamShape | None = Field(description="Null where nothing is listened to; polls go on either way.")
    allowance: AllowanceShape | None = Field(description="The tightest limit the network told of at the last walk.")
    waiting: int
    unreadable: int
    spend_per_day: float | None = Field(description="What a UTC day may cost, in US dollars; null without a bound.")
    spend: Sequence[SpendShape] = Field(description="The last 31 days on which calls cost something, newest first.")


class TopicShape(Shape):
    """One of the operator's topics: what labels name it by, and how it is named in a reply."""

    key: str
    name: str


class BrandShape(Shape):
    """A name we answer for."""

    id: str
    name: str
    lang: str
    topics: Sequence[TopicShape]
    accounts: Sequence[str]


class LinkShape(Shape):
    """A span of the text, in code points, that leads to `url`."""

    start: int
    end: int
    url: str


class PreviewShape(Shape):
    """A phrasing as it would read on one account; `problem` says why it could not be said there."""

    account_id: str
    template_id: str
    lang: str
    text: str
    length: int
    limit: int
    shortened: bool
    links: Sequence[LinkShape]
    problem: str | None = None


class RightShape(Shape):
    """What may be said on one surface: allowed, or why not, and until when either holds."""

    surface: str
    allowed: bool
    reason: str | None
    refusal: str | None
    until: datetime | None


class RightsShape(Shape):
    """What may be said in answer to the newest post of a thread; `max_length` counts as its network counts."""

    thread_id: str
    platform: str
    account_id: str
    mention_id: str
    max_length: int
    rights: Sequence[RightShape]


class AccountsShape(Shape):
    """Every account, and whether everything is paused."""

    items: Sequence[AccountShape]
    paused_everywhere: bool


class UnreadableShape(Shape):
    """Something that arrived and could not be understood: why, how long it is, and how it begins."""

    id: str
    origin: str
    received_at: datetime
    reason: str
    size: int
    excerpt: str


class EventShape(Shape):
    """A fact of the feed. Sort by `sequence` within a ticket; go on behind `position`."""

    id: str
    position: int
    type: str = Field(examples=["ticket.opened"])
    timestamp: datetime
    data: Mapping[str, Any]


class EventsShape(Shape):
    """Facts behind `after`, oldest first; `after` is where to go on, also when nothing is new.

    `next` leads on while there is more, even from an empty page: one looks through 5,000 places of the feed at most.
    `head` is the feed's newest place.
    """

    items: Sequence[EventShape]
    after: int
    head: int
    next: str | None = None


class MovedShape(Shape):
    """Where a reply stands now. Its words are not repeated here, since this answer may be stored."""

    id: str
    state: str
    approved_by: str | None
    reason: str | None
    updated_at: datetime
    warnings: Sequence[WarningShape] = Field((), description="Doubts about words that were just written.")


class SwitchedShape(Shape):
    """What a pause or resume came to; `changed` is false when it was so already."""

    account_id: str | None
    paused: bool
    changed: bool


def author(who: Author) -> AuthorShape:
    return AuthorShape.model_validate(who)


def mention(view: MentionView, brand: Brand | None = None) -> MentionShape:
    said = view.mention
    told = _own(MentionShape, said, "author", "text", "verdict", "media", "sightings", "context", "named")
    return MentionShape(
        **told,
        author=author(said.author),
        text=None if said.redacted else said.text,
        verdict=_verdict(view),
        media=[_media(each) for each in view.media],
        sightings=[SightingShape.model_validate(each) for each in view.sightings],
        context=[_above(each) for each in view.context],
        named=() if said.redacted else _named(view, brand),
    )


def _named(view: MentionView, brand: Brand | None) -> list[NamedShape]:
    found = named(view.mention.text, view.mention.lang, len(view.media), brand)
    return [NamedShape.model_validate(each) for each in found]


def _above(post: Above) -> AboveShape:
    by = post.author
    return AboveShape(
        **_own(AboveShape, post, "handle", "name"), handle=by.handle if by else None, name=by.name if by else None
    )


def _verdict(view: MentionView) -> VerdictShape | None:
    if view.judged is None:
        return None
    told = _own(VerdictShape, view.judged.verdict, "decided", "created_at")
    return VerdictShape(**told, decided=view.judged.decided, created_at=view.judged.created_at)


def _media(facts: MediaFacts) -> MediaShape:
    return MediaShape(**_own(MediaShape, facts, "href"), href=href(facts.id, facts.state))


def href(media_id: str, state: str) -> str | None:
    """Return where a picture is kept, if it is."""
    return f"/v1/media/{media_id}" if state == "kept" else None


def ticket(view: TicketView) -> TicketShape:
    waits = [_wait(each) for each in view.waits]
    told = _own(TicketShape, view.ticket, "author", "found", "waits")
    return TicketShape(**told, author=author(view.author), waits=waits)


def _wait(wait: Wait) -> WaitShape:
    return WaitShape(
        **_own(WaitShape, wait, "target_seconds", "wall_seconds", "worked_seconds"),
        target_seconds=wait.target.total_seconds(),
        wall_seconds=wait.wall.total_seconds() if wait.wall is not None else None,
        worked_seconds=wait.worked.total_seconds() if wait.worked is not None else None,
    )


def handoffs(given: Sequence[tuple[Handoff, Proof]], asked: Sequence[RecordCheck]) -> HandoffsShape:
    items = [HandoffShape(**_own(HandoffShape, each, "proof"), proof=proof) for each, proof in given]
    records = [RecordCheckShape(**_own(RecordCheckShape, each)) for each in asked]
    return HandoffsShape(items=items, records=records)


def call(asked: Call) -> CallShape:
    tried = [TriedShape.model_validate(each) for each in asked.tried]
    phone = None if asked.redacted else asked.phone
    return CallShape(**_own(CallShape, asked, "phone", "tried"), phone=phone, tried=tried)


def commitment(given: Commitment) -> CommitmentShape:
    earlier = [EarlierDueShape.model_validate(each) for each in given.earlier]
    what = None if given.redacted else given.what
    return CommitmentShape(**_own(CommitmentShape, given, "what", "earlier"), what=what, earlier=earlier)


def public_answer(given: PublicAnswer) -> PublicAnswerShape:
    return PublicAnswerShape(**_own(PublicAnswerShape, given))


def incident(view: IncidentView) -> IncidentShape:
    own = _own(IncidentShape, view.incident, "members", "told")
    return IncidentShape(**own, members=view.members, told=view.told)


def reply(view: ReplyView) -> ReplyShape:
    ours = view.reply
    told = _own(ReplyShape, ours, "text", "not_before", "attempts", "warnings")
    return ReplyShape(
        **told,
        text=None if ours.redacted else ours.text,
        not_before=ours.due,
        attempts=[AttemptShape.model_validate(each) for each in view.attempts],
    )


def task(view: TaskView) -> TaskShape:
    ours = view.reply
    told = _own(TaskShape, ours, "id", "state", "reply_id", "text", "link", "opened_at", "done_at", "done_by")
    return TaskShape(
        **told,
        id=ours.task_id,
        state=view.state,
        reply_id=ours.id,
        text=None if ours.redacted else ours.text,
        link=view.link,
        opened_at=ours.task_opened_at or ours.created_at,
        done_at=ours.task_done_at,
        done_by=ours.task_done_by,
    )


def task_done(ours: Reply) -> TaskDoneShape:
    return TaskDoneShape(
        id=ours.task_id,
        reply_id=ours.id,
        reply_state=ours.state,
        done_at=ours.task_done_at,
        done_by=ours.task_done_by,
    )


def customer(view: CustomerView) -> CustomerShape:
    identities = [IdentityShape.model_validate(each) for each in view.identities]
    return CustomerShape(**_own(CustomerShape, view.customer, "identities"), identities=identities)


def exported(view: CustomerView, stories: Sequence[StoryView]) -> ExportShape:
    return ExportShape(
        customer=customer(view),
        stories=[
            StoryShape(
                ticket=ticket(story.ticket),
                timeline=[line(each) for each in story.lines],
                commitments=[commitment(each) for each in story.commitments],
            )
            for story in stories
        ],
    )


def line(told: Line, brand: Brand | None = None) -> LineShape:
    return LineShape(
        **_own(LineShape, told.entry, "mention", "reply"),
        mention=mention(told.mention, brand) if told.mention else None,
        reply=reply(ReplyView(told.reply)) if told.reply else None,
    )


_NOT_OF_HEALTH = (
    "gaps",
    "last_seen_id",
    "last_heard_at",
    "lag_seconds",
    "stream",
    "allowance",
    "waiting",
    "unreadable",
    "spend_per_day",
    "spend",
)


def account(view: AccountView, most_spent_a_day: int | None) -> AccountShape:
    """Tell an account as it is doing; `most_spent_a_day` is in millionths of a dollar."""
    left = view.health.allowance
    return AccountShape(
        **_own(AccountShape, view.health, *_NOT_OF_HEALTH),
        gaps=[GapShape.model_validate(dict(gap)) for gap in view.gaps],
        last_seen_id=view.last.external_id if view.last else None,
        last_heard_at=view.last.received_at if view.last else None,
        lag_seconds=view.lag,
        stream=StreamShape.model_validate(view.stream) if view.stream else None,
        allowance=AllowanceShape.model_validate(left) if left else None,
        waiting=view.waiting,
        unreadable=view.unreadable,
        spend_per_day=most_spent_a_day / 1_000_000 if most_spent_a_day is not None else None,
        spend=_spend(view.spend),
    )


def _spend(days: Mapping[date, Mapping[str, int]]) -> list[SpendShape]:
    return [
        SpendShape(
            day=day, dollars=sum(by.values()) / 1_000_000, by={what: micros / 1_000_000 for what, micros in by.items()}
        )
        for day, by in days.items()
    ]


def gap(facts: Mapping[str, Any]) -> GapShape:
    return GapShape.model_validate(dict(facts))


def brand(known: Brand, accounts: Sequence[str]) -> BrandShape:
    topics = [TopicShape.model_validate(topic) for topic in known.topics]
    return BrandShape(**_own(BrandShape, known, "topics", "accounts"), topics=topics, accounts=accounts)


def rights(said: Mention, can: Capabilities, told: Sequence[ReplyRight]) -> RightsShape:
    return RightsShape(
        thread_id=said.thread_id,
        platform=said.platform,
        account_id=said.account_id,
        mention_id=said.id,
        max_length=can.max_length,
        rights=[RightShape.model_validate(each) for each in told],
    )


def unreadable(item: UnreadableItem) -> UnreadableShape:
    excerpt = item.body[:_EXCERPT].decode("utf-8", "replace")
    told = _own(UnreadableShape, item, "size", "excerpt")
    return UnreadableShape(**told, size=len(item.body), excerpt=excerpt)


def event(view: EventView) -> EventShape:
    fact = view.event
    return EventShape(
        id=fact.id, position=fact.position or 0, type=fact.type, timestamp=fact.occurred_at, data=view.data
    )


def moved(ours: Reply) -> MovedShape:
    return MovedShape(**_own(MovedShape, ours, "warnings"))


def warnings(text: str, to: Iterable[str] = ()) -> list[WarningShape]:
    """Return what a writer may want to look at again; `to` are the handles the words may name."""
    return [WarningShape.model_validate(each) for each in doubts(text, to)]


def _own(shape: type[Shape], thing: object, *but: str) -> dict[str, Any]:
    names, values_of = _getter(shape, but)
    return dict(zip(names, values_of(thing), strict=True))


@cache
def _getter(shape: type[Shape], but: tuple[str, ...]) -> tuple[tuple[str, ...], Callable[[object], Sequence[Any]]]:
    names = tuple(name for name in shape.model_fields if name not in but)
    return names, attrgetter(*names)
