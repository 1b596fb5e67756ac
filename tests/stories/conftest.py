"""Stories are told on SQLite; what the two databases might do differently is told on both (parametrise `kind`)."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fakes.tale import Tale, tale


@pytest.fixture
def kind() -> str:
    return "sqlite"


@pytest.fixture
async def told(kind: str, tmp_path: Path) -> AsyncIterator[Tale]:
    async with tale(kind, tmp_path) as it:
        yield it
