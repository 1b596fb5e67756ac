"""Append-only facts: ids and numbers; words are joined only when an event is rendered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class EventType(StrEnum):
    """Every type the feed carries; what each means stands in `domain/meanings.py`."""

    MENTION_RECEIVED = "mention.received"
    MENTION_CLASSIFIED = "mention.classified"
    MENTION_RELABELLED = "mention.relabelled"
    MENTION_EDITED = "mention.edited"
    MENTION_DELETED = "mention.deleted"
    MENTION_PURGED = "mention.purged"
    TICKET_OPENED = "ticket.opened"
    TICKET_UPDATED = "ticket.updated"
    TICKET_REOPENED = "ticket.reopened"
    TICKET_SOLVED = "ticket.solved"
    TICKET_CLOSED = "ticket.closed"
    TICKET_MERGED = "ticket.merged"
    TICKET_UNMERGED = "ticket.unmerged"
    TICKET_SPLIT = "ticket.split"
    CUSTOMER_ERASED = "customer.erased"
    REPLY_DRAFTED = "reply.drafted"
    REPLY_APPROVED = "reply.approved"
    REPLY_REJECTED = "reply.rejected"
    REPLY_CANCELLED = "reply.cancelled"
    REPLY_EXPIRED = "reply.expired"
    REPLY_SENT = "reply.sent"
    REPLY_REFUSED = "reply.refused"
    REPLY_UNKNOWN = "reply.unknown"
    REPLY_SETTLED = "reply.settled"
    REPLY_RETRACTED = "reply.retracted"
    CALL_BOOKED = "call.booked"
    CALL_ENDED = "call.ended"
    RECORDS_ANSWERED = "records.answered"
    TASK_OPENED = "task.opened"
    TASK_DONE = "task.done"
    HANDOFF_OFFERED = "handoff.offered"
    HANDOFF_OPENED = "handoff.opened"
    HANDOFF_DETAILS_RECEIVED = "handoff.details_received"
    HANDOFF_DEAD_END = "handoff.dead_end"
    IDENTITY_VERIFIED = "identity.verified"
    IDENTITY_LAPSED = "identity.lapsed"
    OUTCOME_CONFIRMED = "outcome.confirmed"
    OUTCOME_DENIED = "outcome.denied"
    INCIDENT_OPENED = "incident.opened"
    INCIDENT_UPDATED = "incident.updated"
    INCIDENT_CLOSED = "incident.closed"
    COMMITMENT_MADE = "commitment.made"
    COMMITMENT_AT_RISK = "commitment.at_risk"
    COMMITMENT_KEPT = "commitment.kept"
    COMMITMENT_MISSED = "commitment.missed"
    COMMITMENT_MOVED = "commitment.moved"
    SLA_AT_RISK = "sla.at_risk"
    SLA_BREACHED = "sla.breached"
    ACCOUNT_REAUTH_REQUIRED = "account.reauth_required"
    ACCOUNT_PAUSED = "account.paused"
    ACCOUNT_RESUMED = "account.resumed"
    ACCOUNT_RECOVERED = "account.recovered"
    ACCOUNT_SPEND_HIGH = "account.spend_high"
    GAP_OPENED = "ingest.gap_opened"
    GAP_CLOSED = "ingest.gap_closed"
    ENDPOINT_DISABLED = "endpoint.disabled"


@dataclass(frozen=True, slots=True)
class Event:
    """One fact. `sequence` grows per ticket, or per account when there is no ticket; `position` orders the feed."""

    brand_id: str
    id: str
    type: EventType
    occurred_at: datetime
    sequence: int
    ticket_id: str | None = None
    account_id: str | None = None
    mention_id: str | None = None
    reply_id: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    position: int | None = None
