"""Whatever is asked, the answer is one the OpenAPI document tells: no 5xx, no other status, no other shape."""

import pytest

from fakes.chaos_counts import SHARE
from fakes.people import ACME
from fakes.web_fuzz import try_all
from fakes.web_things import things_of
from fakes.web_world import EVERY_SCOPE, Site
from mentionbridge.ports.access import Scope

both = pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
QUICK, DEEP = 2, max(2, round(120 * SHARE))
"""How many made-up requests an operation gets, by each of the scopes."""


@pytest.fixture
def patience() -> dict[str, int]:
    return {"requests_per_minute": 10**9}


@both
async def test_any_request_is_answered_as_told(site: Site) -> None:
    seen = await try_all(site, await site.token(*EVERY_SCOPE), await things_of(site, ACME), QUICK)
    assert seen[200] > 10 and not seen[429]


@pytest.mark.deep
@both
@pytest.mark.parametrize("scope", [*Scope, None], ids=str)
async def test_any_request_with_any_scope_is_answered_as_told(site: Site, scope: Scope | None) -> None:
    token = await site.token(scope, brands=["*"]) if scope else {}
    seen = await try_all(site, token, await things_of(site, ACME), DEEP)
    assert sum(seen.values()) > 50 * DEEP and not seen[429]
