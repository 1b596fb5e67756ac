"""What callers ask of a ticket: its facts, its lines, and the words it is answered in."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from mentionbridge.domain.call import Outcome
from mentionbridge.web.asked import (
    KIM,
    Acted,
    Asked,
    Named,
    NetworkId,
    Person,
    Tag,
    WebAddress,
    example,
    plain,
    storable,
)


class Solved(Acted):
    """A body that may say which public answer of another story solved this one."""

    model_config = example(actor=KIM)

    answer_id: Annotated[Named | None, Field(description="From `GET /v1/answers`.")] = None


class CallAttempt(Acted):
    """What became of an attempt to ring; `not_wanted` says that no call is needed any more."""

    model_config = example(actor=KIM, outcome="no_answer")

    outcome: Annotated[Outcome, Field(strict=False)]


class ChangedTicket(Acted):
    """What to change about a ticket; what is left out stays."""

    model_config = example(
        actor=KIM, state="pending", priority="high", assignee={"id": "7", "name": "Kim"}, tags=["van"]
    )

    state: Literal["open", "pending", "solved", "closed"] | None = None
    priority: Literal["low", "normal", "high", "urgent"] | None = None
    team: Named | None = None
    place: Named | None = None
    topic: Named | None = None
    assignee: Person | None = None
    tags: Annotated[list[Tag], Field(max_length=50)] | None = None


class BulkChange(Acted):
    """The same change for many tickets."""

    model_config = example(actor=KIM, tickets=["tkt_01jd8x0000000000000000000"], change={"priority": "high"})

    tickets: Annotated[list[Named], Field(min_length=1, max_length=200)]
    change: ChangedTicket


class NewNote(Acted):
    """Words to the team."""

    model_config = example(actor=KIM, text="The driver says the parcel was left with a neighbour.")

    text: Annotated[str, Field(min_length=1, max_length=20_000), AfterValidator(storable)]


class Merge(Acted):
    """Into which ticket, and why."""

    model_config = example(actor=KIM, into="tkt_01jd8x0000000000000000000", reason="the same parcel")

    into: Named
    reason: Annotated[str, Field(min_length=1, max_length=500), AfterValidator(storable)]


class Split(Acted):
    """Which lines of the timeline go to a ticket of their own, and why."""

    model_config = example(actor=KIM, entries=["ent_01jd8x0000000000000000000"], reason="another parcel")

    entries: Annotated[list[Named], Field(min_length=1, max_length=500)]
    reason: Annotated[str, Field(min_length=1, max_length=500), AfterValidator(storable)]


class Undo(Acted):
    """Which act to undo; the newest when none is named."""

    model_config = example(actor=KIM)

    act_id: Named | None = None


class Release(Asked):
    """Why private words may be public."""

    reason: Annotated[str, Field(min_length=3, max_length=500), AfterValidator(plain)]


class NewMessage(Acted):
    """Words in answer to the mention `in_reply_to`, else to what was said last; there too, without a `surface`.

    With a `release`, which needs the scope `approve`, they may hold what was said in private.
    """

    model_config = example(
        actor=KIM, text="Your parcel is on its way and is with you tomorrow.", surface="public", seen=2
    )

    text: Annotated[str, Field(min_length=1, max_length=20_000), AfterValidator(storable)]
    surface: Literal["public", "private"] | None = None
    in_reply_to: Annotated[str, Field(max_length=64)] | None = None
    seen: int = Field(ge=0, le=2**31 - 1)
    release: Release | None = None


class ClaimedMirror(Acted):
    """A desk's own ticket that mirrors ours."""

    model_config = example(actor=KIM, desk="service-desk", external_id="4711", url="https://desk.example/t/4711")

    desk: Annotated[str, Field(min_length=1, max_length=64), AfterValidator(plain)]
    external_id: NetworkId
    url: WebAddress | None = None
