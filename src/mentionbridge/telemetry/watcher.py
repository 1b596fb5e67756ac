"""An observer that writes each moment to the log and counts it."""

from collections.abc import Callable
from typing import Any

import structlog

from mentionbridge.telemetry.metrics import Metrics

_QUIET = {"spend", "mention.duplicate", "delivery.ok", "event", "job.done"}
_LOUD = {
    "poll.failed",
    "job.failed",
    "hook.refused",
    "reply.unknown",
    "reply.refused",
    "delivery.failed",
    "mention.unreadable",
    "helpdesk.failed",
}


class Watcher:
    """Receives named moments from the heart and the doors."""

    def __init__(self, metrics: Metrics) -> None:
        self.metrics = metrics
        self._log = structlog.get_logger("mentionbridge")

    def saw(self, moment: str, **facts: Any) -> None:
        """Log and count one moment."""
        kind, _, rest = moment.partition(".")
        if count := _COUNTS.get(kind):
            count(self.metrics, rest, facts)
        level = "warning" if moment in _LOUD else "debug" if moment in _QUIET or kind in _QUIET else "info"
        getattr(self._log, level)(moment, **{key: value for key, value in facts.items() if value is not None})


_Counting = Callable[[Metrics, str, dict[str, Any]], None]


def _job(metrics: Metrics, rest: str, facts: dict[str, Any]) -> None:
    if rest == "failed":
        metrics.job_failures.labels(facts["queue"]).inc()
    else:
        metrics.jobs.labels(facts["queue"]).observe(facts["seconds"])


def _reply(metrics: Metrics, rest: str, facts: dict[str, Any]) -> None:
    if rest == "looked_for":
        metrics.looks.labels(str(facts["found"]).lower()).inc()
    elif rest in ("sent", "refused", "unknown"):
        metrics.replies.labels(facts.get("platform", ""), rest).inc()


def _desk(metrics: Metrics, rest: str, facts: dict[str, Any]) -> None:
    if rest == "failed":
        metrics.desk_failures.labels(facts["desk"], facts["code"]).inc()
    elif rest == "line":
        metrics.desk_lines.labels(facts["desk"]).inc()


_COUNTS: dict[str, _Counting] = {
    "mention": lambda m, rest, f: m.mentions.labels(f["platform"], f["origin"], rest).inc(),
    "verdict": lambda m, rest, f: m.verdicts.labels(rest).inc(),
    "acknowledgement": lambda m, rest, f: m.acknowledgements.labels(rest).inc(),
    "event": lambda m, rest, f: m.events.labels(rest).inc(),
    "delivery": lambda m, rest, f: m.deliveries.labels(rest).inc(),
    "poll": lambda m, rest, f: m.poll_failures.labels(f["platform"], f["account"]).inc(),
    "request": lambda m, rest, f: m.refused.labels(f["code"]).inc(),
    "picture": lambda m, rest, f: m.pictures.labels(rest).inc(),
    "hook": lambda m, rest, f: m.hooks.labels(f["platform"], f["account"], rest).inc(),
    "job": _job,
    "spend": lambda m, rest, f: m.spend.labels(f["platform"], f["account"], f["what"]).inc(f["micros"] / 1_000_000),
    "reply": _reply,
    "helpdesk": _desk,
}
