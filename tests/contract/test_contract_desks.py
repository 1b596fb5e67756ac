"""Every helpdesk's folder reads its desk as it says, and takes whatever else comes as trouble of a known kind."""

import asyncio
import json
from contextlib import suppress
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from contract.mutations import ANYTHING, mutated
from contract.scripted_desk import FOLDERS, NAMES, OPERATIONS, READS, WRITES, Desk, DeskFolder, carry_out, linked
from mentionbridge.domain.errors import (
    DeskRefused,
    LeaseLost,
    LoginNeeded,
    MentionbridgeError,
    NoAnswer,
    OddAnswer,
    PlatformDown,
    RateLimited,
)
from mentionbridge.domain.helpdesk import Heard
from mentionbridge.domain.ticket import TicketState
from mentionbridge.helpdesks.plug import DeskOptions
from mentionbridge.ports.platform import HookRequest

each_folder = pytest.mark.parametrize("folder", FOLDERS, ids=NAMES)
each_read = pytest.mark.parametrize("operation", READS)
each_write = pytest.mark.parametrize("operation", WRITES)
each_operation = pytest.mark.parametrize("operation", OPERATIONS)
PAGE = {"status": 200, "text": "<!doctype html><title>Sign in</title>"}


def test_there_are_folders() -> None:
    assert {"rt", "django_helpdesk"} <= set(NAMES)


@each_folder
def test_the_folder_is_whole(folder: DeskFolder) -> None:
    page = (folder.path / "README.md").read_text(encoding="utf-8")
    for part in ("## Set up", "## Mapping", "## Limits", "## Scorecard"):
        assert part in page, f"{folder.name}/README.md lacks {part}"
    assert folder.plug.label and folder.path.name == folder.name


@each_folder
async def test_options_refuse_what_they_do_not_know_and_keep_secrets(folder: DeskFolder) -> None:
    told = folder.told("options")
    assert issubclass(folder.plug.options, DeskOptions)
    for wrong in ({"no_such_option": 1}, {"url": "desk"}, {"fields": {"x": "no_such_fact"}}):
        with pytest.raises(ValidationError):
            folder.plug.options(**{**told, **wrong})
    shown = repr(folder.plug.options(**told))
    assert not any(secret in shown for secret in folder.told("secrets"))


@each_folder
async def test_every_state_and_priority_has_its_word(folder: DeskFolder) -> None:
    async with linked(Desk(folder, "read")) as link:
        words = link.helpdesk.words
        assert set(words.theirs) == set(TicketState)
        assert words.ours[words.theirs[TicketState.SOLVED]] is TicketState.SOLVED
        assert link.helpdesk.preview(folder.ticket())
        assert (link.hook is not None) == link.helpdesk.capabilities.hooks


@each_folder
@each_operation
async def test_it_reads_its_desk_as_it_says(folder: DeskFolder, operation: str) -> None:
    desk = Desk(folder, operation)
    assert await carry_out(desk) == folder.operation(operation)["result"]
    if sent := folder.operation(operation).get("sent"):
        body = json.loads(desk.key[-1].content)
        assert {name: body.get(name) for name in sent} == sent


@each_folder
@each_operation
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"status": 401, "json": {}}, LoginNeeded),
        ({"status": 429, "headers": {"retry-after": "120"}, "json": {}}, RateLimited),
        ({"status": 302, "headers": {"location": "/login"}, "json": {}}, OddAnswer),
        (PAGE, OddAnswer),
    ],
    ids=["401", "429", "302", "a page"],
)
async def test_trouble_is_of_a_known_kind(folder: DeskFolder, operation: str, answer: Any, error: Any) -> None:
    with pytest.raises(error) as raised:
        await carry_out(Desk(folder, operation, fail=answer))
    if isinstance(raised.value, RateLimited):
        assert raised.value.until == folder.now + timedelta(seconds=120)
    if answer is PAGE:
        assert raised.value.code in ("not_json", "wrong_type")


@each_folder
@each_read
async def test_another_type_is_told_by_its_code(folder: DeskFolder, operation: str) -> None:
    with pytest.raises(OddAnswer) as raised:
        await carry_out(Desk(folder, operation, fail={"status": 200, "json": 7}))
    assert raised.value.code == "wrong_type"


def dies(error: type[httpx.TransportError]) -> Any:
    def fail(request: httpx.Request) -> httpx.Response:
        raise error("scripted", request=request)

    return fail


@each_folder
@each_read
@pytest.mark.parametrize("fail", [{"status": 503, "json": {}}, dies(httpx.ReadTimeout), dies(httpx.ConnectError)])
async def test_a_read_that_fails_may_simply_go_again(folder: DeskFolder, operation: str, fail: Any) -> None:
    with pytest.raises(PlatformDown):
        await carry_out(Desk(folder, operation, fail=fail))


@each_folder
@each_write
@pytest.mark.parametrize("fail", [{"status": 500, "text": "<h1>Server Error</h1>"}, dies(httpx.ReadTimeout)])
async def test_a_write_that_fails_may_have_been_carried_out(folder: DeskFolder, operation: str, fail: Any) -> None:
    with pytest.raises(NoAnswer):
        await carry_out(Desk(folder, operation, fail=fail))


