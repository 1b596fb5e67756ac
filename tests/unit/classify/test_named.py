"""What a post names is said in its own words."""

from hypothesis import given
from hypothesis import strategies as st

from mentionbridge.classify.named import MOST, Named, keys, named
from mentionbridge.domain.account import Brand
from mentionbridge.domain.verdict import Place, Product


def test_a_picture_is_named_once_and_an_order_number_as_it_was_said() -> None:
    found = named("my order AB-12345 again: order AB-12345", "en", 3)
    assert found == (Named("order_number", "AB-12345"), Named("photo", None))


def test_a_place_and_a_product_are_named_by_their_keys_and_the_operators_own_names() -> None:
    brand = Brand(
        "acme",
        "Acme",
        places=(Place("quay", "Quay branch", ("quay", "waterfront")), Place("hill", "Hill branch", ("hill",))),
        products=(Product("kettle", "Kettle 2", ("kettle",)),),
    )
    text = "Both kettles from the waterfront shop leak"
    found = named(text, "en", 0, brand)
    assert found == (Named("place", "Quay branch", "quay"), Named("product", "Kettle 2", "kettle"))
    assert keys(text, brand) == {"places": ["quay"], "products": ["kettle"]}
    assert keys("nothing of yours", brand) == {}


@given(st.text(max_size=200), st.integers(0, 3))
def test_whatever_is_named_is_in_the_text(text: str, pictures: int) -> None:
    found = named(text + " order 48151623", None, pictures)
    assert len(found) <= MOST
    assert all(each.said in f"{text} order 48151623" for each in found if each.kind == "order_number")
