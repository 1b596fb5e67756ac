"""No personal data stands in a log, whoever wrote the line."""

import io
import logging
from collections.abc import Iterator

import pytest
import structlog

from mentionbridge.cli.common import log

QUOTED = "no answer to sam@post.example, +49 170 5550123, 4111 1111 1111 1111 or DE89 3704 0044 0532 0130 00"
HIDDEN = ("sam@", "5550123", "1111", "0532")


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    root, stream = logging.getLogger(), io.StringIO()
    before = root.handlers[:], root.level
    log("json", "info", stream)
    yield stream
    root.handlers, root.level = before
    structlog.reset_defaults()


def test_personal_data_is_masked_in_our_lines_and_in_those_of_libraries(lines: io.StringIO) -> None:
    structlog.get_logger().info("refused", detail=QUOTED)
    logging.getLogger("a.library").warning("it said: %s", QUOTED)
    told = lines.getvalue()
    assert told.count("[e-mail]") == told.count("[phone]") == told.count("[card]") == told.count("[IBAN]") == 2
    assert not [hidden for hidden in HIDDEN if hidden in told]


def test_ids_and_times_stay(lines: io.StringIO) -> None:
    said = "ticket tkt_01934567890a7bcd8ef0123456 of acme at 2026-11-23T16:42:08.123456Z on 127.0.0.1:8000"
    structlog.get_logger().info("opened", detail=said)
    assert said in lines.getvalue()
