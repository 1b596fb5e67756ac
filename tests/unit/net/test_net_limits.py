"""Requests slow down by what a server says, before it refuses any, and the background leaves the rest to others."""

import asyncio
from datetime import timedelta

import pytest

from mentionbridge.domain.errors import Paced, RateLimited
from mentionbridge.kit.background import in_background
from mentionbridge.net.limits import PATIENCE, RESERVE, Pace

ROUTE = "GET /feed"


class Counting:
    """A server that counts the way it says, in windows of a minute."""

    def __init__(self, clock, limit):
        self.clock, self.limit = clock, limit
        self.used, self.ends, self.refused = 0, 60.0, 0

    def ask(self):
        if self.clock.passed >= self.ends:
            self.used, self.ends = 0, self.ends + 60
        self.used += 1
        self.refused += self.used > self.limit
        left = max(0, self.limit - self.used)
        moment = self.clock.now() + timedelta(seconds=self.ends - self.clock.passed)
        return {
            "ratelimit-limit": str(self.limit),
            "ratelimit-remaining": str(left),
            "ratelimit-reset": str(int(moment.timestamp())),
        }


@pytest.fixture
def naps():
    return []


@pytest.fixture
def pace(clock, naps):
    async def sleep(seconds):
        naps.append(round(seconds, 6))
        clock.passed += seconds

    return Pace(clock, sleep=sleep)


def tell(pace, status=200, route=ROUTE, lane=ROUTE, **headers):
    pace.learn(status, {name.replace("_", "-"): value for name, value in headers.items()}, route, lane)


async def asked(pace, server, waits=True):
    await pace.take(ROUTE, ROUTE, waits=waits)
    pace.learn(200, server.ask(), ROUTE, ROUTE)


async def test_the_background_is_never_refused_and_leaves_its_share_to_those_who_answer(pace, clock, naps):
    server, came_back = Counting(clock, 100), 0
    with in_background():
        for _ in range(400):
            try:
                await asked(pace, server)
            except Paced as error:
                came_back += 1
                clock.passed = (error.until - clock.now()).total_seconds() + clock.passed
    assert server.refused == 0
    assert came_back and naps, "it waited a little where that was enough, and came back where it was not"
    assert clock.passed > 180, "400 requests at less than 100 a minute"
    assert server.limit - server.used >= 0
    assert max(naps) <= PATIENCE


async def test_what_is_left_is_told_of_the_tightest_limit_that_still_holds(pace, clock):
    assert pace.allowance() is None
    soon = int((clock.now() + timedelta(seconds=60)).timestamp())
    late = int((clock.now() + timedelta(seconds=900)).timestamp())
    for lane, limit, left, reset in (("a", 300, 30, soon), ("b", 100, 50, late)):
        said = {"ratelimit_limit": str(limit), "ratelimit_remaining": str(left), "ratelimit_reset": str(reset)}
        tell(pace, route=f"GET /{lane}", lane=lane, **said)
    first = pace.allowance()
    assert (first.limit, first.left, int(first.resets_at.timestamp())) == (300, 30, soon)
    clock.passed += 61
    assert (pace.allowance().limit, pace.allowance().left) == (100, 50)
    clock.passed += 900
    assert pace.allowance() is None


async def test_who_answers_waits_for_nobody_while_the_background_does(pace, clock, naps):
    server = Counting(clock, 100)
    with in_background(), pytest.raises(Paced):
        for _ in range(200):
            await asked(pace, server)
            clock.passed -= naps.pop() if naps else 0
    left = server.limit - server.used
    assert left >= server.limit * RESERVE
    for _ in range(left):
        await asked(pace, server, waits=False)
    assert (server.refused, naps) == (0, [])
    with pytest.raises(Paced) as caught:
        await asked(pace, server)
    assert (caught.value.until - clock.now()).total_seconds() == pytest.approx(60 - clock.passed, abs=1)


