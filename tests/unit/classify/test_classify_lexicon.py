"""The word lists themselves, and how they are found in a text."""

import pytest

from mentionbridge.classify import signals, tongue
from mentionbridge.classify.lexicon import LANGUAGES, Hit, Lexicon, load
from mentionbridge.classify.words import Words


def found(text: str, lang: str = "en") -> list[tuple[str, str]]:
    return [(hit.group, hit.said) for hit in load(lang).find(Words(text).tokens)]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_group_of_every_language_has_a_weight(lang: str) -> None:
    groups = {group for _, group in load(lang)._phrases.items()}
    assert groups <= set(signals.WEIGHTS)
    assert {"failure", "waiting", "dismay", "praise", "safety", "legal", "press", "self_harm", "sarcasm"} <= groups


def test_the_longest_phrase_counts_once() -> None:
    assert found("it is not working") == [("failure", "not working")]


def test_classes_stand_for_their_words() -> None:
    assert ("attempts", "third e-mail") in found("my third e-mail")
    assert ("attempts", "3rd call") in found("this is the 3rd call")
    assert ("waiting", "for 55 minutes") in found("for 55 minutes")
    assert ("waiting", "since tuesday") in found("since TUESDAY")


def test_stems_match_longer_words_only_where_marked() -> None:
    lists = Lexicon({"common": [], "negation": [], "classes": {}, "words": {"failure": ["malfunct*", "down"]}})
    assert [hit.said for hit in lists.find(("malfunctioning", "downtown"))] == ["malfunctioning"]


def test_a_not_nearby_is_noticed() -> None:
    lists = Lexicon({"common": [], "negation": ["not"], "classes": {}, "words": {"praise": ["great"]}})
    hits = list(lists.find(("not", "so", "great", "a", "b", "c", "great")))
    assert hits == [Hit("denial", "not"), Hit("praise", "great", negated=True), Hit("praise", "great")]


def test_handles_links_and_repeated_emoji_are_no_words() -> None:
    assert Words("@broken_inc see https://down.example/x 😡😡😡").tokens == ("see", "😡")


@pytest.mark.parametrize(
    ("text", "hint", "lang"),
    [
        ("my parcel is still not here", None, "en"),
        ("llevo dos semanas sin internet y nadie responde", None, "es"),
        ("llevo dos semanas sin internet y nadie responde", "en", "es"),
        ("seit drei Tagen kein Internet, niemand antwortet", None, "de"),
        ("colis toujours pas livré depuis deux semaines", "fr", "fr"),
        ("internet non funziona da tre giorni", None, "it"),
        ("estou sem internet há três dias e ninguém atende", None, "pt"),
        ("ok", "de", "de"),
        ("😡", None, "en"),
        ("", None, "en"),
        ("ネットが使えない", None, None),
        ("ネットが使えない", "en", None),
        ("kaikki palvelut ovat jälleen alhaalla täällä", None, None),
        ("al drie dagen stuk", "nl", None),
    ],
)
def test_known_words_tell_the_language(text: str, hint: str | None, lang: str | None) -> None:
    assert tongue.choose(Words(text), hint) == lang
