"""What if: what today's rules, thresholds and weights would make of posts that were judged before; nothing is kept."""

import re
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from mentionbridge.pipeline.bridge import Bridge
from mentionbridge.pipeline.judge import facts_of
from mentionbridge.ports.judge import Past
from mentionbridge.rules.routing import DEFAULTS, OURS, decide

_HOW_SURE = re.compile(r" \(\d+% sure\)")


@dataclass(slots=True)
class Changes:
    """How many posts came to each outcome then and would now, and each post that would come to another."""

    then: Counter[str] = field(default_factory=Counter)
    now: Counter[str] = field(default_factory=Counter)
    changed: list[dict[str, str]] = field(default_factory=list)

    def add(self, past: Past, now: str) -> None:
        """Count a post."""
        was, would_be = _HOW_SURE.sub("", past.decided), _HOW_SURE.sub("", now)
        self.then[was] += 1
        self.now[would_be] += 1
        if was != would_be:
            mention = past.mention
            where = {"id": mention.id, "account": mention.account_id, "external_id": mention.external_id}
            self.changed.append({**where, "then": past.decided, "now": now})

    def as_dict(self) -> dict[str, Any]:
        """Return it for printing, the most frequent outcome first."""
        outcomes = (self.then + self.now).most_common()
        counted = {name: {"then": self.then[name], "now": self.now[name]} for name, _ in outcomes}
        return {"mentions": self.then.total(), "outcomes": counted, "changed": self.changed}


async def what_if(bridge: Bridge, history: AsyncIterator[Past], changes: Changes) -> None:
    """Judge posts again and count what would follow; what a person said of a post stays."""
    async for past in history:
        changes.add(past, _decided(bridge, past))


def _decided(bridge: Bridge, past: Past) -> str:
    mention, verdict = past.mention, past.verdict
    if verdict.actor is None:
        topics = bridge.brand(mention.brand_id).topics
        verdict = bridge.judge.judge(mention.text, lang=mention.lang, topics=topics, has_media=past.has_media)
    connected = bridge.find(mention.brand_id, mention.account_id)
    facts = facts_of(mention, is_own=past.decided == OURS, has_media=past.has_media)
    return decide(verdict, facts, connected.account.thresholds if connected else DEFAULTS).why