@each_folder
@each_write
async def test_a_write_that_never_left_may_go_again(folder: DeskFolder, operation: str) -> None:
    with pytest.raises(PlatformDown):
        await carry_out(Desk(folder, operation, fail=dies(httpx.ConnectError)))


@each_folder
@each_write
async def test_a_desk_that_declines_is_not_asked_again(folder: DeskFolder, operation: str) -> None:
    with pytest.raises(DeskRefused) as refused:
        await carry_out(Desk(folder, operation, fail={"status": 400, "json": {"message": "no"}}))
    assert refused.value.code == "invalid"


@each_folder
async def test_a_status_that_did_not_take_is_noticed(folder: DeskFolder) -> None:
    with pytest.raises(DeskRefused) as refused:
        await carry_out(Desk(folder, "set_status", lines="set_status_in_vain"))
    assert refused.value.code == "status_refused"


@each_folder
@each_write
async def test_a_closed_gate_lets_nothing_out(folder: DeskFolder, operation: str) -> None:
    class Closed:
        def check(self) -> None:
            raise LeaseLost("too late")

    desk = Desk(folder, operation)
    with pytest.raises(LeaseLost):
        await carry_out(desk, Closed())
    assert not desk.key


@each_folder
@each_read
@settings(max_examples=40, deadline=None)
@given(data=st.data())
async def test_whatever_a_desk_sends_is_read_or_refused(folder: DeskFolder, operation: str, data: Any) -> None:
    payload = data.draw(mutated(folder.operation(operation)["lines"][0].get("json")))
    with suppress(PlatformDown, NoAnswer, DeskRefused):
        await carry_out(Desk(folder, operation, payload=payload))


@each_folder
@each_read
async def test_a_desk_that_says_it_goes_on_for_ever_is_not_walked_for_ever(folder: DeskFolder, operation: str) -> None:
    """Whatever its answers count is said to be without end."""
    payload = _huge(folder.operation(operation)["lines"][0].get("json"))
    with suppress(PlatformDown, NoAnswer, DeskRefused):
        await asyncio.wait_for(carry_out(Desk(folder, operation, payload=payload)), 30)


def _huge(told: Any) -> Any:
    if not isinstance(told, dict):
        return told
    return {key: 10**18 if key in ("count", "total", "pages") else value for key, value in told.items()}


@each_folder
@each_operation
async def test_no_secret_is_in_an_error(folder: DeskFolder, operation: str, caplog: pytest.LogCaptureFixture) -> None:
    echo = {"status": 400, "json": {"message": " ".join(folder.told("secrets"))}}
    for fail in (echo, dies(httpx.ReadTimeout), dies(httpx.ConnectError), {"status": 401, "json": {}}):
        with pytest.raises(MentionbridgeError) as raised:
            await carry_out(Desk(folder, operation, fail=fail))
        if fail is not echo:
            assert not any(secret in str(raised.value) + caplog.text for secret in folder.told("secrets"))


@each_folder
async def test_a_webhook_needs_its_secret_and_only_hints(folder: DeskFolder) -> None:
    told = folder.told("hook")
    good = HookRequest("POST", told["headers"], told["query"], json.dumps(told["body"]).encode())
    async with linked(Desk(folder, "read")) as link:
        assert link.hook is not None
        assert link.hook.verify(good, folder.now) is None
        for headers, query in (({}, {}), (dict.fromkeys(told["headers"], "x"), dict.fromkeys(told["query"], "x"))):
            assert link.hook.verify(HookRequest("POST", headers, query, good.body), folder.now) is not None
        assert link.hook.hear(good.body) == Heard([str(told["ticket_id"])])
        assert link.hook.hear(b"\xff<html>") == Heard()


@each_folder
@settings(max_examples=60, deadline=None)
@given(data=st.data())
async def test_no_webhook_body_raises(folder: DeskFolder, data: Any) -> None:
    body = data.draw(st.one_of(mutated(folder.told("hook")["body"]), ANYTHING))
    async with linked(Desk(folder, "read")) as link:
        assert link.hook is not None
        assert isinstance(link.hook.hear(json.dumps(body).encode()), Heard)


@each_folder
async def test_a_check_says_what_is_wrong_and_what_to_do(folder: DeskFolder) -> None:
    for case in folder.told("checks"):
        desk = Desk(folder, "check")
        operations = {**folder.told("operations"), "check": {"lines": case["lines"]}}
        desk.folder = DeskFolder(folder.plug)
        desk.folder.__dict__["exchanges"] = {**folder.exchanges, "operations": operations}
        async with linked(desk) as link:
            findings = await link.helpdesk.check()
        wrong = [finding for finding in findings if not finding.ok]
        assert [finding.what for finding in wrong] == case["wrong"], findings
        assert all(finding.sentence.endswith(".") for finding in findings)
        for text in case.get("says", []):
            assert any(text in finding.sentence for finding in wrong)
