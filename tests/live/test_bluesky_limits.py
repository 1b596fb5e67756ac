"""The network's own rate limits, as its servers tell them."""

from datetime import UTC, datetime, timedelta

import pytest

from live.bluesky_network import options, running
from live.test_bluesky_plug import connected
from mentionbridge.domain.errors import RateLimited

pytestmark = pytest.mark.live


async def test_too_many_sign_ins_are_rate_limited_until_the_servers_own_time() -> None:
    with running(rate_limits=True) as network:
        brand = network.brand("limits")
        given = options(brand)
        body = {"identifier": given["identifier"], "password": given["app_password"]}
        url = f"{network.pds}/xrpc/com.atproto.server.createSession"
        answers = [network.http.post(url, json=body) for _ in range(31)]
        assert answers[-1].status_code == 429
        reset = datetime.fromtimestamp(int(answers[-1].headers["ratelimit-reset"]), UTC)
        async with connected(brand) as platform:
            with pytest.raises(RateLimited) as raised:
                await platform.probe()
        assert abs(raised.value.until - reset) <= timedelta(seconds=2)
