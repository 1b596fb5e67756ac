"""What a platform says goes out once, within the limit, past the gate; and every answer means what it should."""

import json
import logging
import traceback
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from contract.folders import FOLDERS, Folder
from contract.scripted import OpenGate, Stage, breaks, on_stage, said_in_thread
from mentionbridge.domain.errors import LeaseLost, LoginNeeded, PlatformDown, RateLimited
from mentionbridge.domain.reply import AlreadySent, Refusal, Refused, ReplyIntent, Sent, Unknown

SPEAKERS = [folder for folder in FOLDERS if folder.plug.capabilities.replies]
each_folder = pytest.mark.parametrize("folder", SPEAKERS, ids=[folder.name for folder in SPEAKERS])
"""Where nothing can be sent, there is nothing to keep: what is said there a person posts."""
LOST = (httpx.ReadTimeout, httpx.ReadError, httpx.RemoteProtocolError, httpx.WriteError)


class ClosedGate:
    def check(self) -> None:
        raise LeaseLost("too late")


@each_folder
async def test_a_reply_is_said_and_named(folder: Folder) -> None:
    answer = folder.answer("reply_ok")
    async with on_stage(folder) as stage:
        outcome = await _send(stage, folder.intent(), answer)
    assert isinstance(outcome, Sent)
    assert outcome.external_id == answer["external_id"]
    assert len(stage.server.sends) == 1
    stage.server.check()


@each_folder
async def test_a_repeat_under_one_key_writes_the_same_bytes_and_names_the_same_post(folder: Folder) -> None:
    if not folder.plug.capabilities.keyed:
        return
    async with on_stage(folder) as stage:
        intent = _prepared(stage, folder.intent())
        first = await _send(stage, intent, folder.answer("reply_ok"))
        stage.clock.forward(30)
        again = await _send(stage, intent, folder.answer("reply_again"))
    assert isinstance(first, Sent)
    assert isinstance(again, Sent | AlreadySent)
    assert again.external_id == first.external_id
    one, other = (_written(request) for request in stage.server.sends)
    assert one == other


@each_folder
async def test_two_replies_are_told_apart(folder: Folder) -> None:
    if not folder.plug.capabilities.keyed:
        return
    async with on_stage(folder) as stage:
        for key in ("k-0001", "k-0002"):
            await _send(stage, _prepared(stage, folder.intent(key=key)), folder.answer("reply_ok"))
    one, other = (_written(request) for request in stage.server.sends)
    assert one != other


@each_folder
async def test_what_prepare_returns_can_be_stored_and_comes_out_the_same(folder: Folder) -> None:
    async with on_stage(folder) as stage:
        prepared = dict(stage.platform.prepare(folder.intent()))
        assert json.loads(json.dumps(prepared)) == prepared
        assert dict(stage.platform.prepare(folder.intent())) == prepared


@each_folder
async def test_a_limit_is_rate_limited_until_the_networks_own_time(folder: Folder) -> None:
    answer = folder.answer("rate_limited")
    async with on_stage(folder) as stage:
        with pytest.raises(RateLimited) as raised:
            await _send(stage, folder.intent(), answer)
    assert abs(raised.value.until - folder.now - timedelta(seconds=answer["until_seconds"])) <= timedelta(seconds=1)


@each_folder
async def test_a_dead_login_is_login_needed(folder: Folder) -> None:
    answer = folder.answer("unauthorised")
    async with on_stage(folder) as stage:
        stage.server.on_send = [answer] * 3
        with pytest.raises(LoginNeeded):
            await stage.platform.send(_prepared(stage, folder.intent()), OpenGate())


@each_folder
async def test_a_refusal_is_a_value(folder: Folder) -> None:
    answer = folder.answer("refused")
    async with on_stage(folder) as stage:
        outcome = await _send(stage, folder.intent(), answer)
    assert isinstance(outcome, Refused)
    assert outcome.kind is Refusal(answer["refusal"])


@each_folder
@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_failing_server_leaves_a_send_unknown(folder: Folder, status: int) -> None:
    async with on_stage(folder) as stage:
        outcome = await _send(stage, folder.intent(), {**folder.answer("server_error"), "status": status})
    assert isinstance(outcome, Unknown)
    assert len(stage.server.sends) == 1


@each_folder
@pytest.mark.parametrize("error", LOST)
async def test_a_lost_answer_leaves_a_send_unknown(folder: Folder, error: type[httpx.TransportError]) -> None:
    async with on_stage(folder) as stage:
        outcome = await _send(stage, folder.intent(), breaks(error))
    assert isinstance(outcome, Unknown)
    assert len(stage.server.sends) == 1


