"""An older copy of the database, or none at all: our own posts are read back first, and nobody is answered twice."""

import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from fakes.chaos_driver import PAST_LEASES, Life, begun, reborn
from fakes.chaos_outside import FOLLOW_UP
from fakes.databases import fresh_database
from mentionbridge.domain.reply import Purpose
from mentionbridge.pipeline.naming import key_of
from mentionbridge.ports.store import Queue


@dataclass
class Place:
    """A bridge that can be thrown back to an earlier copy of its database."""

    life: Life
    folder: Path

    def copy(self) -> Path:
        """What a backup holds now."""
        backup = self.folder / f"backup-{len(list(self.folder.glob('backup-*')))}"
        with closing(sqlite3.connect(self.folder / "bridge.sqlite")) as now, closing(sqlite3.connect(backup)) as kept:
            now.backup(kept)
        return backup

    async def restore(self, backup: Path | None, *, after: float = PAST_LEASES) -> None:
        """Put a copy (or an empty database) in its place and start again."""
        await self.life.end()
        for old in self.folder.glob("bridge.sqlite*"):
            old.unlink()
        if backup is None:
            fresh_database("sqlite", self.folder)
        else:
            shutil.copy(backup, self.folder / "bridge.sqlite")
        self.life = await reborn(self.life, self.folder, after=after)


@pytest.fixture(params=[True, False], ids=["keys", "no-keys"])
async def place(request: pytest.FixtureRequest, quick_folder: Path) -> AsyncIterator[Place]:
    async with begun(fresh_database("sqlite", quick_folder), quick_folder, keys=request.param) as life:
        yield Place(life, quick_folder)


async def through(life: Life, *queues: Queue) -> None:
    await life.hear()
    for queue in queues:
        await life.serve(queue)


STAGES: dict[str, tuple[Queue, ...]] = {
    "nothing of it": (),
    "the webhook": (Queue.RECHECK,),
    "the mention": (Queue.HOOK,),
    "the queued reply": (Queue.HOOK, Queue.JUDGE),
}


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("after", [PAST_LEASES, 1.0], ids=["later", "at once"])
async def test_a_restored_copy_answers_nobody_again(place: Place, stage: str, after: float) -> None:
    backup = place.copy() if stage == "nothing of it" else None
    complaint = await place.life.outside.complains()
    if backup is None:
        await through(place.life, *STAGES[stage])
        backup = place.copy()
    await place.life.until_quiet()
    assert len(place.life.outside.ours()) == 1
    await place.restore(backup, after=after)
    await place.life.until_quiet()
    place.life.outside.clock.forward(600)
    await place.life.outside.says("sam", FOLLOW_UP, parent=complaint)
    await place.life.until_quiet()
    assert [post.parent for post in place.life.outside.ours()] == [complaint]
    assert await place.life.one("SELECT count(*) FROM tickets") == 1
    assert await place.life.one("SELECT count(*) FROM mentions WHERE ticket_id IS NOT NULL") == 2


async def test_a_restored_copy_reads_back_before_it_says_anything(place: Place) -> None:
    await place.life.outside.complains()
    await through(place.life, Queue.HOOK, Queue.JUDGE)
    backup = place.copy()
    await place.life.until_quiet()
    await place.restore(backup, after=1)
    for _ in range(3):
        assert await place.life.serve(Queue.SEND) == 0, "nothing is said while the account reconciles"
    places = place.life.fuse.passed
    await place.life.until_quiet()
    assert "before own_posts" in places
    assert "before send" not in places
    assert await place.life.rows("SELECT state, evidence FROM replies") in (
        [("sent", "key")],
        [("sent", "read-back")],
    )


async def test_a_copy_in_which_a_send_was_put_off_does_not_say_it_again(place: Place) -> None:
    await place.life.outside.complains()
    await through(place.life, Queue.HOOK, Queue.JUDGE)
    await _stalled_send(place.life)
    assert await place.life.rows("SELECT state, first_sent_at FROM replies") == [("queued", None)]
    backup = place.copy()
    await place.life.until_quiet()
    assert len(place.life.outside.ours()) == 1
    await place.restore(backup)
    await place.life.until_quiet()
    assert len(place.life.outside.ours()) == 1
    assert "before send" not in place.life.fuse.passed


async def _stalled_send(life: Life) -> None:
    """The gate closes before the first byte: nothing leaves, and the reply goes back into the queue."""
    life.fuse.meanwhile["before send"] = lambda: life.outside.clock.forward(5)
    await life.serve(Queue.SEND)
    life.outside.clock.forward(10)


async def test_with_the_database_lost_history_is_imported_silently(place: Place) -> None:
    complaint = await place.life.outside.complains()
    await place.life.until_quiet()
    unanswered = await place.life.outside.says("noor", "@acme my broadband is dead as well, since Monday")
    said = [post.id for post in place.life.outside.ours()]
    (key,) = (key for (key,) in await place.life.rows("SELECT key FROM replies"))
    await place.restore(None)
    await place.life.until_quiet()
    assert [post.id for post in place.life.outside.ours()] == said
    assert await place.life.rows("SELECT external_id, silent FROM mentions ORDER BY occurred_at") == [
        (complaint, 1),
        (unanswered, 1),
    ]
    await place.life.outside.says("sam", FOLLOW_UP, parent=complaint)
    await place.life.until_quiet()
    assert [post.id for post in place.life.outside.ours()] == said, "the story has its answer"
    fresh = await place.life.outside.complains("ada")
    await place.life.until_quiet()
    assert [post.parent for post in place.life.outside.ours()] == [complaint, fresh]
    assert key != await place.life.one("SELECT key FROM replies")


async def test_the_key_of_a_send_survives_a_lost_database(quick_folder: Path) -> None:
    async with begun(fresh_database("sqlite", quick_folder), quick_folder) as life:
        complaint = await life.outside.complains()
        await through(life, Queue.HOOK, Queue.JUDGE)
        account = life.bridge.connected["acme", "acme"].account
        assert await life.one("SELECT key FROM replies") == key_of(account, complaint, Purpose.ACKNOWLEDGE)
        first = await life.one("SELECT id FROM replies")
        place = Place(life, quick_folder)
        await place.restore(None)
        connected = "UPDATE accounts SET connected_at = '2026-11-01 00:00:00.000000'"
        async with place.life.engine.writing() as connection:
            await connection.exec_driver_sql(connected)
        await place.life.until_quiet()
        rows = await place.life.rows("SELECT id, key FROM replies")
        assert [key for _, key in rows] == [key_of(account, complaint, Purpose.ACKNOWLEDGE)]
        assert rows[0][0] != first
