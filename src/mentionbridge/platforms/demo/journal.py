"""What the network remembers: one JSON line a change, on disk before anybody is told."""

import errno
import fcntl
import json
import os
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from typing import IO, Protocol

from mentionbridge.domain.errors import SetupError
from mentionbridge.platforms.demo.network import Change

JOURNAL = "demo-network.jsonl"
LOCK = "demo-network.lock"


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
    """`demo-network.jsonl` in a folder, and the pictures beside it, for their owner alone. One process at a time."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / JOURNAL
        self._pictures = folder / "demo-pictures"
        self._pictures.mkdir(exist_ok=True)
        self._pictures.chmod(0o700)
        self._lock = _locked(folder / LOCK)
        self._file = _private(self._path)
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
        with _private(fresh) as file:
            file.truncate(0)
            file.write(body)
            os.fsync(file.fileno())
        fresh.replace(self._pictures / name)

    def picture(self, name: str) -> bytes | None:
        path = self._pictures / name
        return path.read_bytes() if path.is_file() else None

    def close(self) -> None:
        self._file.close()
        self._lock.close()


def check_free(folder: Path) -> None:
    """Raise SetupError when another process has the network kept in this folder; makes and changes nothing."""
    path = folder / LOCK
    if path.exists():
        with path.open("rb") as lock:
            _lock(lock, path, fcntl.LOCK_SH)


def _locked(path: Path) -> FileIO:
    # Its own file: closing any handle of a POSIX-locked file, a mere reader's too, would give the lock away.
    lock = _private(path)
    try:
        _lock(lock, path, fcntl.LOCK_EX)
    except SetupError:
        lock.close()
        raise
    return lock


def _lock(file: IO[bytes] | FileIO, path: Path, how: int) -> None:
    try:
        fcntl.lockf(file, how | fcntl.LOCK_NB)
    except OSError:
        raise SetupError(
            f"Another process already runs the demo network kept beside {path}; stop it, or run the network by "
            "itself and give every process its address as `url` in [platforms.demo]."
        ) from None


def _private(path: Path) -> FileIO:
    """Open a file to append to; what people wrote is its owner's alone, also where an older file was open to all."""
    file = FileIO(path, "a", opener=lambda name, flags: os.open(name, flags, 0o600))
    os.fchmod(file.fileno(), 0o600)
    return file


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
