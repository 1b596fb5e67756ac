"""Language tags."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentionbridge.text.language import primary


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("en-NZ", "en"), ("EN", "en"), (" pt_BR ", "pt"), ("zh-Hant-TW", "zh"), ("mri", "mri"), ("in", "id"),
        ("iw", "he"), ("en-", None), (None, None), ("", None), ("und", None), ("qme", None), ("english", None),
        ("e", None), ("12", None), ("ñá", None), ("de-\n", None),
    ],
)  # fmt: skip
def test_a_tag_comes_down_to_its_language(tag: str | None, expected: str | None) -> None:
    assert primary(tag) == expected


@given(st.text(max_size=20))
def test_any_tag_gives_a_language_or_none(tag: str) -> None:
    language = primary(tag)
    assert language is None or (language.isascii() and language.islower() and len(language) in (2, 3))
