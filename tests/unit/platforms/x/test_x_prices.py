"""What X charges, counted once a day."""

from decimal import Decimal
from typing import Any

from fakes.clock import HandClock
from mentionbridge.platforms.x.prices import PRICES, Bill

POSTS: dict[str, Any] = {
    "data": [{"id": "1"}, {"id": "2"}],
    "includes": {"users": [{"id": "7"}], "tweets": [{"id": "0"}]},
}


def test_what_is_read_twice_in_a_day_costs_once() -> None:
    clock = HandClock()
    bill = Bill(clock)
    bill.read("/2/users/1/mentions", POSTS)
    bill.read("/2/users/1/mentions", POSTS)
    today = clock.now().date()
    assert bill.spent() == {(today, "post_read"): 15_000, (today, "user_read"): 10_000}
    clock.forward(24 * 3600)
    bill.read("/2/users/1/mentions", POSTS)
    assert sum(bill.spent().values()) == 2 * 25_000


def test_what_is_kept_elsewhere_is_forgotten_and_what_came_meanwhile_is_not() -> None:
    bill = Bill(HandClock())
    bill.written("/2/tweets", {"text": "hello"})
    spent = bill.spent()
    bill.written("/2/tweets", {"text": "see https://acme.example"})
    bill.kept(spent)
    assert [(what, micros) for (_, what), micros in bill.spent().items()] == [("reply_with_link", 200_000)]


def test_messages_and_own_prices() -> None:
    bill = Bill(HandClock(), {"message": Decimal("0.02")})
    bill.written("/2/dm_conversations/1-7/messages", {"text": "hello"})
    bill.read("/2/dm_events", {"data": [{"id": "55"}]})
    bill.read("/2/users/me", {"data": {"id": "1"}})
    assert {what: micros for (_, what), micros in bill.spent().items()} == {
        "message": 20_000,
        "message_read": 10_000,
        "user_read": 10_000,
    }
    assert set(PRICES) == {"post_read", "user_read", "message_read", "reply", "reply_with_link", "message"}


def test_what_makes_no_sense_costs_nothing() -> None:
    bill = Bill(HandClock())
    for body in ({}, {"data": None}, {"data": "x"}, {"data": [None, 7, {"id": 7}]}, {"data": [], "includes": []}):
        bill.read("/2/tweets", body)
    assert bill.spent() == {}
