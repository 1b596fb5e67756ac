"""Ids sort by time, never go backwards in one process, and say what they name."""

import threading
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from fakes.clock import START, HandClock
from mentionbridge.kit.ids import Ids, encode

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
NUMBERS = st.integers(0, 2**128 - 1)


def decode(text: str) -> int:
    number = 0
    for character in text:
        number = number * 32 + ALPHABET.index(character)
    return number


@given(NUMBERS, NUMBERS)
def test_text_sorts_as_the_number_does(one: int, other: int) -> None:
    assert len(encode(one)) == 26
    assert (encode(one) < encode(other)) == (one < other)
    assert decode(encode(one)) == one


def test_an_id_is_a_uuid_of_version_7_with_its_time_in_front() -> None:
    prefix, _, text = Ids(HandClock()).new("tkt").partition("_")
    uuid = UUID(int=decode(text))
    assert prefix == "tkt"
    assert (uuid.version, uuid.variant) == (7, "specified in RFC 4122")
    assert datetime.fromtimestamp((uuid.int >> 80) / 1000, UTC) == START


@given(st.lists(st.floats(-10, 10, allow_nan=False), max_size=30))
def test_ids_grow_whatever_the_wall_clock_does(steps: list[float]) -> None:
    clock = HandClock()
    ids = Ids(clock)
    made = [ids.new("mnt")]
    for step in steps:
        clock.forward(step)
        made.append(ids.new("mnt"))
    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_more_ids_than_a_millisecond_has_room_for_still_grow() -> None:
    ids = Ids(HandClock())
    made = [ids.new("evt") for _ in range(3 * 4096)]
    assert made == sorted(set(made))


def test_the_clock_leads_again_once_it_has_caught_up() -> None:
    clock = HandClock()
    ids = Ids(clock)
    ids.new("evt")
    later = clock.forward(60)
    stamp = decode(ids.new("evt").partition("_")[2]) >> 80
    assert datetime.fromtimestamp(stamp / 1000, UTC) == later


def test_threads_share_no_id() -> None:
    ids, made = Ids(HandClock(START + timedelta(days=1))), []
    threads = [threading.Thread(target=lambda: made.extend(ids.new("x") for _ in range(500))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 2000


def test_two_processes_in_one_millisecond_differ_by_chance_alone() -> None:
    one, other = Ids(HandClock(), lambda bits: 1), Ids(HandClock(), lambda bits: 2)
    assert one.new("x") != other.new("x")
