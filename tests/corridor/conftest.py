"""The whole corridor runs on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.databases import drop_postgres, fresh_database


@pytest.fixture(params=("sqlite", "postgresql"))
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    url = fresh_database(request.param, tmp_path)
    yield url
    if request.param == "postgresql":
        drop_postgres(url)
