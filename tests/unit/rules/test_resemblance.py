"""Which earlier texts resemble one."""

from mentionbridge.rules.resemblance import most_alike

TOLD = {
    "router": "@acme my router blinks red since the storm and nobody answers",
    "parcel": "@acme my parcel is late and nobody answers",
    "swing": "@acme the swing in Harbour park is broken",
}


def test_what_shares_rare_words_comes_first() -> None:
    assert most_alike("@acme router blinks red, nobody answers", TOLD, 5) == ["router", "parcel"]


def test_no_more_than_asked_for_and_nothing_where_nothing_is_shared() -> None:
    assert most_alike("@acme router blinks red, nobody answers", TOLD, 1) == ["router"]
    assert most_alike("@acme", TOLD, 5) == []
    assert most_alike("quite another thing", TOLD, 5) == []
    assert most_alike("my router", {}, 5) == []


def test_handles_and_addresses_make_nothing_alike() -> None:
    assert most_alike("@swing https://parcel.example/late", TOLD, 5) == []