@each_folder
@pytest.mark.parametrize("body", ["", "<html>", "[]", "null", "{}", '{"id": 7}'])
async def test_a_yes_that_makes_no_sense_is_unknown(folder: Folder, body: str) -> None:
    status = folder.answer("reply_ok")["status"]
    async with on_stage(folder) as stage:
        outcome = await _send(stage, folder.intent(), {"status": status, "text": body})
    assert isinstance(outcome, Unknown)


@each_folder
@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ConnectTimeout])
async def test_a_failed_connection_is_down_and_nothing_was_said(
    folder: Folder, error: type[httpx.TransportError]
) -> None:
    async with on_stage(folder) as stage:
        with pytest.raises(PlatformDown):
            await _send(stage, folder.intent(), breaks(error))
        stage.server.on_read = breaks(error)
        for read in folder.told("reads"):
            with pytest.raises(PlatformDown):
                await _read(stage, read)


@each_folder
async def test_reads_tell_a_dead_login_a_limit_and_a_failing_server_apart(folder: Folder) -> None:
    tells = {"unauthorised": LoginNeeded, "rate_limited": RateLimited, "server_error": PlatformDown}
    for name, error in tells.items():
        for read in folder.told("reads"):
            async with on_stage(folder) as stage:
                stage.server.on_read = folder.answer(name)
                with pytest.raises(error):
                    await _read(stage, read)
    for lost in LOST:
        for read in folder.told("reads")[:1]:
            async with on_stage(folder) as stage:
                stage.server.on_read = breaks(lost)
                with pytest.raises(PlatformDown):
                    await _read(stage, read)


@each_folder
async def test_a_text_over_the_limit_is_never_written(folder: Folder) -> None:
    limit = folder.plug.capabilities.max_length
    async with on_stage(folder) as stage:
        for text in ("x" * (limit + 1), "👩‍👩‍👧‍👦" * (limit + 1), "ä\u0308" * (limit + 1), "x" * 100_000):
            assert stage.platform.count(text) > limit
            outcome = await _send(stage, folder.intent(text))
            assert isinstance(outcome, Refused)
            assert outcome.kind is Refusal.TOO_LONG
        assert stage.server.sends == []


@each_folder
async def test_a_text_at_the_limit_is_said(folder: Folder) -> None:
    text = "x" * folder.plug.capabilities.max_length
    async with on_stage(folder) as stage:
        assert stage.platform.count(text) == len(text)
        outcome = await _send(stage, folder.intent(text), folder.answer("reply_ok"))
    assert isinstance(outcome, Sent)


@each_folder
async def test_a_closed_gate_stops_the_send_before_its_first_byte(folder: Folder) -> None:
    async with on_stage(folder) as stage:
        intent = _prepared(stage, folder.intent())
        with pytest.raises(LeaseLost):
            await stage.platform.send(intent, ClosedGate())
        assert stage.server.sends == []


@each_folder
async def test_no_secret_is_seen_in_a_log_an_error_or_an_outcome(
    folder: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    heard: list[str] = []
    scripts = [folder.answer(name) for name in ("reply_ok", "unauthorised", "rate_limited", "server_error", "refused")]
    for script in [*scripts, *(breaks(error) for error in (*LOST, httpx.ConnectError))]:
        async with on_stage(folder) as stage:
            stage.server.on_send = [script] * 3
            heard.append(await _overheard(stage.platform.send(_prepared(stage, folder.intent()), OpenGate())))
            stage.server.on_read = script
            heard += [await _overheard(_read(stage, read)) for read in folder.told("reads")]
            heard.append(repr(stage.platform))
    everything = "\n".join([*heard, caplog.text])
    assert folder.told("secrets"), "name the secrets of the exchanges"
    for secret in folder.told("secrets"):
        assert secret not in everything


async def _overheard(call: Any) -> str:
    try:
        return repr(await call)
    except Exception as error:
        return "".join(traceback.format_exception(error)) + repr(error)


def _prepared(stage: Stage, intent: ReplyIntent) -> ReplyIntent:
    """Return the intent as it comes out of the store."""
    return replace(intent, prepared=json.loads(json.dumps(dict(stage.platform.prepare(intent)))))


async def _send(stage: Stage, intent: ReplyIntent, *answers: Any) -> Any:
    stage.server.on_send = list(answers)
    return await stage.platform.send(intent if intent.prepared else _prepared(stage, intent), OpenGate())


async def _read(stage: Stage, name: str) -> Any:
    if name == "probe":
        return await stage.platform.probe()
    if name == "said_in_thread":
        return await said_in_thread(stage)
    return [page async for page in stage.platform.collect(None)]


def _written(request: httpx.Request) -> tuple[Any, ...]:
    return request.method, str(request.url), request.headers.get("idempotency-key"), request.content
