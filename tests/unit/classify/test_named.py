"""What a post names is said in its own words."""

from hypothesis import given
from hypothesis import strategies as st

from mentionbridge.classify.named import MOST, Named, named


def test_a_picture_is_named_once_and_an_order_number_as_it_was_said() -> None:
    found = named("my order AB-12345 again: order AB-12345", "en", 3)
    assert found == (Named("order_number", "AB-12345"), Named("photo", None))


@given(st.text(max_size=200), st.integers(0, 3))
def test_whatever_is_named_is_in_the_text(text: str, pictures: int) -> None:
    found = named(text + " order 48151623", None, pictures)
    assert len(found) <= MOST
    assert all(each.said in f"{text} order 48151623" for each in found if each.kind == "order_number")
