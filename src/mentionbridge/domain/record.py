"""What the company's own records say of whoever wrote in the form: a proof of its own, apart from the handle's."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from mentionbridge.domain.handoff import Proof


class Held(StrEnum):
    """What came of asking: the customer holds the account, does not, or nobody can tell."""

    ASKED = "asked"
    HOLDS = "holds"
    DOES_NOT = "does_not"
    UNKNOWN = "unknown"


SAYS = {
    Held.HOLDS: "the company's records: this customer holds the account",
    Held.DOES_NOT: "the company's records: this customer does not hold the account",
    Held.UNKNOWN: "the company's records could not tell whether this customer holds the account",
}
MOST_AN_HOUR = 5
"""How often one browser's answers are looked up within an hour: nobody finds out by trying."""
RETRIES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30))


@dataclass(frozen=True, slots=True)
class RecordCheck:
    """One look into the company's records, for the answers a browser gave; they are kept only until it is over.

    It waits until the browser's proof reaches `needs`; `proof` is what held when it was answered, `account` the
    company's own name for what the customer holds.
    """

    brand_id: str
    id: str
    ticket_id: str
    session_id: str
    needs: Proof
    state: Held
    details: Mapping[str, str]
    asked_at: datetime
    proof: Proof = Proof.NONE
    account: str | None = None
    answered_at: datetime | None = None
    redacted: bool = False
