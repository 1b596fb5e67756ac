"""What a status means: one table for everybody, and a plug's own laid over it. Pure."""

import math
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from types import MappingProxyType

from mentionbridge.domain.errors import LoginNeeded, NoAnswer, PlatformDown, RateLimited
from mentionbridge.domain.reply import Refusal, Refused, Unknown
from mentionbridge.net.client import Answer


class Meaning(StrEnum):
    """What an answer can mean besides a refusal."""

    OK = "ok"
    LOGIN_NEEDED = "login_needed"
    RATE_LIMITED = "rate_limited"
    NOT_DONE = "not_done"
    """It failed and surely did nothing: the same request may go again."""
    UNKNOWN = "unknown"


Table = Mapping[int | str, Meaning | Refusal]
"""Keys are statuses, or a network's own error names, which count first."""

DEFAULT: Table = MappingProxyType(
    {
        400: Refusal.INVALID,
        401: Meaning.LOGIN_NEEDED,
        403: Refusal.PERMISSION,
        404: Refusal.TARGET_GONE,
        409: Refusal.DUPLICATE,
        410: Refusal.TARGET_GONE,
        413: Refusal.TOO_LONG,
        422: Refusal.INVALID,
        429: Meaning.RATE_LIMITED,
    }
)
NO_OVERLAY: Table = MappingProxyType({})
SHORTEST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(hours=1)
USUAL_WAIT = timedelta(seconds=60)
RESET_HEADERS = ("ratelimit-reset", "x-ratelimit-reset", "x-rate-limit-reset")


def meaning(status: int, *, overlay: Table = NO_OVERLAY, code: str | None = None) -> Meaning | Refusal:
    """Read one status: by the network's error name `code`, then by status, in the plug's table before ours."""
    for table in (overlay, DEFAULT):
        for key in (code, status):
            if key is not None and key in table:
                return table[key]
    return Meaning.OK if 200 <= status < 300 else Meaning.UNKNOWN


def refusal_or_unknown(
    answer: Answer, now: datetime, *, overlay: Table = NO_OVERLAY, code: str | None = None
) -> Refused | Unknown | None:
    """Tell what an answer to a send came to; None when the network took it.

    Raises LoginNeeded, RateLimited(until) and PlatformDown, all of which mean that nothing was said.
    """
    found = meaning(answer.status, overlay=overlay, code=code)
    detail = _detail(answer.status, code)
    if isinstance(found, Refusal):
        return Refused(found, detail)
    if found is Meaning.UNKNOWN:
        return Unknown(detail)
    _raise_for(found, answer, now, detail)
    return None


def gone_or_refused(
    answer: Answer, now: datetime, *, overlay: Table = NO_OVERLAY, code: str | None = None
) -> Refused | None:
    """Tell what an answer to a deletion came to; None when it is gone, also when it was gone before.

    Raises what `refusal_or_unknown` raises, and PlatformDown where the answer leaves open what became of it.
    """
    no = refusal_or_unknown(answer, now, overlay=overlay, code=code)
    if isinstance(no, Unknown):
        raise PlatformDown(f"the network did not say whether it took it back ({no.detail})")
    return None if no is not None and no.kind is Refusal.TARGET_GONE else no


def check_read(
    answer: Answer,
    now: datetime,
    *,
    fine: Collection[int] = (),
    overlay: Table = NO_OVERLAY,
    code: str | None = None,
) -> None:
    """Return when the answer to a read is good, or its status is one of `fine` that the caller reads itself (404 …).

    Raises LoginNeeded, RateLimited(until), and PlatformDown for everything else that is not 2xx.
    """
    if answer.status in fine:
        return
    found = meaning(answer.status, overlay=overlay, code=code)
    detail = _detail(answer.status, code)
    if isinstance(found, Refusal) or found is Meaning.UNKNOWN:
        raise PlatformDown(detail)
    _raise_for(found, answer, now, detail)


@contextmanager
def reading() -> Iterator[None]:
    """Turn a lost answer into PlatformDown around requests that only read: they may simply go again."""
    try:
        yield
    except NoAnswer as lost:
        raise PlatformDown(str(lost)) from None


def retry_at(headers: Mapping[str, str], now: datetime) -> datetime:
    """When a server that limits us wants to see us again: 1 s to 1 h from now, 60 s when it does not say."""
    return retry_after(headers, now) or reset_at(headers, now) or now + USUAL_WAIT


def retry_after(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """Read `Retry-After` (seconds or an HTTP date), clamped to 1 s … 1 h; None when absent or garbage."""
    text = headers.get("retry-after", "").strip()
    return _clamp(_seconds_from(text, now) or _http_date(text), now)


def reset_at(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """Read the first usable rate-limit reset (unix time, seconds from now or ISO 8601), clamped likewise."""
    texts = (headers.get(name, "").strip() for name in RESET_HEADERS)
    times = (_clamp(_seconds_from(text, now) or _iso(text), now) for text in texts)
    return next((time for time in times if time), None)


def _raise_for(found: Meaning, answer: Answer, now: datetime, detail: str) -> None:
    if found is Meaning.LOGIN_NEEDED:
        raise LoginNeeded(detail)
    if found is Meaning.RATE_LIMITED:
        raise RateLimited(retry_at(answer.headers, now), detail)
    if found is Meaning.NOT_DONE:
        raise PlatformDown(detail)


def _detail(status: int, code: str | None) -> str:
    return f"the network answered {status}" + (f" ({code[:80]})" if code else "")


def _clamp(time: datetime | None, now: datetime) -> datetime | None:
    return time and min(max(time, now + SHORTEST_WAIT), now + LONGEST_WAIT)


def _seconds_from(text: str, now: datetime) -> datetime | None:
    try:
        number = float(text)
    except ValueError:
        return None
    if not math.isfinite(number):
        return None
    # Networks disagree whether a reset is a moment or a distance; no distance reaches back to 1970.
    seconds = number - now.timestamp() if number > _SMALLEST_MOMENT else number
    return now + timedelta(seconds=min(max(seconds, 0.0), LONGEST_WAIT.total_seconds()))


_SMALLEST_MOMENT = 1e9


def _http_date(text: str) -> datetime | None:
    try:
        return _aware(parsedate_to_datetime(text))
    except (ValueError, TypeError, OverflowError):
        return None


def _iso(text: str) -> datetime | None:
    try:
        return _aware(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return None


def _aware(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
