"""Structured logs, for eyes or machines, with secrets and personal data masked."""

import logging
import re
import sys
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, TextIO

import structlog

_SECRETS = re.compile(
    r"mb_[A-Za-z0-9_-]{16,}"  # our own tokens
    r"|whsec_[A-Za-z0-9+/=]+"  # webhook secrets
    r"|eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_.-]+"  # JSON web tokens
    r"|(?<=Bearer )\S+|(?<=Basic )\S+"
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"  # user:password in an address
    r"|(?i:(?<=password=)|(?<=token=)|(?<=secret=))[^&\s]+"
)


def mask_secrets(text: str) -> str:
    """Put `•••` where a secret stands."""
    return _SECRETS.sub("•••", text)


def configure(
    format_: str, level: str, mask: Callable[[str], str] = mask_secrets, stream: TextIO | None = None
) -> None:
    """Send every log line, also those of libraries, through one masked pipe to standard error."""

    def masked(_: Any, __: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
        return {key: mask(value) if isinstance(value, str) else value for key, value in event.items()}

    last: Any = (
        structlog.processors.JSONRenderer() if format_ == "json" else structlog.dev.ConsoleRenderer(colors=False)
    )
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        masked,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for noisy in ("httpx", "httpcore", "apscheduler", "uvicorn.access", "aiosqlite", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
