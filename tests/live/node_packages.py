"""Node programs the live tests run: their pinned packages, installed once into a cache.

The cache is `$MENTIONBRIDGE_LIVE_CACHE` (default `~/.cache/mentionbridge-live`); it needs Node 20 or newer and npm.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest


def installed(source: Path, *, rebuild: Sequence[str] = ()) -> Path:
    """Return a folder with a program and its packages; `rebuild` names packages that have to be compiled."""
    for tool in ("node", "npm"):
        if not shutil.which(tool):
            pytest.fail(f"The live tests need {tool} (Node 20 or newer) on the PATH.")
    cache = Path(os.environ.get("MENTIONBRIDGE_LIVE_CACHE") or Path.home() / ".cache" / "mentionbridge-live")
    mark = hashlib.sha256((source / "package-lock.json").read_bytes()).hexdigest()[:12]
    folder = cache / f"{source.name}-{mark}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for file in source.iterdir():
            shutil.copy(file, folder / file.name)
        if not (folder / ".installed").exists():
            _npm(folder, "ci", "--ignore-scripts")
            if rebuild:
                _npm(folder, "rebuild", *rebuild)
            (folder / ".installed").touch()
    return folder


def _npm(folder: Path, *command: str) -> None:
    headers = {"npm_config_nodedir": "/usr"} if Path("/usr/include/node").exists() else {}
    done = subprocess.run(
        ["npm", *command, "--no-audit", "--no-fund"],
        cwd=folder,
        env={**os.environ, **headers},
        capture_output=True,
        text=True,
        timeout=900,
    )
    if done.returncode:
        pytest.fail(f"npm {' '.join(command)} failed in {folder}:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
