"""Of two versions, the newer one is taken; where neither tells, the network is asked."""

import pytest

from mentionbridge.rules.versions import Newer, is_counted, newer, version_of_words

ONE, TWO = version_of_words("one"), version_of_words("two")
FETCHED = [
    (ONE, "1", Newer.YES),
    ("", "1", Newer.YES),
    ("1", ONE, Newer.NO),
    ("1", "2", Newer.ASK),
    ("2", "1", Newer.ASK),
    (ONE, TWO, Newer.ASK),
    ("", TWO, Newer.ASK),
]


@pytest.mark.parametrize(("ours", "told", "expected"), FETCHED)
def test_what_the_network_tells(ours: str, told: str, expected: Newer) -> None:
    assert newer(ours, told, fetched=True) is expected
    assert newer(ours, told, fetched=False) is Newer.YES


def test_a_digest_counts_nothing_and_fits_its_column() -> None:
    assert (is_counted(ONE), is_counted(""), is_counted("bafyrei")) == (False, False, True)
    assert len(ONE) <= 128
