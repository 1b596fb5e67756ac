"""A public reply is said once, under a key of our own, and only where it will be seen."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from contract.scripted import OpenGate
from fakes.bluesky_script import (
    GATE,
    SAM,
    US,
    Asked,
    Fault,
    Repository,
    Stage,
    intent,
    later,
    note,
    shown,
    stamp,
    target,
    uri,
)
from fakes.clock import START
from mentionbridge.domain.errors import LeaseLost, LoginNeeded, PlatformDown, RateLimited
from mentionbridge.domain.mention import Surface, Visibility
from mentionbridge.domain.reply import AlreadySent, Link, NotFound, Refusal, Refused, ReplyIntent, Sent, Unknown
from mentionbridge.platforms.bluesky import tid
from mentionbridge.platforms.bluesky.platform import BlueskyPlatform

POST = note(1)
BLOCKED_THREAD = {"thread": {"$type": "app.bsky.feed.defs#blockedPost", "uri": POST["uri"], "blocked": True}}


def open_stage(**view: Any) -> tuple[Stage, Repository]:
    stage = Stage()
    stage.network.answers["getPosts"] = {"posts": [shown(POST, **view)]}
    return stage, Repository(stage.network)


def prepared(platform: BlueskyPlatform, one: ReplyIntent) -> ReplyIntent:
    return replace(one, prepared=platform.prepare(one))


async def test_the_record_is_whole_and_said_once() -> None:
    stage, repository = open_stage()
    platform = stage.platform()
    one = prepared(platform, intent(POST, "Kia ora 😀, see here", links=(Link(15, 19, "https://help.example/"),)))
    first = await platform.send(one, GATE)
    again = await platform.send(one, GATE)
    assert isinstance(first, Sent)
    assert again == AlreadySent(first.external_id, first.permalink)
    [(key, record)] = repository.records.items()
    ref = {"uri": POST["uri"], "cid": POST["cid"]}
    assert tid.is_valid(key)
    assert first.external_id == uri(US, key)
    assert first.permalink == f"https://bsky.app/profile/{US}/post/{key}"
    assert record == {
        "$type": "app.bsky.feed.post",
        "text": "Kia ora 😀, see here",
        "createdAt": stamp(START),
        "langs": ["en"],
        "facets": [
            {
                "index": {"byteStart": 18, "byteEnd": 22},
                "features": [{"$type": "app.bsky.richtext.facet#link", "uri": "https://help.example/"}],
            }
        ],
        "reply": {"root": ref, "parent": ref},
    }


async def test_a_reply_deep_in_a_thread_names_its_root() -> None:
    stage, repository = open_stage()
    root = {"uri": uri(SAM, "3m6f72q6k2222"), "cid": "bafyroot"}
    ref = {"uri": POST["uri"], "cid": POST["cid"], "root": root}
    await stage.platform().send(intent(POST, target=replace(target(POST), ref=ref)), GATE)
    [record] = repository.records.values()
    assert record["reply"] == {"root": root, "parent": {"uri": POST["uri"], "cid": POST["cid"]}}


async def test_after_a_lost_database_the_earlier_reply_is_recognised_by_its_key() -> None:
    stage, repository = open_stage()
    first = await stage.platform().send(intent(POST), GATE)
    other = intent(POST, "Other words by a newer template.", created_at=later(7200))
    again = await stage.platform().send(other, GATE)
    assert isinstance(first, Sent)
    assert again == AlreadySent(first.external_id, first.permalink)
    assert len(repository.records) == 1


async def test_a_strangers_record_under_our_key_is_no_reply_of_ours() -> None:
    stage, repository = open_stage()
    platform = stage.platform()
    key = platform.prepare(intent(POST))["rkey"]
    repository.records[key] = {"text": "something else", "createdAt": stamp(START)}
    outcome = await platform.send(intent(POST), GATE)
    assert isinstance(outcome, Refused)
    assert outcome.kind is Refusal.INVALID
    assert isinstance(await platform.find_reply(intent(POST)), NotFound)


@pytest.mark.parametrize("fault", [Fault(502, "UpstreamFailure"), Fault(400, "RecordNotFound"), {"value": 7}])
async def test_a_taken_key_that_shows_nothing_stays_open(fault: Any) -> None:
    stage, _ = open_stage()
    stage.network.answers["putRecord"] = Fault(400, "InvalidSwap")
    stage.network.answers["getRecord"] = fault
    outcome = await stage.platform().send(intent(POST), GATE)
    assert isinstance(outcome, Unknown | Refused)
    assert isinstance(outcome, Refused) == (fault == {"value": 7})


@pytest.mark.parametrize(
    ("view", "kind"),
    [
        ({"viewer": {"replyDisabled": True}}, Refusal.TARGET_CLOSED),
        ({"author": {**POST["author"], "viewer": {"blockedBy": True}}}, Refusal.BLOCKED),
        ({"author": {**POST["author"], "viewer": {"blocking": "at://x"}}}, Refusal.BLOCKED),
    ],
)
async def test_where_nobody_would_see_it_nothing_is_written(view: Any, kind: Refusal) -> None:
    stage, repository = open_stage(**view)
    platform = stage.platform()
    outcome = await platform.send(intent(POST), GATE)
    assert isinstance(outcome, Refused)
    assert outcome.kind is kind
    assert repository.records == {}
    public, _ = await platform.reply_rights(target(POST))
    assert (public.surface, public.allowed, public.refusal) == (Surface.PUBLIC, False, kind)
    assert public.reason


@pytest.mark.parametrize(
    ("thread", "profiles", "kind"),
    [
        (BLOCKED_THREAD, [{}], Refusal.BLOCKED),
        (Fault(400, "NotFound"), [{}], Refusal.TARGET_GONE),
        (Fault(400, "NotFound"), [], Refusal.TARGET_GONE),
    ],
)
async def test_a_post_that_is_not_shown_is_blocked_or_gone(thread: Any, profiles: list[Any], kind: Refusal) -> None:
    stage = Stage()
    stage.network.answers |= {"getPostThread": thread, "getProfiles": {"profiles": profiles}}
    outcome = await stage.platform().send(intent(POST), GATE)
    assert isinstance(outcome, Refused)
    assert outcome.kind is kind
    assert stage.network.count("putRecord") == 0


async def test_what_was_said_before_the_thread_closed_counts_as_said() -> None:
    stage, _ = open_stage()
    first = await stage.platform().send(intent(POST), GATE)
    stage.network.answers["getPosts"] = {"posts": [shown(POST, viewer={"replyDisabled": True})]}
    again = await stage.platform().send(intent(POST), GATE)
    assert isinstance(first, Sent)
    assert again == AlreadySent(first.external_id, first.permalink)


async def test_a_right_just_given_is_not_asked_for_again() -> None:
    stage, _ = open_stage()
    platform = stage.platform()
    public, _ = await platform.reply_rights(target(POST))
    assert public.allowed
    assert stage.network.count("getPosts") == 1
    await platform.send(intent(POST), GATE)
    assert stage.network.count("getPosts") == 1
    stage.clock.forward(11)
    await platform.send(intent(POST), GATE)
    assert stage.network.count("getPosts") == 2


@pytest.mark.parametrize("fault", [Fault(502, "UpstreamFailure"), httpx.ReadTimeout("slow"), {"posts": None}])
async def test_without_a_look_first_nothing_is_said(fault: Any) -> None:
    stage, repository = open_stage()
    stage.network.answers["getPosts"] = lambda asked: fault
    with pytest.raises(PlatformDown):
        await stage.platform().send(intent(POST), GATE)
    assert repository.records == {}


async def test_a_thread_that_contradicts_itself_is_asked_again_later() -> None:
    stage = Stage()
    stage.network.answers["getPostThread"] = {"thread": {"post": shown(POST)}}
    with pytest.raises(PlatformDown):
        await stage.platform().send(intent(POST), GATE)
    stage.network.answers["getPostThread"] = Fault(400, "InvalidRequest")
    with pytest.raises(PlatformDown):
        await stage.platform().send(intent(POST), GATE)


@pytest.mark.parametrize("text", ["x" * 301, "👨‍👩‍👧‍👦" * 121, "é\u0301\u0302" * 500])
async def test_too_many_characters_or_bytes_are_never_written(text: str) -> None:
    stage, repository = open_stage()
    outcome = await stage.platform().send(intent(POST, text), GATE)
    assert isinstance(outcome, Refused)
    assert outcome.kind is Refusal.TOO_LONG
    assert stage.network.count("putRecord") == stage.network.count("getPosts") == 0
    assert repository.records == {}


async def test_three_hundred_emoji_fit() -> None:
    stage, _ = open_stage()
    assert isinstance(await stage.platform().send(intent(POST, "😀" * 300), GATE), Sent)


@pytest.mark.parametrize(
    ("one", "kind"),
    [
        (intent(POST, target=replace(target(POST), ref={})), Refusal.INVALID),
        (intent(POST, target=replace(target(POST), external_id="p-1")), Refusal.INVALID),
        (intent(POST, target=replace(target(POST), ref={"convo": "c1", "message": "m1"})), Refusal.POLICY),
    ],
)
async def test_what_is_no_public_post_is_not_answered_in_public(one: ReplyIntent, kind: Refusal) -> None:
    stage, repository = open_stage()
    outcome = await stage.platform().send(one, GATE)
    assert isinstance(outcome, Refused)
    assert outcome.kind is kind
    assert repository.records == {}


@pytest.mark.parametrize(
    "fault",
    [
        Fault(500, "InternalServerError"),
        Fault(502, "UpstreamFailure"),
        Fault(503),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("cut"),
        {},
        [],
        {"uri": "at://did:plc:else/app.bsky.feed.post/1", "commit": {}},
    ],
)
async def test_a_lost_answer_leaves_it_open_and_the_key_settles_it(fault: Any) -> None:
    stage, repository = open_stage()
    platform = stage.platform()
    one = prepared(platform, intent(POST))

    def written_and_lost(asked: Asked) -> Any:
        repository.put(asked)
        return fault

    stage.network.answers["putRecord"] = written_and_lost
    assert isinstance(await platform.send(one, GATE), Unknown)
    found = await platform.find_reply(one)
    assert isinstance(found, Sent)
    assert found.evidence == "key"
    stage.network.answers["putRecord"] = repository.put
    again = await platform.send(one, GATE)
    assert again == AlreadySent(found.external_id, found.permalink)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(429, "RateLimitExceeded", headers={"retry-after": "30"}), RateLimited),
        (Fault(401, "AccountDeactivated"), LoginNeeded),
        (Fault(400, "ExpiredToken"), LoginNeeded),
        (httpx.ConnectError("refused"), PlatformDown),
    ],
)
async def test_what_surely_was_not_said_is_raised(fault: Any, error: type[Exception]) -> None:
    stage, _ = open_stage()
    stage.network.answers["putRecord"] = lambda asked: fault
    with pytest.raises(error):
        await stage.platform().send(intent(POST), GATE)


async def test_a_session_that_ran_out_is_renewed_and_the_gate_asked_again() -> None:
    stage, repository = open_stage()
    turns = iter([Fault(400, "ExpiredToken")])
    stage.network.answers["putRecord"] = lambda asked: next(turns, None) or repository.put(asked)

    class Counting(OpenGate):
        asked = 0

        def check(self) -> None:
            self.asked += 1

    gate = Counting()
    assert isinstance(await stage.platform().send(intent(POST), gate), Sent)
    assert gate.asked == 2


async def test_a_closed_gate_lets_no_byte_out() -> None:
    stage, repository = open_stage()

    class Closed:
        def check(self) -> None:
            raise LeaseLost("too late")

    with pytest.raises(LeaseLost):
        await stage.platform().send(intent(POST), Closed())
    assert stage.network.count("putRecord") == 0
    assert repository.records == {}


async def test_looking_for_a_reply_never_sends() -> None:
    stage, repository = open_stage()
    assert isinstance(await stage.platform().find_reply(intent(POST)), NotFound)
    stage.network.answers["getRecord"] = Fault(502, "UpstreamFailure")
    with pytest.raises(PlatformDown):
        await stage.platform().find_reply(intent(POST))
    assert stage.network.count("putRecord") == 0
    assert repository.records == {}


async def test_our_own_posts_are_read_back_newest_first_also_answers_to_old_posts() -> None:
    stage, repository = open_stage()
    platform = stage.platform()

    def say(answered: float, said: float, text: str) -> str:
        one = intent(POST, text, key=text, created_at=later(said))
        key = tid.for_reply(text, later(answered))
        record = dict(platform.prepare(one))["record"]
        repository.records[key] = record
        return uri(US, key)

    week = timedelta(days=7).total_seconds()
    fresh = say(0, 10, "fresh")
    to_old = say(-week, 20, "to an old post")
    say(-week, -week + 10, "old")
    say(-8 * week, 30, "to a very old post")
    repository.records["3m6f72q6k2222"] = {"text": 7}
    own = [one async for one in platform.own_posts(START)]
    assert [one.external_id for one in own] == [to_old, fresh]
    assert {one.parent_id for one in own} == {POST["uri"]}
    assert {one.surface for one in own} == {Surface.PUBLIC}


async def test_a_reply_is_never_wider_than_a_direct_message_it_answers() -> None:
    stage, repository = open_stage()
    told = replace(target(POST), visibility=Visibility.DIRECT, ref={"convo": "c1", "message": "m1"})
    public, _ = await stage.platform().reply_rights(told)
    assert (public.surface, public.allowed) == (Surface.PUBLIC, False)
    assert repository.records == {}


async def test_a_reply_of_ours_is_deleted_and_nobody_elses() -> None:
    stage, _ = open_stage()
    stage.network.answers["deleteRecord"] = [{"commit": {}}, {}, Fault(500, "InternalServerError")]
    platform = stage.platform()
    ours = uri(US, "3kaaaaaaaaaaa")
    assert await platform.retract(ours) is None
    assert await platform.retract(ours) is None, "what is gone already counts as taken back"
    assert stage.network.of("deleteRecord")[0].body == {
        "repo": US,
        "collection": "app.bsky.feed.post",
        "rkey": "3kaaaaaaaaaaa",
    }
    with pytest.raises(PlatformDown):
        await platform.retract(ours)
    theirs = await platform.retract(uri(SAM, "3kaaaaaaaaaaa"))
    assert isinstance(theirs, Refused) and theirs.kind is Refusal.PERMISSION
    assert stage.network.count("deleteRecord") == 3
