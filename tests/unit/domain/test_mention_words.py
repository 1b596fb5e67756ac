"""Surfaces, visibilities, origins and keys mean what the promises say."""

from datetime import timedelta

import pytest

from mentionbridge.domain.capabilities import Capabilities
from mentionbridge.domain.mention import Origin, Surface, Visibility

WIDEST_FIRST = [Visibility.PUBLIC, Visibility.UNLISTED, Visibility.FOLLOWERS, Visibility.DIRECT]


@pytest.mark.parametrize("one", WIDEST_FIRST)
@pytest.mark.parametrize("other", WIDEST_FIRST)
def test_the_narrower_of_two_wins(one: Visibility, other: Visibility) -> None:
    narrower = WIDEST_FIRST[max(WIDEST_FIRST.index(one), WIDEST_FIRST.index(other))]
    assert one.no_wider_than(other) is narrower


def test_followers_and_direct_are_private_surfaces() -> None:
    private = [visibility for visibility in Visibility if visibility.surface is Surface.PRIVATE]
    assert private == [Visibility.FOLLOWERS, Visibility.DIRECT]


def test_only_what_the_network_told_us_counts_as_fetched() -> None:
    assert {origin for origin in Origin if origin.fetched} == {Origin.POLL, Origin.STREAM, Origin.HOOK}


@pytest.mark.parametrize(("life", "keyed"), [(None, False), (timedelta(hours=1), True), (timedelta.max, True)])
def test_a_network_has_a_key_when_it_has_a_life(life: timedelta | None, keyed: bool) -> None:
    assert Capabilities(key_life=life).keyed is keyed


def test_an_untried_platform_promises_little() -> None:
    can = Capabilities()
    assert can.needs_tag
    assert not can.keyed
    assert not can.private_messages
    assert can.support == "experimental"
