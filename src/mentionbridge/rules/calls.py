"""When somebody can be called back, and what follows from an attempt. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import islice

from mentionbridge.domain.call import MOST_TRIES, SLOTS_SHOWN, Call, CallState, Outcome, Slot, Tried
from mentionbridge.domain.errors import NotAllowed
from mentionbridge.domain.handoff import CallTerms
from mentionbridge.rules.hours import Hours

_ENDS = {Outcome.REACHED: CallState.REACHED, Outcome.NOT_WANTED: CallState.NOT_WANTED}


def free_slots(hours: Hours, terms: CallTerms, now: datetime, taken: Mapping[datetime, int]) -> list[Slot]:
    """Return the next slots in which somebody is there and not spoken for; none where nobody said when they are."""
    if terms.at_once == 0 or hours.always:
        return []
    free = (slot for slot in _slots(hours, terms, now) if taken.get(slot.starts_at, 0) < terms.at_once)
    return list(islice(free, SLOTS_SHOWN))


def _slots(hours: Hours, terms: CallTerms, now: datetime) -> Iterator[Slot]:
    """Cut each opening into slots from its beginning; what is left at its end is too short for a call."""
    earliest = now + terms.notice
    for opening, closing in hours.stretches(earliest, now + terms.ahead):
        for number in range((closing - opening) // terms.length):
            starts_at = opening + number * terms.length
            if earliest <= starts_at < now + terms.ahead:
                yield Slot(starts_at, starts_at + terms.length)


def by_the_wall(slot: Slot, hours: Hours) -> Slot:
    """Return a slot by the clock on the brand's wall."""
    return Slot(slot.starts_at.astimezone(hours.zone), slot.ends_at.astimezone(hours.zone))


def tried(call: Call, outcome: Outcome, at: datetime, actor: str) -> Call:
    """Note an attempt; the third without an answer, or a number that is nobody's, gives up."""
    if call.state is not CallState.OPEN:
        raise NotAllowed("call_over", f"This call is over: {call.state}.")
    attempts = (*call.tried, Tried(at, outcome, actor))
    rang = [each for each in attempts if each.outcome is not Outcome.NOT_WANTED]
    over = _ENDS.get(outcome)
    if over is None and (outcome is Outcome.WRONG_NUMBER or len(rang) >= MOST_TRIES):
        over = CallState.GIVEN_UP
    if over is None:
        return replace(call, tried=attempts)
    return replace(call, tried=attempts, state=over, lane=None, ended_at=at)
