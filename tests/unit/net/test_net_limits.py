"""The bucket: smooth on its own account, obedient to the server."""

import asyncio
from datetime import timedelta

import pytest

from mentionbridge.domain.errors import RateLimited
from mentionbridge.net.limits import Bucket


@pytest.fixture
def naps():
    return []


@pytest.fixture
def bucket(clock, naps):
    async def sleep(seconds: float) -> None:
        naps.append(round(seconds, 6))

    return Bucket(clock, rate=2, burst=3, sleep=sleep)


async def test_a_burst_passes_at_once_and_the_rest_waits_its_turn(bucket, naps):
    for _ in range(6):
        await bucket.take()
    assert naps == [0.5, 1.0, 1.5]


async def test_tokens_come_back_with_time_but_never_over_the_burst(bucket, clock, naps):
    for _ in range(3):
        await bucket.take()
    clock.passed = 1000
    for _ in range(4):
        await bucket.take()
    assert naps == [0.5]


async def test_a_queue_longer_than_five_seconds_is_refused_and_costs_no_token(bucket, clock, naps):
    for _ in range(13):
        await bucket.take()
    assert naps[-1] == 5.0
    for _ in range(3):
        with pytest.raises(RateLimited) as caught:
            await bucket.take()
        assert caught.value.until == clock.now() + timedelta(seconds=5.5)


@pytest.mark.parametrize("name", ["ratelimit-remaining", "x-ratelimit-remaining", "x-rate-limit-remaining"])
async def test_nothing_remains_until_the_server_says_so(bucket, clock, naps, name):
    bucket.learn({name: "0", "ratelimit-reset": "90"}, clock.now(), "GET /feed")
    with pytest.raises(RateLimited) as caught:
        await bucket.take("GET /feed")
    assert caught.value.until == clock.now() + timedelta(seconds=90)
    clock.passed = 91
    await bucket.take("GET /feed")
    assert naps == []


async def test_a_short_closure_is_slept_through(bucket, clock, naps):
    bucket.learn({"ratelimit-remaining": "0", "ratelimit-reset": "4"}, clock.now())
    await bucket.take()
    assert naps == [4.0]


async def test_retry_after_closes_too(bucket, clock):
    bucket.learn({"retry-after": "600"}, clock.now())
    with pytest.raises(RateLimited):
        await bucket.take()


async def test_one_route_does_not_close_another(bucket, clock, naps):
    bucket.learn({"ratelimit-remaining": "0", "ratelimit-reset": "3000"}, clock.now(), "POST /login")
    await bucket.take("GET /feed")
    assert naps == []


@pytest.mark.parametrize("headers", [{}, {"ratelimit-remaining": "7"}, {"ratelimit-remaining": "many"}])
async def test_other_headers_close_nothing(bucket, clock, naps, headers):
    bucket.learn({**headers, "ratelimit-reset": "90"}, clock.now())
    await bucket.take()
    assert naps == []


async def test_remembered_routes_are_bounded_and_the_latest_stay(bucket, clock):
    for number in range(400):
        bucket.learn({"retry-after": "600"}, clock.now(), f"GET /{number}")
    await bucket.take("GET /0")
    with pytest.raises(RateLimited):
        await bucket.take("GET /399")


async def test_takers_at_the_same_time_each_get_their_own_turn(clock, naps):
    async def sleep(seconds: float) -> None:
        naps.append(round(seconds, 6))
        await asyncio.sleep(0)

    bucket = Bucket(clock, rate=1, burst=1, sleep=sleep)
    await asyncio.gather(*(bucket.take() for _ in range(4)))
    assert naps == [1.0, 2.0, 3.0]
