"""The real networks the live tests run on."""

from collections.abc import Iterator

import pytest

from live.bluesky_network import BlueskyNetwork, running


@pytest.fixture(scope="session")
def network() -> Iterator[BlueskyNetwork]:
    """Start a real Bluesky network once for all live tests."""
    with running() as started:
        yield started
