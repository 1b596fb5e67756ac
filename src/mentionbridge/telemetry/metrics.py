"""Every metric, named in one place."""

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest


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
        self.pictures = counter("pictures", "Pictures that came with mentions", "outcome")
        self.desk_lines = counter("helpdesk_lines", "Lines carried to helpdesks", "desk")
        self.spend = counter("spend_dollars", "What calls have cost, in US dollars", "platform", "account", "what")
        self.desk_failures = counter("helpdesk_failures", "Calls of helpdesks that failed, by code", "desk", "code")
        self.jobs = Histogram("mentionbridge_job_seconds", "Time a job took", ["queue"], registry=self.registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"mentionbridge_{name}", text, labels, registry=self.registry)

    def render(self) -> bytes:
        """Return the exposition text."""
        return generate_latest(self.registry)
