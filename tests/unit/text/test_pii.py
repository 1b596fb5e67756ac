"""Personal data is found, and does not survive a mask."""

import re
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentionbridge.text.pii import Kind, Span, find, mask


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("write to Sam.Tester+x@shop.example.org.", "write to [e-mail]."),
        ("sam [at] example.org", "[e-mail]"),
        ("thanks @sam@social.example", "thanks @sam@social.example"),
        ("ring 021 555 0199 or (09) 555-0123", "ring [phone] or [phone]"),
        ("+64 21 555 0199, +49 (0)30 5550 1234", "[phone], [phone]"),
        ("call (555) 012-3456 now", "call [phone] now"),
        ("card 4111 1111 1111 1111 exp 12/27", "card [card] exp 12/27"),
        ("card 4111-1111-1111-1111 12/27", "card [card]"),
        ("٤١١١١١١١١١١١١١١١", "[card]"),
        ("4111\u200b1111\u200b1111\u200b1111", "[card]"),
        ("DE89 3704 0044 0532 0130 00 please", "[IBAN] please"),
        ("gb82WEST12345698765432!", "[IBAN]!"),
        ("GB82WEST12345698765433", "GB82WEST12345698765433"),
        ("my order 88213377 is late", "my order [order number] is late"),
        ("Order no. AB-2026-99 and ref: X1234", "Order no. [order number] and ref: [order number]"),
        ("it is #20260711", "it is #[order number]"),
        ("Bestellnummer 5550123", "Bestellnummer [order number]"),
    ],
)
def test_personal_data_is_masked(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "innocent",
    [
        "down since 22/11/2026, 01.02.2026 and 2026-11-22",
        "$1,234.50 and 99.99% of 10,000 people at 07:49",
        "third e-mail, 55 minutes on hold, order was late, #fail2026 #covid19",
        "@acme your order and my account please",
        "version 10.0.2.15 of the app",
    ],
)
def test_plain_words_and_numbers_stay(innocent: str) -> None:
    assert find(innocent) == []


def test_an_operator_brings_a_pattern_of_their_own() -> None:
    assert find("see ZX-77", re.compile(r"ZX-\d+")) == [Span(4, 9, Kind.ORDER)]
    assert find("see ZX-77", re.compile(r"ZX-(?P<number>\d+)")) == [Span(7, 9, Kind.ORDER)]


def luhn(digits: str) -> bool:
    """Check the last digit against the others the way payment cards do, one digit after the other."""
    doubled = [
        int(digit) if place % 2 == 0 else sum(divmod(2 * int(digit), 10)) for place, digit in enumerate(digits[::-1])
    ]
    return sum(doubled) % 10 == 0


def _with_check_digit(body: str) -> str:
    return next(body + digit for digit in "0123456789" if luhn(body + digit))


CARDS = st.integers(12, 18).flatmap(lambda n: st.text("0123456789", min_size=n, max_size=n)).map(_with_check_digit)
AROUND = st.text(st.sampled_from("abc 0123456789-.@#+/(): \n"), max_size=30)


@given(CARDS, AROUND, AROUND, st.sampled_from(["", " ", "-", ".", " - "]))
def test_no_card_survives_whatever_stands_around_it(card: str, before: str, after: str, gap: str) -> None:
    text = before + gap.join(card[i : i + 4] for i in range(0, len(card), 4)) + after
    for run in re.findall(r"\d(?:[ .\-]{0,3}\d)*", mask(text)):
        digits = re.sub(r"\D", "", run)
        windows = (digits[i : i + n] for n in range(13, 20) for i in range(len(digits) - n + 1))
        assert not any(luhn(window) for window in windows)


@given(st.text(max_size=300))
def test_spans_are_in_order_and_apart(text: str) -> None:
    spans = find(text)
    assert all(a.end <= b.start for a, b in pairwise(spans))
    assert all(0 <= span.start < span.end <= len(text) for span in spans)


@pytest.mark.parametrize("nasty", ["1", "a.", "a@", "order ", "0 ", "DE89", "+1 ", "😀", "(0", "#1"])
def test_long_texts_take_no_time(nasty: str) -> None:
    started = time.perf_counter()
    find(nasty * 20_000)
    assert time.perf_counter() - started < 1.5
