"""One session for all workers: kept, renewed once, and never hammered out of the network."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from contract.scripted import MemoryVault
from fakes.bluesky_script import PDS, SERVICE, US, Fault, Stage, note
from mentionbridge.domain.errors import LoginNeeded, Paced, PlatformDown, RateLimited
from mentionbridge.net.client import Http
from mentionbridge.net.limits import Pace
from mentionbridge.platforms.bluesky.session import CLAIM, HOLD_OFF, Sessions
from mentionbridge.ports.platform import PostRef


class RowlessVault:
    """An account the store has no row for yet."""

    async def read(self) -> tuple[str | None, int]:
        return None, 0

    async def swap(self, secret: str | None, version: int) -> bool:
        return False


async def signed_in(stage: Stage) -> Sessions:
    sessions = stage.sessions()
    await sessions.current()
    stage.network.asked.clear()
    return sessions


async def test_a_session_is_kept_and_used_again() -> None:
    stage = Stage()
    first = await stage.sessions().current()
    again = await stage.sessions().current()
    assert first == again
    assert first.pds == PDS
    assert [asked.host for asked in stage.network.asked] == ["entry.test"]


async def test_many_calls_at_once_renew_once() -> None:
    stage = Stage()
    sessions = await signed_in(stage)
    used = await sessions.current()
    fresh = await asyncio.gather(*(sessions.renew(used) for _ in range(20)))
    assert {session.access for session in fresh} == {"access-2"}
    assert stage.network.count("refreshSession") == 1


async def test_many_workers_at_once_renew_once() -> None:
    stage = Stage()
    used = await (await signed_in(stage)).current()
    workers = [stage.sessions() for _ in range(8)]
    fresh = await asyncio.gather(*(worker.renew(used) for worker in workers))
    assert {session.access for session in fresh} == {"access-2"}
    assert stage.network.count("refreshSession") == 1
    assert stage.network.count("createSession") == 0


async def test_a_worker_that_comes_late_takes_the_session_of_another() -> None:
    stage = Stage()
    early, late = await signed_in(stage), stage.sessions()
    used = await late.current()
    fresh = await early.renew(used)
    assert await late.renew(used) == fresh
    assert stage.network.count("refreshSession") == 1


async def test_refreshing_goes_to_the_accounts_own_server_with_the_refresh_token() -> None:
    stage = Stage()
    sessions = await signed_in(stage)
    await sessions.renew(await sessions.current())
    [asked] = stage.network.asked
    assert (asked.host, asked.headers["authorization"]) == ("pds.test", "Bearer refresh-1")


@pytest.mark.parametrize("fault", [Fault(400, "ExpiredToken"), Fault(400, "InvalidToken"), Fault(401, "AuthMissing")])
async def test_a_spent_refresh_token_leads_to_a_sign_in(fault: Fault) -> None:
    stage = Stage()
    sessions = await signed_in(stage)
    stage.network.answers["refreshSession"] = fault
    fresh = await sessions.renew(await sessions.current())
    assert fresh.access == "access-2"
    assert stage.network.count("createSession") == 1


async def test_a_worker_killed_between_refreshing_and_saving_is_made_up_for_by_signing_in() -> None:
    stage = Stage()
    sessions = await signed_in(stage)
    used = await sessions.current()

    def refreshed_then_killed(asked: Any) -> Any:
        stage.network.answers["refreshSession"] = Fault(400, "ExpiredToken", "Token has been revoked")
        raise KeyboardInterrupt

    stage.network.answers["refreshSession"] = refreshed_then_killed
    swap, stage.vault.swap = stage.vault.swap, _dead_after_the_claim(stage.vault)
    with pytest.raises((KeyboardInterrupt, asyncio.CancelledError, ConnectionError)):
        await sessions.renew(used)
    stage.vault.swap = swap
    before = stage.clock.now()
    fresh = await stage.sessions().renew(used)
    assert fresh.access == "access-2"
    assert stage.clock.now() - before >= CLAIM
    assert stage.network.count("createSession") == 1


def _dead_after_the_claim(vault: MemoryVault) -> Any:
    """The first swap is the claim; a dead process makes no second one."""
    real, calls = vault.swap, []

    async def swap(secret: str | None, version: int) -> bool:
        calls.append(version)
        if len(calls) > 1:
            raise ConnectionError("dead")
        return await real(secret, version)

    return swap


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(503, "UpstreamFailure"), PlatformDown),
        (Fault(500), PlatformDown),
        (httpx.ReadTimeout("slow"), PlatformDown),
        (httpx.ConnectError("refused"), PlatformDown),
        (Fault(429, "RateLimitExceeded", headers={"retry-after": "90"}), RateLimited),
        ({"did": US}, PlatformDown),
        ([], PlatformDown),
    ],
)
async def test_a_refresh_that_fails_keeps_the_token_and_frees_the_claim(fault: Any, error: type[Exception]) -> None:
    stage = Stage()
    sessions = await signed_in(stage)
    used = await sessions.current()
    stage.network.answers["refreshSession"] = lambda asked: fault
    with pytest.raises(error):
        await sessions.renew(used)
    stage.network.answers["refreshSession"] = lambda asked: stage.network.session()
    before = stage.clock.now()
    assert (await stage.sessions().renew(used)).access == "access-2"
    assert stage.clock.now() == before
    assert stage.network.count("createSession") == 0


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (Fault(401, "AuthenticationRequired", "Invalid identifier or password"), "make a new app password"),
        (Fault(401, "AuthFactorTokenRequired"), "main password"),
        (Fault(401, "AccountTakedown"), "taken this account down"),
        (Fault(401, "AccountDeactivated"), "deactivated"),
        (Fault(401, "SomethingNew"), "SomethingNew"),
    ],
)
async def test_a_refused_sign_in_says_what_to_do_and_is_not_tried_again_at_once(fault: Fault, sentence: str) -> None:
    stage = Stage()
    stage.network.answers["createSession"] = fault
    for _ in range(3):
        with pytest.raises(LoginNeeded, match=sentence):
            await stage.sessions().current()
    assert stage.network.count("createSession") == 1
    stage.clock.forward(HOLD_OFF.total_seconds())
    with pytest.raises(LoginNeeded):
        await stage.sessions().current()
    assert stage.network.count("createSession") == 2


async def test_a_new_password_is_tried_at_once() -> None:
    stage = Stage()
    stage.network.answers["createSession"] = [Fault(401, "AuthenticationRequired"), stage.network.session()]
    with pytest.raises(LoginNeeded):
        await stage.sessions().current()
    assert (await stage.sessions("another").current()).access == "access-1"


async def test_a_session_of_other_credentials_is_not_taken_over() -> None:
    stage = Stage()
    await signed_in(stage)
    assert (await stage.sessions("another").current()).access == "access-2"


@pytest.mark.parametrize(
    ("status", "sentence"), [("takendown", "taken"), ("deactivated", "deactivated"), (None, "act")]
)
async def test_a_session_of_a_sleeping_account_is_none(status: str | None, sentence: str) -> None:
    stage = Stage()
    stage.network.answers["createSession"] = {**stage.network.session(), "active": False, "status": status}
    with pytest.raises(LoginNeeded, match=sentence):
        await stage.sessions().current()


async def test_too_many_sign_ins_wait_for_the_networks_own_time() -> None:
    stage = Stage()
    headers = {"ratelimit-limit": "30", "ratelimit-remaining": "0", "ratelimit-policy": "30;w=300"}
    reset = str(int(stage.clock.now().timestamp()) + 250)
    stage.network.answers["createSession"] = Fault(
        429, "RateLimitExceeded", headers={**headers, "ratelimit-reset": reset}
    )
    with pytest.raises(RateLimited) as raised:
        await stage.sessions().current()
    assert (raised.value.until - stage.clock.now()).total_seconds() == 250


async def test_without_a_row_to_keep_it_in_the_session_lives_in_memory() -> None:
    stage = Stage(vault=RowlessVault())
    sessions = stage.sessions()
    used = await sessions.current()
    assert (await asyncio.gather(*(sessions.renew(used) for _ in range(5))))[0].access == "access-2"
    assert [asked.method for asked in stage.network.asked] == ["createSession", "refreshSession"]


@pytest.mark.parametrize("secret", ["", "garbage", "[]", "7", '{"mark": "x"}', '{"session": {}}'])
async def test_garbage_in_the_vault_leads_to_a_sign_in(secret: str) -> None:
    stage = Stage(vault=MemoryVault(secret))
    assert (await stage.sessions().current()).access == "access-1"


@pytest.mark.parametrize(
    ("url", "home"),
    [
        ("https://pds.example", "https://pds.example"),
        ("https://pds.example/", "https://pds.example"),
        ("http://pds.test", PDS),
        ("ftp://pds.example", SERVICE),
        (None, SERVICE),
        (7, SERVICE),
    ],
)
async def test_the_accounts_own_server_is_read_from_its_document(url: Any, home: str) -> None:
    stage = Stage()
    session = stage.network.session()
    session["didDoc"]["service"][0]["serviceEndpoint"] = url
    stage.network.answers["createSession"] = session
    assert (await stage.sessions().current()).pds == home


async def test_a_token_never_goes_out_in_the_clear_when_we_signed_in_safely() -> None:
    from mentionbridge.net.client import Answer
    from mentionbridge.platforms.bluesky.session import read_session

    body = json.dumps(Stage().network.session()).encode()
    assert read_session(Answer(200, {}, body), "https://bsky.social").pds == "https://bsky.social"


async def test_a_worker_that_never_finishes_is_not_waited_for_without_end() -> None:
    stage = Stage()
    sessions = await signed_in(stage)
    used = await sessions.current()

    async def always_claimed() -> tuple[str | None, int]:
        kept = json.loads(claimed)
        kept["claimed_until"] = (stage.clock.now() + CLAIM).isoformat()
        return json.dumps(kept), 9

    claimed, _ = await stage.vault.read()
    stage.vault.read = always_claimed
    with pytest.raises(PlatformDown, match="another worker"):
        await stage.sessions().renew(used)


async def test_no_secret_is_in_a_text() -> None:
    stage = Stage()
    sessions = stage.sessions()
    session = await sessions.current()
    assert "access-1" not in repr(session)
    assert "refresh-1" not in repr(session)
    assert "invented" not in repr(sessions._login)


async def test_reads_of_every_kind_count_as_one_and_a_sign_in_for_itself() -> None:
    stage = Stage()

    async def told(request: httpx.Request) -> httpx.Response:
        answer = await stage.network.handle(request)
        answer.headers.update({"ratelimit-limit": "30", "ratelimit-remaining": "0", "ratelimit-reset": "240"})
        return answer

    pace = Pace(stage.clock)
    stage.http = lambda base: Http(base, clock=stage.clock, transport=httpx.MockTransport(told), limits=pace)  # type: ignore[method-assign]
    platform = stage.platform()
    note_uri = note(1)["uri"]
    with pytest.raises(Paced) as caught:
        await platform.fetch([PostRef(note_uri, {})])
    assert caught.value.until == stage.clock.now() + timedelta(seconds=240)
    assert [asked.method for asked in stage.network.asked] == ["createSession", "getPosts"]
    with pytest.raises(Paced):
        await platform.probe()
    assert stage.network.count("getSession") == 0
