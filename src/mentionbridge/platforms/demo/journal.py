"""What the network remembers: one JSON line a change, on disk before anybody is told."""

import errno
import fcntl
import json
import os
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from typing import Protocol

from mentionbridge.domain.errors import SetupError
from mentionbridge.platforms.demo.network import Change


class Journal(Protocol):
    """Where changes are kept."""

    def read(self) -> Iterator[Change]:
        """Walk every change kept so far, oldest first."""

    def append(self, change: Change) -> None:
        """Keep one change; when this returns, a power cut does not lose it."""

    def keep_picture(self, name: str, body: bytes) -> None:
        """Keep a picture under a name."""

    def picture(self, name: str) -> bytes | None:
        """Return a kept picture."""

    def close(self) -> None:
        """Let go of the file."""


class Memory:
    """A journal that forgets with the process."""

    def __init__(self) -> None:
        self._pictures: dict[str, bytes] = {}

    def read(self) -> Iterator[Change]:
        return iter(())

    def append(self, change: Change) -> None:
        return None

    def keep_picture(self, name: str, body: bytes) -> None:
        self._pictures[name] = body

    def picture(self, name: str) -> bytes | None:
        return self._pictures.get(name)

    def close(self) -> None:
        return None


class Disk:
    """`demo-network.jsonl` in a folder, and the pictures beside it. One process at a time."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "demo-network.jsonl"
        self._pictures = folder / "demo-pictures"
        self._pictures.mkdir(exist_ok=True)
        self._lock = _locked(self._path.with_suffix(".lock"))
        self._file = FileIO(self._path, "a")
        self._size = 0
        _sync_folder(folder)

    def read(self) -> Iterator[Change]:
        self._size = 0
        with self._path.open("rb") as lines:
            for line in lines:
                # A line without its end was being written when the machine stopped; nobody was told of it.
                if not line.endswith(b"\n"):
                    break
                self._size += len(line)
                yield json.loads(line)
        self._file.truncate(self._size)

    def append(self, change: Change) -> None:
        line = json.dumps(change, separators=(",", ":")).encode() + b"\n"
        try:
            if self._file.write(line) != len(line):
                raise OSError(errno.ENOSPC, "the disk took only half a line")
            os.fsync(self._file.fileno())
        except OSError:
            # Half a line would swallow the next one.
            self._file.truncate(self._size)
            raise
        self._size += len(line)

    def keep_picture(self, name: str, body: bytes) -> None:
        fresh = self._pictures / f".{name}"
        with fresh.open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._pictures / name)

    def picture(self, name: str) -> bytes | None:
        path = self._pictures / name
        return path.read_bytes() if path.is_file() else None

    def close(self) -> None:
        self._file.close()
        self._lock.close()


def _locked(path: Path) -> FileIO:
    # Its own file: closing any handle of a POSIX-locked file, a mere reader's too, would give the lock away.
    lock = FileIO(path, "a")
    try:
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise SetupError(
            f"Another process already runs the demo network kept beside {path}; stop it, or run the network by "
            "itself and give every process its address as `url` in [platforms.demo]."
        ) from None
    return lock


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
