"""What we write to one person alone, in every language we ship."""

import string

import pytest

from mentionbridge.rules.phrasings import LANGUAGES, message, shipped, spoken

FIELDS = {
    "second_code": {"code", "brand"},
    "hand_off": {"thing"},
    "moved": {"what", "before", "after"},
    "moved_short": {"before", "after"},
}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_each_language_has_each_message_with_all_it_must_tell(lang: str) -> None:
    told = shipped(lang).messages
    assert set(told) == set(FIELDS)
    for name, text in told.items():
        named = [field for _, field, _, _ in string.Formatter().parse(text) if field]
        assert (set(named), len(named)) == (FIELDS[name], len(FIELDS[name])), text


def test_no_two_languages_say_it_alike() -> None:
    for name in FIELDS:
        assert len({shipped(lang).messages[name] for lang in LANGUAGES}) == len(LANGUAGES)


def test_the_first_language_we_ship_is_spoken() -> None:
    assert [spoken("de-AT", "fr"), spoken("ja", "fr"), spoken(None, "ja"), spoken()] == ["de", "fr", "en", "en"]


def test_braces_of_others_are_words() -> None:
    assert "{after}" in message("moved", "en", what="{after} and {0.x}", before="a", after="b")
