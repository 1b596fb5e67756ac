"""Every test here attacks the whole corridor; databases that need no power cut lie in memory where that is at hand."""

import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.chaos_counts import SEED, SHARE


@pytest.fixture
def quick_folder() -> Iterator[Path]:
    """A folder in memory where the system has such: a kill keeps what was written, and power cuts are not played."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None, prefix="mbchaos") as folder:
        yield Path(folder)


@pytest.fixture
def dice() -> random.Random:
    """Seeded; MENTIONBRIDGE_SEED plays another game."""
    print(f"seed {SEED}, share {SHARE}")
    return random.Random(SEED)
