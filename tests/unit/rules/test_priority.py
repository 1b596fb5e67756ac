"""How soon a person should look: every point has its reason, and a person's word stands."""

from dataclasses import replace

import pytest

from fakes.stories import a_ticket
from mentionbridge.domain.ticket import Priority
from mentionbridge.rules.priority import Urgency, Weighed, raises, weigh


@pytest.mark.parametrize(
    ("urgency", "priority", "reasons"),
    [
        (Urgency(), Priority.NORMAL, ()),
        (Urgency(severe=True), Priority.HIGH, ("the complaint is severe",)),
        (Urgency(vip=True), Priority.HIGH, ("the customer is marked VIP",)),
        (Urgency(risky=True), Priority.URGENT, ("it touches safety, the law, the press or a person in need",)),
        (Urgency(followers=1_999), Priority.NORMAL, ()),
        (Urgency(followers=2_000), Priority.NORMAL, ("2,000 people follow the author",)),
        (Urgency(followers=50_000), Priority.HIGH, ("50,000 people follow the author",)),
        (Urgency(reposts=10), Priority.NORMAL, ("it was reposted 10 times",)),
        (Urgency(reposts=100), Priority.HIGH, ("it was reposted 100 times",)),
        (Urgency(times=2), Priority.NORMAL, ()),
        (Urgency(times=3), Priority.NORMAL, ("the customer has written 3 times about it",)),
        (
            Urgency(attempts=("third e-mail", "55 minutes on hold"), again=True),
            Priority.HIGH,
            (
                "an earlier ticket about it was closed",
                "the customer has tried before: 'third e-mail', '55 minutes on hold'",
            ),
        ),
        (
            Urgency(severe=True, followers=2_400, times=4),
            Priority.URGENT,
            ("the complaint is severe", "2,400 people follow the author", "the customer has written 4 times about it"),
        ),
    ],
)
def test_what_speaks_for_haste_adds_up(urgency: Urgency, priority: Priority, reasons: tuple[str, ...]) -> None:
    assert weigh(urgency) == Weighed(priority, reasons)


@pytest.mark.parametrize("old", Priority)
@pytest.mark.parametrize("new", Priority)
def test_the_machine_only_raises(old: Priority, new: Priority) -> None:
    order = list(Priority)
    ticket = a_ticket(priority=old)
    assert raises(ticket, Weighed(new, ())) == (order.index(new) > order.index(old))
    assert not raises(replace(ticket, priority_by="Kim via desk"), Weighed(new, ()))
