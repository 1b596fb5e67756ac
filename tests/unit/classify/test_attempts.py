"""What a text tells of ways tried before, in the author's own words."""

import pytest

from mentionbridge.classify.attempts import earlier


@pytest.mark.parametrize(
    ("text", "lang", "told"),
    [
        ("@acme this is my third e-mail about the parcel and still nothing", "en", "third e-mail"),
        ("I was on the phone, 55 minutes on hold, and then it hung up", "en", "55 minutes on hold"),
        ("Das ist meine dritte E-Mail, niemand antwortet mir", "de", "dritte e-mail"),
        ("40 Minuten in der Warteschleife und niemand hilft", "de", "40 minuten in der warteschleife"),
        ("C'est mon troisième mail et toujours rien, j'ai appelé aussi", "fr", "troisième mail"),
        ("Es mi tercera llamada y nadie me ayuda con el paquete", "es", "tercera llamada"),
    ],
)
def test_earlier_attempts_are_told_as_they_were_said(text: str, lang: str, told: str) -> None:
    assert told in earlier(text, lang)


@pytest.mark.parametrize("text", ["", "@acme my parcel is late", "again and wieder 🔥", "x" * 10_000, "第三次"])
def test_where_none_is_told_there_is_none(text: str) -> None:
    assert earlier(text, None) == ()


def test_three_are_enough() -> None:
    text = "my third e-mail, my fourth call, 20 minutes on hold, my fifth letter and my sixth visit to the shop"
    assert len(earlier(text, "en")) == 3
