"""A bridge on the demo network whose tickets are mirrored into a helpdesk in memory, by a hand-wound clock."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from fakes.chaos_driver import Life
from fakes.chaos_outside import Outside, outside
from fakes.databases import drop_postgres, fresh_database
from fakes.toy_desk import Case, ToyDesk, passes, with_desks


@dataclass
class Scene:
    """Everything in one place."""

    life: Life
    outside: Outside
    desk: ToyDesk
    url: str
    folder: Path

    async def passes(self, seconds: float = 30, step: float = 2.0) -> None:
        await passes(self.life, seconds, step)

    async def complains(self, who: str = "sam", text: str = "@acme my broadband has been down since Tuesday") -> str:
        """Somebody complains; returns the post once it is mirrored."""
        post = await self.outside.says(who, text)
        await self.passes()
        return post

    @property
    def case(self) -> Case:
        return self.desk.case

    async def states(self) -> list[str]:
        return [state for (state,) in await self.life.rows("SELECT state FROM tickets ORDER BY id")]


@asynccontextmanager
async def played(kind: str, folder: Path) -> AsyncIterator[Scene]:
    """A scene on one kind of database."""
    url = fresh_database(kind, folder)
    async with outside() as world:
        desk = ToyDesk(world.clock)
        scene = Scene(with_desks(world, url, folder, desk), world, desk, url, folder)
        await scene.life.begin()
        await scene.passes(2)
        yield scene
        await scene.life.end()
    if kind == "postgresql":
        drop_postgres(url)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with played("sqlite", tmp_path) as made:
        yield made


@pytest.fixture(params=("sqlite", "postgresql"))
async def on_both(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Scene]:
    async with played(request.param, tmp_path) as made:
        yield made
