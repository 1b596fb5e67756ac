"""What a customer means who writes after we said that it is solved."""

import pytest

from mentionbridge.domain.ticket import Outcome
from mentionbridge.rules.outcome import MOST_WORDS, read
from mentionbridge.rules.phrasings import LANGUAGES, shipped

YES, NO = Outcome.CONFIRMED, Outcome.DENIED
ASKED = [
    ("en", "Yes, all good now, thanks!", YES),
    ("en", "It works again, thank you", YES),
    ("en", "no, still dead", NO),
    ("en", "Still not working here", NO),
    ("en", "it doesn't work", NO),
    ("en", "It is not fixed.", NO),
    ("en", "works, but who pays my bill?", None),
    ("en", "It was a lovely day", None),
    ("en", "it works now, after three weeks of nothing", None),
    ("de", "funktioniert immer noch nicht", NO),
    ("de", "Ja, geht wieder, danke", YES),
    ("de", "nein, geht immer noch nicht", NO),
    ("es", "sí, gracias", YES),
    ("es", "no, sigue igual", NO),
    ("fr", "Oui, merci", YES),
    ("fr", "Toujours pas résolu", NO),
    ("it", "sì grazie, risolto", YES),
    ("it", "non funziona", NO),
    ("nl", "ja hoor, bedankt", YES),
    ("nl", "werkt nog steeds niet", NO),
    ("pt", "sim, obrigada", YES),
    ("pt", "não, continua igual", NO),
]


@pytest.mark.parametrize(("lang", "text", "meant"), ASKED)
def test_an_answer_is_read_as_it_is_meant(lang: str, text: str, meant: Outcome | None) -> None:
    assert read(f"@acme {text} https://acme.example/x", [lang], asked=True) is meant


@pytest.mark.parametrize(("sign", "meant"), [("👍", YES), ("@acme 👎", NO), ("👍👎", None), ("🦢", None), ("", None)])
def test_a_thumb_is_an_answer_to_a_question(sign: str, meant: Outcome | None) -> None:
    assert read(sign, ["en"], asked=True) is meant
    assert read(sign, ["en"], asked=False) is None


def test_unasked_only_a_plain_word_that_it_works_counts() -> None:
    assert read("it works again", ["en"], asked=False) is YES
    assert read("thanks", ["en"], asked=False) is None
    assert read("no, still dead", ["en"], asked=False) is None


def test_who_writes_much_is_read_by_a_person() -> None:
    assert read("it works " + "well " * (MOST_WORDS - 2), ["en"], asked=True) is YES
    assert read("it works " + "well " * (MOST_WORDS - 1), ["en"], asked=True) is None


def test_a_language_nobody_ships_words_for_is_read_by_a_person() -> None:
    assert read("yes", ["fi"], asked=True) is None


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_word_speaks_for_and_against(lang: str) -> None:
    known = shipped(lang).after_solved
    assert not set(known.against) & (set(known.fixed) | set(known.agreed))
    assert all((*known.against, *known.fixed, *known.agreed)), "a phrase without words would be found everywhere"
