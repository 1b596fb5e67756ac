"""What was said survives whatever happens to the process or the disk."""

import errno
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from fakes.clock import HandClock
from mentionbridge.platforms.demo.acts import LiveNetwork
from mentionbridge.platforms.demo.journal import Disk


def _live(folder: Path) -> LiveNetwork:
    live = LiveNetwork(HandClock(), lambda: Disk(folder))
    live.open()
    return live


def _texts(folder: Path) -> list[str]:
    live = _live(folder)
    live.close()
    return [post.text for post in live.state.posts.values()]


def _busy_day(live: LiveNetwork) -> None:
    sam, acme = live.join("sam", "Sam Okoro", followers=412), live.adopt("acme", "Acme")
    root = live.post(sam, "@acme no parcel", pictures=[{"name": "a.png", "alt": "box"}], place="Mill Road")
    reply, _ = live.reply(
        acme, root.id, "Sorry, write to us", key="k", links=[{"start": 7, "end": 12, "url": "http://x"}]
    )
    live.write(sam, acme, "order 4471-209")
    live.edit(sam, root.id, "@acme still no parcel")
    live.lock(sam, root.id)
    live.follow(sam, acme)
    live.block(acme, sam)
    live.block(acme, sam, False)
    live.repost(live.join("mira"), root.id)
    live.delete(acme, reply.id)
    live.note_pushed("acme", 4)
    live.keep_picture("a.png", b"png")


def _known(live: LiveNetwork) -> dict[str, object]:
    return vars(live.state)


def test_a_new_process_knows_everything(tmp_path: Path) -> None:
    live = _live(tmp_path)
    _busy_day(live)
    live.close()
    again = _live(tmp_path)
    assert _known(again) == _known(live)
    assert again.picture("a.png") == b"png"
    acme = again.adopt("acme", "")
    assert (
        again.reply(acme, "p-1", "Sorry, write to us", key="k", links=[{"start": 7, "end": 12, "url": "http://x"}])[1]
        is False
    )
    again.close()


def test_every_change_is_on_disk_before_it_is_told(tmp_path: Path) -> None:
    live = _live(tmp_path)
    told: list[int] = []
    live.listeners.append(lambda: told.append((tmp_path / "demo-network.jsonl").read_bytes().count(b"\n")))
    _busy_day(live)
    assert told == list(range(1, live.state.seq + 1))
    live.close()


@pytest.mark.parametrize("torn", [b'{"seq":99,"ty', b"\x00\x00\x00", b'{"seq":99}'])
def test_a_line_that_was_being_written_is_dropped_and_the_next_one_is_whole(tmp_path: Path, torn: bytes) -> None:
    live = _live(tmp_path)
    live.post(live.join("sam"), "one")
    live.close()
    with (tmp_path / "demo-network.jsonl").open("ab") as file:
        file.write(torn)
    again = _live(tmp_path)
    again.post(again.join("sam"), "two")
    again.close()
    assert _texts(tmp_path) == ["one", "two"]


@contextmanager
def _failing_sync(folder: Path) -> Iterator[None]:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", full)
        yield


@contextmanager
def _room_for_half_a_line(folder: Path) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = (folder / "demo-network.jsonl").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 30, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("trouble", [_failing_sync, _room_for_half_a_line])
def test_a_full_disk_says_so_and_loses_nothing_said_before_or_after(
    tmp_path: Path, trouble: Callable[[Path], AbstractContextManager[None]]
) -> None:
    live = _live(tmp_path)
    sam = live.join("sam")
    live.post(sam, "one")
    with trouble(tmp_path), pytest.raises(OSError):
        live.post(sam, "lost")
    assert len(live.state.posts) == 1, "what was refused did not happen"
    assert (tmp_path / "demo-network.jsonl").read_bytes().count(b"\n") == live.state.seq
    live.close()
    assert _texts(tmp_path) == ["one"], "nor does it after a restart"
    live.open()
    with trouble(tmp_path), pytest.raises(OSError):
        live.post(sam, "lost")
    live.post(sam, "two")
    live.close()
    assert _texts(tmp_path) == ["one", "two"]


def test_a_second_process_is_told_to_use_the_address(tmp_path: Path) -> None:
    live = _live(tmp_path)
    live.join("sam")
    other = (
        "import sys; from pathlib import Path; from mentionbridge.platforms.demo.journal import Disk; "
        "Disk(Path(sys.argv[1]))"
    )
    held = subprocess.run([sys.executable, "-c", other, tmp_path], capture_output=True, text=True, check=False)
    assert "SetupError: Another process already runs the demo network" in held.stderr
    live.close()
    free = subprocess.run([sys.executable, "-c", other, tmp_path], capture_output=True, text=True, check=False)
    assert free.returncode == 0, free.stderr


def test_reading_the_journal_does_not_give_the_lock_away(tmp_path: Path) -> None:
    live = _live(tmp_path)
    (tmp_path / "demo-network.jsonl").read_bytes()
    code = "import fcntl,sys; fcntl.lockf(open(sys.argv[1],'a'), fcntl.LOCK_EX | fcntl.LOCK_NB)"
    path = tmp_path / "demo-network.lock"
    other = subprocess.run([sys.executable, "-c", code, path], capture_output=True, check=False)
    assert other.returncode != 0
    live.close()


def test_what_people_wrote_is_for_its_owner_alone_also_when_it_was_open_to_all(tmp_path: Path) -> None:
    for name in ("demo-network.jsonl", "demo-network.lock"):
        (tmp_path / name).touch(0o644)
    live = _live(tmp_path)
    _busy_day(live)
    live.close()
    kept = {each.relative_to(tmp_path).as_posix(): each.stat().st_mode & 0o777 for each in tmp_path.rglob("*")}
    assert kept == {
        "demo-network.jsonl": 0o600,
        "demo-network.lock": 0o600,
        "demo-pictures": 0o700,
        "demo-pictures/a.png": 0o600,
    }
