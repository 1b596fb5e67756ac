"""The accurate tier as it is shipped; runs where the distribution mentionbridge-accurate is installed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mentionbridge.bootstrap.judging import second_judge
from mentionbridge.classify.learned import LearnedJudge

pytest.importorskip("mentionbridge_accurate")
SECOND = second_judge("accurate")
JUDGE = LearnedJudge(second=SECOND)


def test_both_tiers_are_named_where_the_first_is_not_sure() -> None:
    verdict = JUDGE.judge("@acme where is the parcel", lang="en", topics=(), has_media=False)
    assert SECOND is not None
    assert (verdict.model, verdict.version) == ("accurate", f"2+{SECOND.version}")


@pytest.mark.parametrize(
    ("text", "so"),
    [
        ("@acme still no parcel and nobody answers my calls", True),
        ("@acme what a lovely parcel, the children are over the moon", False),
    ],
)
def test_it_tells_a_complaint_from_the_rest(text: str, so: bool) -> None:
    assert SECOND is not None
    assert (SECOND.second(f" {text} ", 0.5) >= 0.5) == so


@given(st.text(alphabet=st.characters(), max_size=600), st.floats(0, 1))
@settings(max_examples=50, deadline=None)
def test_any_text_gives_a_number(text: str, first: float) -> None:
    assert SECOND is not None
    assert 0 <= SECOND.second(text, first) <= 1


def test_a_very_long_text_and_half_a_letter_are_no_trouble() -> None:
    assert SECOND is not None
    assert 0 <= SECOND.second("late " * 200_000, 0.5) <= 1
    assert 0 <= SECOND.second("\ud83d where", 0.5) <= 1
