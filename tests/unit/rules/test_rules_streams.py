"""A lost stream is connected anew as its network prescribes."""

from datetime import UTC, datetime

import pytest

from mentionbridge.domain.errors import LoginNeeded, PlatformDown, RateLimited, StreamRefused
from mentionbridge.domain.stream import Loss, Pauses
from mentionbridge.platforms.mastodon import listener as mastodon
from mentionbridge.platforms.x import listener as x
from mentionbridge.rules.streams import loss_of, pause

LIMITED = RateLimited(datetime(2026, 11, 22, tzinfo=UTC))


@pytest.mark.parametrize(
    ("pauses", "told"),
    [
        (x.PAUSES[Loss.BROKEN], [0.25, 0.5, 0.75, 1.0, 1.25]),
        (x.PAUSES[Loss.REFUSED], [5, 10, 20, 40, 80, 160, 320, 320]),
        (x.PAUSES[Loss.LIMITED], [60, 120, 240, 480, 900]),
        (mastodon.PAUSES, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]),
    ],
)
def test_pauses_grow_as_prescribed(pauses: Pauses, told: list[float]) -> None:
    assert [pause(pauses, lost, dice=0) for lost in range(1, len(told) + 1)] == told


def test_they_end_growing_and_a_crowd_spreads() -> None:
    assert pause(x.PAUSES[Loss.BROKEN], 1_000, dice=0) == 16
    assert pause(mastodon.PAUSES, 10_000, dice=0) == 300
    assert pause(mastodon.PAUSES, 10_000, dice=1) == 240


def test_what_ended_it_is_told_by_the_error() -> None:
    assert [loss_of(each) for each in (LIMITED, StreamRefused("no"), PlatformDown("gone"), LoginNeeded("who"))] == [
        Loss.LIMITED,
        Loss.REFUSED,
        Loss.BROKEN,
        Loss.BROKEN,
    ]
