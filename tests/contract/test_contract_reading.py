"""Samples read as they say; whatever else a network sends neither raises nor vanishes."""

import copy
import json
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.folders import FOLDERS, NAMES, Folder, Missing
from contract.mutations import ANYTHING, mutated
from contract.scripted import on_stage, said_in_thread
from mentionbridge.domain.mention import Deleted, Post, Unreadable
from mentionbridge.ports.platform import Hook, HookRequest
from mentionbridge.rules.intake import tidy

KINDS = {"post": Post, "deleted": Deleted, "unreadable": Unreadable}
NAMED_BY_EVERY_POST = ("external_id", "author.external_id", "text", "created_at", "thread_id")
each_folder = pytest.mark.parametrize("folder", FOLDERS, ids=NAMES)


@each_folder
def test_samples_read_as_they_say(folder: Folder) -> None:
    kinds = set()
    for sample in folder.samples:
        expect, item = dict(sample["expect"]), folder.read(sample["payload"])
        kind = expect.pop("kind")
        kinds.add(kind)
        assert isinstance(item, KINDS[kind]), f"{sample['shape']}: {item}"
        if kind == "post" and (unnamed := set(NAMED_BY_EVERY_POST) - expect.keys()):
            raise Missing(f"the sample {sample['shape']!r} does not say what {', '.join(sorted(unnamed))} must be.")
        for path, value in expect.items():
            assert _plain(_at(item, path)) == value, f"{sample['shape']}: {path}"
    assert "post" in kinds, f"{folder.name} has no sample of a post"


@each_folder
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_nothing_mutated_raises_or_vanishes(folder: Folder, data: st.DataObject) -> None:
    sample = data.draw(st.sampled_from(folder.samples))
    _check(folder.read(data.draw(mutated(sample["payload"]))))


@each_folder
@settings(max_examples=50, deadline=None)
@given(payload=ANYTHING)
def test_nothing_unheard_of_raises_or_vanishes(folder: Folder, payload: Any) -> None:
    _check(folder.read(payload))


@each_folder
@settings(max_examples=40, deadline=None)
@given(data=st.data())
async def test_a_poll_loses_no_item_however_broken(folder: Folder, data: st.DataObject) -> None:
    if not folder.plug.capabilities.polls:
        return
    page = copy.deepcopy(folder.told("collect"))
    # A pointer of no steps is the whole page.
    *above, last = ["page", *filter(None, page["items"].split("/"))]
    holder = whole = {"page": page["json"]}
    for step in above:
        holder = holder[step]
    assert holder[last], "the page in `collect` is empty; put an item in it"
    holder[last] = [data.draw(mutated(item)) if data.draw(st.booleans()) else item for item in holder[last]]
    count = len(holder[last])
    async with on_stage(folder) as stage:
        stage.server.page = whole["page"]
        items = [item async for one in stage.platform.collect(None) for item in one.items]
    assert len(items) == count
    for item in items:
        _check(item)


@each_folder
async def test_a_thread_that_is_followed_shows_what_one_person_said_in_it(folder: Folder) -> None:
    if not folder.plug.capabilities.follows_threads:
        return
    if "said_in_thread" not in folder.told("reads"):
        raise Missing(f"{folder.name} follows threads; add 'said_in_thread' to `reads`, and what it asks to `always`.")
    target = folder.told("target")
    async with on_stage(folder) as stage:
        said = await said_in_thread(stage)
    assert {(post.author.external_id, post.thread_id) for post in said} == {
        (target["author_external_id"], target["thread_id"])
    }
    assert [post.created_at for post in said] == sorted(post.created_at for post in said)


@each_folder
@settings(max_examples=80, deadline=None)
@given(data=st.data())
async def test_a_webhook_loses_no_event_however_broken(folder: Folder, data: st.DataObject) -> None:
    if not folder.plug.capabilities.hooks:
        return
    whole = folder.told("hook")["body"]
    broken = data.draw(mutated(json.loads(whole)).map(lambda it: json.dumps(it).encode()) | st.binary(min_size=1))
    async with on_stage(folder) as stage:
        items = _hook(folder, stage.network).parse(broken)
    assert items, "a webhook body became nothing"
    for item in items:
        _check(item)


@each_folder
async def test_only_a_signed_and_fresh_webhook_passes(folder: Folder) -> None:
    if not folder.plug.capabilities.hooks:
        return
    told = folder.told("hook")
    at, body = datetime.fromisoformat(told["at"]), told["body"].encode()
    good = HookRequest("POST", told["headers"], {}, body)
    async with on_stage(folder) as stage:
        hook = _hook(folder, stage.network)
        assert hook.verify(good, at) is None
        assert hook.parse(body)
        for name in told["signed_by"]:
            without = {key: value for key, value in told["headers"].items() if key != name}
            value = told["headers"][name]
            for wrong in (None, "", value[:-1] + "x", "é"):
                headers = without if wrong is None else {**without, name: wrong}
                assert hook.verify(HookRequest("POST", headers, {}, body), at), f"passed with {name}: {wrong}"
        assert hook.verify(HookRequest("POST", told["headers"], {}, body + b" "), at)
        assert hook.verify(HookRequest("POST", told["headers"], {}, b""), at)
        if told["ages"]:
            assert hook.verify(good, at + timedelta(days=1))
            assert hook.verify(good, at - timedelta(days=1))


def _hook(folder: Folder, network: Any) -> Hook:
    hook = network.hook(folder.account, folder.plug.account_options(**folder.told("account_options")))
    assert hook is not None, f"{folder.name} says it has hooks and gives none"
    return hook


def _check(item: Any) -> None:
    """An item must be one of the three, and once tidied a store must be able to keep it."""
    assert isinstance(item, Post | Deleted | Unreadable)
    item = tidy(item, datetime.now(UTC)) if isinstance(item, Post) else item
    if isinstance(item, Unreadable):
        assert isinstance(item.body, bytes)
        assert item.reason
        return
    words = [item.external_id]
    if isinstance(item, Post):
        assert item.created_at.tzinfo is not None
        assert item.created_at.astimezone(UTC)
        assert item.thread_id
        author = item.author
        words += [item.text, item.thread_id, author.external_id, author.handle, author.name, item.parent_id or ""]
        json.dumps(item.ref)
    assert item.external_id
    for word in words:
        assert "\x00" not in word.encode().decode(), "a NUL inside a text cannot be stored"


def _at(item: Any, path: str) -> Any:
    for step in path.split("."):
        item = _step(item, step)
    return item


def _step(item: Any, step: str) -> Any:
    if isinstance(item, dict):
        return item[step]
    return item[int(step)] if step.isdigit() else getattr(item, step)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, StrEnum):
        return value.value
    return list(value) if isinstance(value, tuple) else value
