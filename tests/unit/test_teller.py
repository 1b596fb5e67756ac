"""One line an event, whatever an event holds."""

from datetime import UTC, datetime
from typing import Any

import pytest

from mentionbridge.cli.teller import line
from mentionbridge.domain.events import EventType
from mentionbridge.rules.catalogue import example


@pytest.mark.parametrize("type_", list(EventType), ids=str)
def test_every_event_is_one_line(type_: EventType) -> None:
    told: dict[str, Any] = example(type_)["data"]
    assert "\n" not in line(type_, datetime(2026, 11, 22, tzinfo=UTC), told)
