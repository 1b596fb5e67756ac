"""kill -9 at random and chosen moments, in real processes: one answer, one ticket, one event each; nothing lost."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fakes.chaos_counts import SEED, share
from fakes.chaos_processes import (
    Process,
    Town,
    bridge,
    network,
    rows,
    subscribe_processes,
    wait_until,
    write_config,
)
from fakes.databases import fresh_database
from fakes.running import Subscriber, free_port, subscriber

MOMENTS = ("the request is on its way", "the network took it", "the answer is on its way", "any moment")
TELLING = "the team heard it and has not said so"


@dataclass
class Siege:
    """A network, a bridge under attack, a subscriber, and every complaint so far."""

    town: Town
    process: Process
    team: Subscriber
    url: str
    complaints: list[str] = field(default_factory=list)
    moments: Counter[str] = field(default_factory=Counter)

    def asks(self, query: str) -> list[tuple[object, ...]]:
        return rows(self.url, query)

    def counts(self, query: str) -> int:
        return int(str(self.asks(f"SELECT count(*) FROM {query}")[0][0]))

    async def up(self) -> None:
        if not self.process.alive:
            self.process.start()

    async def complain(self) -> None:
        who = f"person{len(self.complaints)}"
        post = await self.town.says(who, f"@acme my broadband is down, case {len(self.complaints)}")
        self.complaints.append(post)
        await self.town.says(who, "@acme still no broadband and nobody answers", parent=post)

    async def die(self, moment: str, dice: random.Random) -> None:
        """Complain, then kill -9 at the moment; without such a moment within some seconds, kill anyway."""
        died = asyncio.Event()

        async def kill() -> None:
            if moment == "the answer is on its way":
                asyncio.get_running_loop().call_later(dice.random() / 50, self._kill, died)
                return
            self._kill(died)

        name = {"the request is on its way": "before", "any moment": "", TELLING: ""}.get(moment, "after")
        if name:
            setattr(self.town.wire, name, kill)
        if moment == TELLING:
            self.team.during = kill
        await self.complain()
        try:
            await asyncio.wait_for(died.wait(), dice.uniform(0.1, 3) if moment == "any moment" else 30)
            self.moments[moment] += 1
        except TimeoutError:
            self._kill(died)
            self.moments["any moment"] += 1
        self.town.wire.before = self.town.wire.after = self.team.during = None

    def _kill(self, died: asyncio.Event) -> None:
        self.process.kill()
        died.set()

    def quiet(self) -> bool:
        asked = (
            "mentions WHERE due IS NOT NULL",
            "replies WHERE state IN ('queued', 'sending')",
            "deliveries WHERE state = 'pending'",
            "events WHERE position IS NULL",
            "inbox WHERE state = 'waiting'",
        )
        return self.counts("mentions") == 2 * len(self.complaints) and not any(self.counts(each) for each in asked)

    async def judge(self, *, keys: bool) -> None:
        """Count what the world has seen."""
        await self.up()
        await wait_until(self.quiet, 90, "quiet")
        if keys:
            await wait_until(lambda: not self.counts("replies WHERE state != 'sent'"), 60, "every answer")
        answers = {post: await self.town.answers(post) for post in self.complaints}
        many = Counter(len(each) for each in answers.values())
        print(f"seed {SEED}: {self.process.deaths} kills {dict(self.moments)}, answers {dict(many)}")
        assert max(many) <= 1, {post: each for post, each in answers.items() if len(each) > 1}
        told = len([post for post, each in answers.items() if each])
        if keys:
            assert told == len(self.complaints)
        assert self.counts("tickets") == len(self.complaints)
        assert self.counts("mentions WHERE ticket_id IS NULL") == 0
        assert self.counts("replies") == len(self.complaints)
        assert self.counts("replies WHERE state NOT IN ('sent', 'unknown')") == 0
        assert self.counts("replies WHERE state = 'sent'") == self.counts("events WHERE type = 'reply.sent'") <= told
        assert self.counts("events WHERE type = 'ticket.opened'") == len(self.complaints)
        # What was settled a moment ago is still on its way to the team.
        await wait_until(lambda: self.owed() <= self.heard(), 90, "every event heard")
        self.hears_in_order()

    def owed(self) -> set[str]:
        return {str(id_) for (id_,) in self.asks("SELECT id FROM events WHERE type NOT LIKE 'endpoint.%'")}

    def heard(self) -> set[str]:
        return {headers["webhook-id"] for headers, _ in self.team.heard}

    def hears_in_order(self) -> None:
        """In every ticket the team heard first exactly the sequences that were told, each behind what precedes it."""
        heard: dict[str, list[int]] = {}
        for _, body in self.team.heard:
            data = json.loads(body)["data"]
            line = heard.setdefault(data.get("ticket_id", ""), [])
            if data["sequence"] not in line:
                line.append(data["sequence"])
        heard.pop("", None)
        told: dict[str, list[int]] = {}
        in_a_ticket = "SELECT ticket_id, sequence FROM events WHERE ticket_id IS NOT NULL ORDER BY sequence"
        for ticket, sequence in self.asks(in_a_ticket):
            told.setdefault(str(ticket), []).append(int(str(sequence)))
        assert heard == told
        assert len(told) == len(self.complaints)
        print(f"{len(self.team.heard)} deliveries of {len(self.heard())} events, in order in {len(told)} tickets")


@asynccontextmanager
async def siege(folder: Path, command: str, *, keys: bool = True) -> AsyncIterator[Siege]:
    url, port = fresh_database("sqlite", folder), free_port()
    hooks = f"http://127.0.0.1:{port}" if command == "serve" else None
    async with network(folder, keys=keys, webhook=hooks) as town, subscriber() as team:
        process = bridge(folder, command, write_config(folder, url, town, port=port))
        try:
            await subscribe_processes(folder, url, team.url)
            begun = Siege(town, process, team, url)
            process.start()
            active = "accounts WHERE state = 'active'"
            await wait_until(lambda: begun.counts(active) == 1, 60, "the first poll")
            yield begun
        except AssertionError:
            print(process.log.read_text()[-4000:])
            raise
        finally:
            process.end()


@pytest.mark.parametrize(("command", "keys"), [("serve", True), ("work", False)], ids=["serve", "work, no keys"])
async def test_a_few_kills_at_chosen_moments(tmp_path: Path, dice: random.Random, command: str, keys: bool) -> None:
    async with siege(tmp_path, command, keys=keys) as under:
        for moment in MOMENTS[1:3] if keys else MOMENTS[:2]:
            await under.up()
            await under.die(moment, dice)
        await under.judge(keys=keys)
        assert sum(under.moments[moment] for moment in MOMENTS[:3]) == 2, "both kills must hit their moment"


async def test_a_kill_while_the_team_is_told_loses_no_event(tmp_path: Path, dice: random.Random) -> None:
    async with siege(tmp_path, "serve") as under:
        await under.die(TELLING, dice)
        await under.judge(keys=True)
        assert under.moments[TELLING] == 1


@pytest.mark.deep
async def test_fifty_kills_while_the_team_is_told_lose_no_event(tmp_path: Path, dice: random.Random) -> None:
    async with siege(tmp_path, "serve") as under:
        for number in range(share(50)):
            await under.up()
            await under.die(TELLING if number % 2 else "any moment", dice)
        await under.judge(keys=True)
        assert under.process.deaths >= share(50)


@pytest.mark.deep
@pytest.mark.parametrize(
    ("command", "keys", "kills"),
    [("serve", True, 30), ("work", True, 10), ("serve", False, 10), ("work", False, 10)],
    ids=["serve", "work", "serve, no keys", "work, no keys"],
)
async def test_many_kills(tmp_path: Path, dice: random.Random, command: str, keys: bool, kills: int) -> None:
    async with siege(tmp_path, command, keys=keys) as under:
        for number in range(share(kills)):
            await under.up()
            await under.die(MOMENTS[number % len(MOMENTS)], dice)
        await under.judge(keys=keys)
        assert under.process.deaths >= share(kills)
