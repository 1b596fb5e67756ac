"""What every event type means: when it is told, what it is about, and the facts it carries beside the ids."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mentionbridge.domain.events import EventType

E = EventType


@dataclass(frozen=True, slots=True)
class Meaning:
    """When an event is told, which things it names (`about`), and an example of each fact it adds.

    A name that ends in `?` may be missing, or null; `redacted` when the words are gone by then. Documentation, schemas
    and examples are made from this.
    """

    when: str
    about: tuple[str, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)
    redacted: bool = False


_MENTION = ("account", "mention")
_STORY = ("account", "mention", "ticket")
_REPLY = ("account", "reply", "ticket")
_PERSON = "Kim via desk"
_ACT = {
    "act_id": "act_01jd8xz3s7u2v9w4x1y6z8a0bc",
    "source_id": "tkt_01jd8xy9h2j4k6m8n0p1q3r5st",
    "target_id": "tkt_01jd8xv6p3g5x8y1z4a7c0e2mn",
    "reason": "the same outage, told twice",
    "actor": _PERSON,
}
_TICKET = ("ticket",)
_HANDOFF = {"handoff_id": "hnd_01jd8xw3c5n7s9v1b3d5f7h9jk", "way": "form"}
_IDENTITY = {
    "session_id": "frm_01jd8xw5e7p9u1x3d5f7h9k1ln",
    "author_id": "ath_01jd8xw7g9r1w3z5f7h9k1n3mp",
    "proof": "weak",
}
_CALL = {"call_id": "cal_01jd8xw1c3e5g7j9m2p4r6t8va"}
_PROMISE = {"commitment_id": "cmt_01jd8xvb2c4e6g8j0m3p5r7t9v", "due_at": "2026-11-23T12:00:00+00:00"}
_INCIDENT = {"incident_id": "inc_01jd8xr4m2q6u8x0z3b5d7f9hk", "number": 1, "actor": _PERSON}
_WAIT = {
    "waiting_for": "first",
    "waiting_since": "2026-11-22T09:14:03+00:00",
    "due_at?": "2026-11-22T17:14:03+00:00",
    "target_seconds": 28800.0,
}

MEANINGS: dict[EventType, Meaning] = {
    E.MENTION_RECEIVED: Meaning("a post was stored", _MENTION, {"origin": "poll"}),
    E.MENTION_CLASSIFIED: Meaning(
        "it was judged; `places` and `products` are the keys of those of the config that it names",
        _MENTION,
        {
            "label": "complaint",
            "complaint": 0.93,
            "decided": "open a ticket",
            "places?": ["harbour"],
            "products?": ["kettle"],
        },
    ),
    E.MENTION_RELABELLED: Meaning(
        "a person said what it is; that outranks the machine, now and later",
        ("account", "mention", "ticket?"),
        {"label": "complaint", "was?": "other", "decided": "a complaint, says Kim via desk", "actor": _PERSON},
    ),
    E.MENTION_EDITED: Meaning("its author changed it; it is judged again", ("account", "mention", "ticket?")),
    E.MENTION_DELETED: Meaning(
        "it is gone at the network; its words are gone here too", ("account", "mention", "ticket?"), redacted=True
    ),
    E.MENTION_PURGED: Meaning(
        "it was kept for long enough; its words are gone here", ("account", "mention", "ticket?"), redacted=True
    ),
    E.TICKET_OPENED: Meaning(
        "a story begins; one that began in the form has no mention",
        ("account", "mention?", "ticket"),
        {
            "reason": "the first we hear of this",
            "priority": "high",
            "topic?": "parcel",
            "place?": "harbour",
            "team?": "deliveries",
            "incident_id?": "inc_01jd8xr4m2q6u8x0z3b5d7f9hk",
        },
    ),
    E.TICKET_UPDATED: Meaning(
        "the customer said more in it, or what is `changed` about it was changed",
        ("account", "mention?", "ticket"),
        {"changed": ["priority"], "reason?": "the same person in the same thread", "actor?": _PERSON},
    ),
    E.TICKET_REOPENED: Meaning(
        "the customer said more after it was solved or closed",
        ("account", "mention?", "ticket"),
        {"changed": ["state"], "reason?": "the same person in the same thread, after it was solved", "actor?": _PERSON},
    ),
    E.TICKET_SOLVED: Meaning(
        "somebody says that it is solved; `answer_id` is the public answer of another story that solved it",
        ("account", "ticket"),
        {"changed": ["state"], "actor": _PERSON, "answer_id?": "rpl_01jd8xt5n3r7v9y1b4d6f8h0kq"},
    ),
    E.TICKET_CLOSED: Meaning(
        "it was closed: by a person, seven days after it was solved, or because its customer was erased",
        ("account", "ticket"),
        {"changed": ["state"], "actor": _PERSON},
    ),
    E.TICKET_MERGED: Meaning(
        "everything of the source is in the target now; told for both, also when a split is undone", ("ticket",), _ACT
    ),
    E.TICKET_UNMERGED: Meaning("a merge was undone; told for both", ("ticket",), _ACT),
    E.TICKET_SPLIT: Meaning("some of the source is a ticket of its own, the target; told for both", ("ticket",), _ACT),
    E.CUSTOMER_ERASED: Meaning(
        "a person's words and names are gone here; remove them wherever you mirror these tickets",
        (),
        {
            "customer_id": "cus_01jd8xv4h3d5f7g9j1k3m5n7pq",
            "tickets": ["tkt_01jd8xv6p3g5x8y1z4a7c0e2mn"],
            "actor": _PERSON,
        },
    ),
    E.REPLY_DRAFTED: Meaning(
        "an answer was written; `reason` says why it waits for a person, `released` why it may hold private words",
        _REPLY,
        {"state": "awaiting_approval", "reason?": "this account starts in approve", "released?": "she asked for it"},
    ),
    E.REPLY_APPROVED: Meaning("a person let it out", _REPLY, {"actor": _PERSON}),
    E.REPLY_REJECTED: Meaning("a person decided against it", _REPLY, {"actor": _PERSON}),
    E.REPLY_CANCELLED: Meaning(
        "it will not be said: the post was deleted, or is no complaint after all", ("account", "reply", "ticket")
    ),
    E.REPLY_EXPIRED: Meaning("nobody decided about it in time, and it will not be said", _REPLY),
    E.REPLY_SENT: Meaning("it is out", _REPLY, {"evidence": "answer"}),
    E.REPLY_REFUSED: Meaning("the network, or a right we lack, said no", _REPLY, {"kind": "not_summoned"}),
    E.REPLY_UNKNOWN: Meaning("it may be out; we look", _REPLY),
    E.REPLY_SETTLED: Meaning(
        "its fate is known", _REPLY, {"settled_to": "sent", "evidence?": "read-back", "actor?": _PERSON}
    ),
    E.REPLY_RETRACTED: Meaning("a person took it back, and the network no longer shows it", _REPLY, {"actor": _PERSON}),
    E.CALL_BOOKED: Meaning(
        "somebody in the form asked to be called in this slot; `proof` says how sure we are of who they are",
        _TICKET,
        {**_CALL, "starts_at": "2026-11-23T12:00:00+00:00", "ends_at": "2026-11-23T12:30:00+00:00", "proof": "none"},
    ),
    E.CALL_ENDED: Meaning(
        "they were `reached`, it was `given_up` after three tries, or no call is wanted (`not_wanted`)",
        _TICKET,
        {**_CALL, "outcome": "reached", "tries": 2, "actor": _PERSON},
    ),
    E.RECORDS_ANSWERED: Meaning(
        "the company's own records say whether whoever wrote in the form `holds` the account they named, `does_not`, "
        "or nobody can tell (`unknown`); `proof` is what was proved of the handle, which is another matter",
        _TICKET,
        {"check_id": "rec_01jd8xr4m2q6u8x0z3b5d7f9hk", "held": "holds", "proof": "weak"},
    ),
    E.TASK_OPENED: Meaning(
        "the network lets only a person post this; `kind` is its reason",
        _REPLY,
        {"task_id": "tsk_01jd8xv9t1w5b7d0f3h6j8k2mp", "kind": "not_summoned"},
    ),
    E.TASK_DONE: Meaning(
        "it was `posted` by a person, or is to be posted no more (`dropped`)",
        _REPLY,
        {"task_id": "tsk_01jd8xv9t1w5b7d0f3h6j8k2mp", "outcome": "posted", "actor?": _PERSON},
    ),
    E.HANDOFF_OFFERED: Meaning(
        "a way into private was offered",
        _REPLY,
        {"handoff_id?": "hnd_01jd8xw3c5n7s9v1b3d5f7h9jk", "way?": "form"},
    ),
    E.HANDOFF_OPENED: Meaning("somebody opened the form", _TICKET, _HANDOFF),
    E.HANDOFF_DETAILS_RECEIVED: Meaning(
        "somebody wrote in private after an invitation; what a form brings is unverified until `identity.verified`",
        _TICKET,
        _HANDOFF,
    ),
    E.HANDOFF_DEAD_END: Meaning(
        "an invitation led nowhere", _TICKET, {**_HANDOFF, "why": "nobody came before its time was over"}
    ),
    E.IDENTITY_VERIFIED: Meaning(
        "a browser of the form showed that it is the author's: `weak` by a public code, `strong` by a private one",
        _TICKET,
        _IDENTITY,
    ),
    E.IDENTITY_LAPSED: Meaning("a proof ended before its time: the author is called otherwise now", _TICKET, _IDENTITY),
    E.OUTCOME_CONFIRMED: Meaning(
        "the customer says that what we called solved is; `reply` is the closing answer that had asked",
        ("account", "mention?", "reply?", "ticket"),
    ),
    E.OUTCOME_DENIED: Meaning(
        "the customer says that what we called solved is not; the ticket is open again",
        ("account", "mention?", "reply?", "ticket"),
    ),
    E.INCIDENT_OPENED: Meaning(
        "a person declared that one thing is wrong for many; `members` tickets are in it from the start",
        (),
        {**_INCIDENT, "members": 12},
    ),
    E.INCIDENT_UPDATED: Meaning("it has newer news (`number` has grown), or covers other things", (), _INCIDENT),
    E.INCIDENT_CLOSED: Meaning("it is over, by a person or because its time is", (), _INCIDENT),
    E.COMMITMENT_MADE: Meaning("somebody gave a word", _TICKET, {**_PROMISE, "actor": _PERSON}),
    E.COMMITMENT_AT_RISK: Meaning("a fifth of its time, at most a day, is left", _TICKET, _PROMISE),
    E.COMMITMENT_KEPT: Meaning("what was promised was done", _TICKET, {**_PROMISE, "late": False, "actor": _PERSON}),
    E.COMMITMENT_MISSED: Meaning("its time has passed", _TICKET, _PROMISE),
    E.COMMITMENT_MOVED: Meaning(
        "another time was promised; `told_in` is the reply that told the earlier one, `draft_id` one that tells this",
        _TICKET,
        {
            **_PROMISE,
            "from_due_at": "2026-11-22T12:00:00+00:00",
            "actor": _PERSON,
            "told_in?": "rpl_01jd8xv9t1w5b7d0f3h6j8k2mp",
            "draft_id?": "rpl_01jd8xw1c4n8s2v7b5d3f9h6jk",
        },
    ),
    E.SLA_AT_RISK: Meaning("four fifths of the time for a person's answer are used", _TICKET, _WAIT),
    E.SLA_BREACHED: Meaning("a person's answer is late", _TICKET, _WAIT),
    E.ACCOUNT_REAUTH_REQUIRED: Meaning("the network no longer knows our credentials", ("account",)),
    E.ACCOUNT_PAUSED: Meaning("somebody pressed pause", ("account",), {"actor": _PERSON}),
    E.ACCOUNT_RESUMED: Meaning("somebody released it", ("account",), {"actor": _PERSON}),
    E.ACCOUNT_RECOVERED: Meaning("it sees again after a gap", ("account",)),
    E.ACCOUNT_SPEND_HIGH: Meaning(
        "most of what the account's UTC day may cost is spent (in dollars), told once a day; reading stops at "
        "`reading_stops`, answering at `of`",
        ("account",),
        {"day": "2026-11-22", "spent": 3.02, "reading_stops": 4.0, "of": 5.0},
    ),
    E.GAP_OPENED: Meaning(
        "from now on we may miss what is said: we are `blind`, or it is quieter than this account ever is (`silence`)",
        ("account",),
        {"kind": "blind", "cause": "the token was revoked"},
    ),
    E.GAP_CLOSED: Meaning(
        "the account hears again; `repaired` says what was had back, and what may be missing",
        ("account",),
        {
            "kind": "blind",
            "repaired": "walked to its end from where we had stopped before 2026-11-22 09:00 UTC: 12 found",
        },
    ),
    E.ENDPOINT_DISABLED: Meaning(
        "a subscriber is no longer told",
        (),
        {"endpoint_id": "whk_01jd8xv5k2e7r9t3m6q4w0z8ya", "why": "it has failed for five days"},
    ),
}
