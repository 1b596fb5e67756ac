"""A person's draft is warned about with its own words, and never changed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentionbridge.rules.tone import Doubt, doubts

FINE = [
    "We have found the broken cable in your street. Please send us your address in a private message.",
    "Thank you, Sam. The engineers are looking at it now.",
    "Your parcel is at the depot in Leeds. You can pick it up with your card.",
    "NASA and the BBC wrote about it. OK?",
    "Wir haben den Fehler gefunden und schauen ihn uns an.",
    "Sorry about that! It should not have happened.",
    "What does the light on the router show?",
]
DOUBTFUL = {
    "THIS IS THE LAST TIME we answer": Doubt.SHOUTING,
    "Please stop it!!!": Doubt.SHOUTING,
    "You should have called us first.": Doubt.BLAME,
    "As we have already explained, the cable is cut.": Doubt.BLAME,
    "That's your own fault.": Doubt.BLAME,
    "Das ist Ihr Fehler.": Doubt.BLAME,
    "Vous auriez dû nous appeler.": Doubt.BLAME,
    "We will call you back tomorrow.": Doubt.PROMISE,
    "It will be fixed by 1 pm.": Doubt.PROMISE,
    "You get an answer within 24 hours.": Doubt.PROMISE,
    "We guarantee it.": Doubt.PROMISE,
    "Wir rufen Sie zurück.": Doubt.PROMISE,
    "Nous vous rappellerons.": Doubt.PROMISE,
    "Le llamaremos.": Doubt.PROMISE,
    "Your number +44 20 7946 0958 is noted.": Doubt.PERSONAL_DATA,
    "As we told @robin_hill, it is down.": Doubt.SOMEBODY_ELSE,
}


@pytest.mark.parametrize("text", FINE)
def test_good_words_are_let_be(text: str) -> None:
    assert doubts(text) == []


@pytest.mark.parametrize(("text", "doubt"), DOUBTFUL.items())
def test_doubtful_words_are_named(text: str, doubt: Doubt) -> None:
    found = doubts(text)
    assert doubt in {each.doubt for each in found}
    for each in found:
        assert 0 <= each.start < each.end <= len(text)
        assert each.sentence.endswith(".")


def test_the_words_are_quoted_and_personal_data_is_not() -> None:
    (blame,) = doubts("Well, you should have known.")
    assert blame.words == "you should have"
    (phone,) = doubts("Ring 020 7946 0958 please.")
    assert phone.words == "[phone]"


def test_the_customer_may_be_named_and_nobody_else() -> None:
    text = "Hello @Sam, and @lee@elsewhere.example too."
    assert [each.words for each in doubts(text, to=["sam"])] == ["@lee@elsewhere.example"]


@given(st.text(max_size=400))
def test_any_text_is_judged_within_its_bounds(text: str) -> None:
    for each in doubts(text):
        assert 0 <= each.start <= each.end <= len(text)
