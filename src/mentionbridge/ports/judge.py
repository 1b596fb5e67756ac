"""What the heart asks of a judge."""

from collections.abc import Sequence
from typing import Protocol

from mentionbridge.domain.verdict import Topic, Verdict


class Judge(Protocol):
    """Tells complaints from noise and says why."""

    def judge(self, text: str, *, lang: str | None, topics: Sequence[Topic], has_media: bool) -> Verdict:
        """Judge one text; never raises, whatever the text holds."""
