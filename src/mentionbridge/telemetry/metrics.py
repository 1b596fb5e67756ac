"""Every metric, named in one place."""

from collections.abc import Sequence
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

GAP_KINDS = ("blind", "silence")


@dataclass(frozen=True, slots=True)
class AccountGauges:
    """How one account is doing now; what is None is not told.

    `lag` is in seconds, `heard_at` a time in seconds since 1970, what is left are shares from 0 to 1.
    """

    brand: str
    platform: str
    account: str
    active: bool
    failures: int
    open_gaps: Sequence[str]
    lag: float | None
    heard_at: float | None
    streaming: bool | None
    allowance_left: float | None
    day_left: float | None


class Metrics:
    """Our metrics on a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        counter = self._counter
        self.mentions = counter(
            "mentions", "Items that came in, by what became of them", "platform", "origin", "result"
        )
        self.verdicts = counter("verdicts", "Judgements", "label")
        self.acknowledgements = counter("acknowledgements", "Acknowledgements decided, by what was decided", "decision")
        self.replies = counter("replies", "Sends, by outcome", "platform", "outcome")
        self.looks = counter("reply_looks", "Looks for a reply whose fate is open", "found")
        self.events = counter("events", "Events placed in the feed", "type")
        self.deliveries = counter("deliveries", "Webhook attempts", "outcome")
        self.poll_failures = counter("poll_failures", "Polls that failed", "platform", "account")
        self.refused = counter("refused_requests", "Requests refused at our doors, by code", "code")
        self.job_failures = counter("job_failures", "Jobs that failed unexpectedly", "queue")
        self.hooks = counter("hooks", "Webhook calls of platforms, by result", "platform", "account", "result")
        self.pictures = counter("pictures", "Pictures that came with mentions", "outcome")
        self.desk_lines = counter("helpdesk_lines", "Lines carried to helpdesks", "desk")
        self.spend = counter("spend_dollars", "What calls have cost, in US dollars", "platform", "account", "what")
        self.desk_failures = counter("helpdesk_failures", "Calls of helpdesks that failed, by code", "desk", "code")
        gauge = self._gauge
        self._active = gauge("active", "1 while the account speaks")
        self._failures = gauge("failures", "Polls that failed in a row")
        self._gaps = gauge("open_gaps", "1 while the account may be missing something, by kind", "kind")
        self._lag = gauge("lag_seconds", "Time since everything the network shows was read")
        self._heard = gauge("last_heard_timestamp_seconds", "When the newest post came in by itself")
        self._streaming = gauge("streaming", "1 while the account's stream is connected")
        self._allowance = gauge("allowance_left_ratio", "Share of the network's tightest limit that was left")
        self._day = gauge("day_left_ratio", "Share of the day's money that is left")
        self._of_accounts = (
            self._active,
            self._failures,
            self._gaps,
            self._lag,
            self._heard,
            self._streaming,
            self._allowance,
            self._day,
        )
        self.jobs = Histogram("mentionbridge_job_seconds", "Time a job took", ["queue"], registry=self.registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"mentionbridge_{name}", text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(
            f"mentionbridge_account_{name}", text, ("brand", "platform", "account", *labels), registry=self.registry
        )

    def tell(self, accounts: Sequence[AccountGauges]) -> None:
        """Tell how these accounts are doing, and nothing of any other."""
        for gauge in self._of_accounts:
            gauge.clear()
        for each in accounts:
            who = each.brand, each.platform, each.account
            for kind in GAP_KINDS:
                self._gaps.labels(*who, kind).set(kind in each.open_gaps)
            told = (
                (self._active, each.active),
                (self._failures, each.failures),
                (self._lag, each.lag),
                (self._heard, each.heard_at),
                (self._streaming, each.streaming),
                (self._allowance, each.allowance_left),
                (self._day, each.day_left),
            )
            for gauge, value in told:
                if value is not None:
                    gauge.labels(*who).set(value)

    def render(self) -> bytes:
        """Return the exposition text."""
        return generate_latest(self.registry)
