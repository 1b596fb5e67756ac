"""What the heart asks of a judge."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from mentionbridge.domain.mention import Mention
from mentionbridge.domain.verdict import Topic, Verdict


class Judge(Protocol):
    """Tells complaints from noise and says why."""

    def judge(self, text: str, *, lang: str | None, topics: Sequence[Topic], has_media: bool) -> Verdict:
        """Judge one text; never raises, whatever the text holds."""


@dataclass(frozen=True, slots=True)
class Past:
    """A post that was judged, its newest verdict, and what was decided on it."""

    mention: Mention
    verdict: Verdict
    decided: str
    has_media: bool