async def test_while_plenty_is_left_nobody_waits(pace, clock, naps):
    server = Counting(clock, 100)
    with in_background():
        for _ in range(50):
            await asked(pace, server)
    assert (naps, clock.passed) == ([], 0)


@pytest.mark.parametrize("prefix", ["ratelimit", "x-ratelimit", "x-rate-limit"])
@pytest.mark.parametrize("left", ["0", "0.4"])
async def test_nothing_remains_until_the_server_says_so(pace, clock, prefix, left):
    tell(pace, **{f"{prefix}-remaining": left, f"{prefix}-reset": "90"})
    with pytest.raises(RateLimited) as caught:
        await pace.take(ROUTE, ROUTE)
    assert caught.value.until == clock.now() + timedelta(seconds=90)
    clock.passed = 91
    await pace.take(ROUTE, ROUTE)


async def test_a_limit_may_be_written_as_a_list_and_be_left_out(pace, clock):
    tell(pace, ratelimit_limit="100, 100;w=60", ratelimit_remaining="8", ratelimit_reset="60")
    tell(pace, lane="other", ratelimit_remaining="8", ratelimit_reset="60")
    with in_background():
        with pytest.raises(Paced):
            await pace.take(ROUTE, ROUTE)
        await pace.take(ROUTE, "other")


async def test_a_short_closure_is_slept_through_but_not_by_who_is_to_speak(pace, naps):
    tell(pace, ratelimit_remaining="0", ratelimit_reset="1")
    with pytest.raises(Paced):
        await pace.take(ROUTE, ROUTE, waits=False)
    await pace.take(ROUTE, ROUTE)
    assert naps == [1.0]


@pytest.mark.parametrize(("status", "headers"), [(503, {"retry_after": "600"}), (429, {})])
async def test_what_is_forbidden_closes_its_route_and_no_other(pace, clock, status, headers):
    tell(pace, status, lane="reads", **headers)
    with pytest.raises(Paced) as caught:
        await pace.take(ROUTE, "reads")
    assert caught.value.until - clock.now() in (timedelta(seconds=600), timedelta(seconds=60))
    await pace.take("GET /other", "reads")


async def test_one_lane_does_not_empty_another(pace, naps):
    tell(pace, lane="POST /login", ratelimit_remaining="0", ratelimit_reset="3000")
    await pace.take(ROUTE, "reads")
    assert naps == []


@pytest.mark.parametrize("headers", [{}, {"ratelimit_remaining": "7"}, {"ratelimit_remaining": "many"}])
async def test_headers_without_a_number_or_an_end_say_nothing(pace, naps, headers):
    tell(pace, **headers)
    with in_background():
        await pace.take(ROUTE, ROUTE)
    assert naps == []


async def test_an_answer_that_was_overtaken_gives_nothing_back_and_a_new_window_gives_all(pace, clock):
    tell(pace, ratelimit_limit="50", ratelimit_remaining="1", ratelimit_reset="60")
    tell(pace, ratelimit_limit="50", ratelimit_remaining="9", ratelimit_reset="60")
    await pace.take(ROUTE, ROUTE)
    with pytest.raises(Paced):
        await pace.take(ROUTE, ROUTE)
    clock.passed = 30
    tell(pace, ratelimit_limit="50", ratelimit_remaining="50", ratelimit_reset="60")
    await pace.take(ROUTE, ROUTE)


async def test_what_is_under_way_counts_before_its_answer_is_there(pace):
    tell(pace, ratelimit_limit="50", ratelimit_remaining="3", ratelimit_reset="60")
    results = await asyncio.gather(*(pace.take(ROUTE, ROUTE) for _ in range(5)), return_exceptions=True)
    assert [type(each) for each in results].count(Paced) == 2


async def test_remembered_routes_are_bounded_and_the_latest_stay(pace):
    for number in range(400):
        tell(pace, 503, route=f"GET /{number}", lane=f"{number}", retry_after="600")
    await pace.take("GET /0", "0")
    with pytest.raises(Paced):
        await pace.take("GET /399", "399")
