"""Direct messages come in once, go out once, and only where they are allowed."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from fakes.bluesky_script import GATE, SAM, US, Fault, Stage, intent, note, shown, target
from fakes.clock import START
from mentionbridge.domain.errors import LoginNeeded, PlatformDown, RateLimited
from mentionbridge.domain.mention import Post, Surface, Unreadable, Visibility
from mentionbridge.domain.reply import AlreadySent, NotFound, Refusal, Refused, ReplyIntent, Sent, Target, Unknown
from mentionbridge.platforms.bluesky.platform import BlueskyPlatform
from mentionbridge.ports.platform import PostRef

KIM = "did:plc:kiminvented"


@pytest.fixture
def stage() -> Stage:
    made = Stage()
    made.network.chat.clock = lambda: made.clock.now()
    made.network.chat.incoming[US] = "all"
    made.network.answers["getPosts"] = {"posts": [shown(note(1))]}
    return made


def write(stage: Stage, text: str, by: str = SAM) -> str:
    """Let somebody write to us; returns the conversation."""
    found = stage.network.chat.call(by, "x.getConvoForMembers", {"members": [US]}, {})
    convo: str = found["convo"]["id"]
    stage.network.chat.call(by, "x.sendMessage", {}, {"convoId": convo, "message": {"text": text}})
    return convo


async def walk(platform: BlueskyPlatform, cursor: str | None = None) -> tuple[list[Any], str | None]:
    items: list[Any] = []
    async for page in platform.collect(cursor):
        items += page.items
        cursor = page.cursor or cursor
    return items, cursor


def texts(items: list[Any]) -> list[str]:
    return [item.text for item in items if isinstance(item, Post)]


def target_of(post: Post) -> Target:
    return Target(post.external_id, post.thread_id, SAM, "sam.example", Visibility.DIRECT, post.created_at, post.ref)


def private(to: Target, text: str = "May we call you?", **more: Any) -> ReplyIntent:
    return replace(intent(note(1), text), surface=Surface.PRIVATE, visibility=Visibility.DIRECT, target=to, **more)


def to_author() -> Target:
    """The author of a public post, to be written to in private."""
    return target(note(1))


async def test_messages_come_in_with_their_author_and_conversation(stage: Stage) -> None:
    convo = write(stage, "my line is dead, see here")
    [post], _ = await walk(stage.platform())
    assert isinstance(post, Post)
    assert post.visibility is Visibility.DIRECT
    assert post.tagged
    assert (post.author.external_id, post.author.handle) == (SAM, "sam.example")
    assert (post.thread_id, post.parent_id, post.permalink) == (convo, None, None)
    assert post.external_id.startswith(f"{convo}/")
    assert post.ref["convo"] == convo


async def test_each_message_comes_in_once_and_ours_never(stage: Stage) -> None:
    platform = stage.platform()
    write(stage, "first")
    items, cursor = await walk(platform)
    assert texts(items) == ["first"]
    await platform.send(private(target_of(items[0])), GATE)
    for n in range(8):
        write(stage, f"and {n}")
    items, cursor = await walk(platform, cursor)
    assert texts(items) == [f"and {n}" for n in range(8)]
    items, cursor = await walk(platform, cursor)
    assert texts(items) == []
    pages = [page async for page in platform.collect(cursor)]
    assert len(pages) == 1


async def test_a_stranger_who_asks_to_write_is_read_and_accepted_when_answered(stage: Stage) -> None:
    platform = stage.platform()
    write(stage, "from an acquaintance", by=KIM)
    _, cursor = await walk(platform)
    convo = write(stage, "from a stranger")
    assert US not in stage.network.chat.convos[convo].accepted
    items, cursor = await walk(platform, cursor)
    assert texts(items) == ["from a stranger"]
    [post] = items
    assert texts((await walk(platform, cursor))[0]) == []
    assert isinstance(await platform.send(private(target_of(post)), GATE), Sent)
    assert US in stage.network.chat.convos[convo].accepted


async def test_when_we_begin_lively_and_unread_conversations_are_read(stage: Stage) -> None:
    write(stage, "long ago and unread")
    write(stage, "long ago and read", by=KIM)
    old = (START - timedelta(days=30)).isoformat()
    for convo in stage.network.chat.convos.values():
        convo.messages[0]["sentAt"] = old
        convo.unread[US] = 1 if SAM in convo.members else 0
    items, cursor = await walk(stage.platform())
    assert texts(items) == ["long ago and unread"]
    write(stage, "again", by=KIM)
    items, _ = await walk(stage.platform(), cursor)
    assert "again" in texts(items)


async def test_a_log_that_forgot_our_place_is_begun_again(stage: Stage) -> None:
    platform = stage.platform()
    write(stage, "first")
    _, cursor = await walk(platform)
    lost = json.dumps({**json.loads(cursor or ""), "log": "garbage"})
    items, cursor = await walk(platform, lost)
    assert json.loads(cursor or "")["log"] is None
    items, _ = await walk(platform, cursor)
    assert texts(items) == ["first"]


async def test_a_group_is_shown_and_never_answered(stage: Stage) -> None:
    platform = stage.platform()
    write(stage, "first")
    _, cursor = await walk(platform)
    group = stage.network.chat.start_group((US, SAM, KIM))
    stage.network.chat.call(SAM, "x.sendMessage", {}, {"convoId": group, "message": {"text": "look, all"}})
    [item], _ = await walk(platform, cursor)
    assert isinstance(item, Unreadable)
    assert "group" in item.reason
    told = Target(f"{group}/m1", group, SAM, "sam.example", Visibility.DIRECT, START, {"convo": group})
    outcome = await platform.send(private(told), GATE)
    assert isinstance(outcome, Refused)
    assert outcome.kind is Refusal.POLICY


@pytest.mark.parametrize(
    "entry",
    [
        None,
        {},
        {"convoId": 7},
        {"$type": "x#logCreateMessage", "convoId": "c-unknown", "message": {"id": "m", "sender": {"did": SAM}}},
    ],
)
async def test_a_line_of_the_log_that_makes_no_sense_is_kept(stage: Stage, entry: Any) -> None:
    write(stage, "first")
    _, cursor = await walk(stage.platform())
    stage.network.answers["getLog"] = [{"logs": [entry], "cursor": "9"}, {"logs": [], "cursor": "9"}]
    [item], cursor = await walk(stage.platform(), cursor)
    assert isinstance(item, Unreadable)
    assert json.loads(cursor or "")["log"] == "9"


async def test_what_is_no_message_to_us_is_passed_over(stage: Stage) -> None:
    convo = write(stage, "first")
    _, cursor = await walk(stage.platform())
    kinds = ["logReadMessage", "logDeleteMessage", "logMuteConvo", "logSomethingNew"]
    logs = [{"$type": f"chat.bsky.convo.defs#{kind}", "convoId": convo, "rev": "9"} for kind in kinds]
    gone = {"$type": "chat.bsky.convo.defs#deletedMessageView", "id": "m", "sender": {"did": SAM}}
    logs.append({"$type": "chat.bsky.convo.defs#logCreateMessage", "convoId": convo, "rev": "9", "message": gone})
    stage.network.answers["getLog"] = [{"logs": logs, "cursor": "9"}, {"logs": [], "cursor": "9"}]
    items, _ = await walk(stage.platform(), cursor)
    assert items == []


async def test_a_message_is_said_once_though_its_answer_was_lost(stage: Stage) -> None:
    convo = write(stage, "hello")
    platform = stage.platform()
    [post], _ = await walk(platform)
    one = private(target_of(post))
    stage.network.chat.lose = True
    assert isinstance(await platform.send(one, GATE), Unknown)
    found = await platform.find_reply(one)
    assert isinstance(found, Sent)
    assert found.evidence == "read-back"
    assert isinstance(again := await platform.send(one, GATE), AlreadySent)
    assert again.external_id == found.external_id
    assert len(stage.network.chat.convos[convo].messages) == 2


async def test_the_same_words_said_long_before_are_not_this_message(stage: Stage) -> None:
    write(stage, "hello")
    platform = stage.platform()
    [post], _ = await walk(platform)
    one = private(target_of(post))
    assert isinstance(await platform.send(one, GATE), Sent)
    stage.clock.forward(3600)
    another = replace(one, created_at=stage.clock.now())
    assert isinstance(await platform.find_reply(another), NotFound)
    assert isinstance(await platform.send(another, GATE), Sent)


async def test_looking_for_a_message_opens_no_conversation(stage: Stage) -> None:
    stage.network.chat.incoming[SAM] = "all"
    platform = stage.platform()
    assert isinstance(await platform.find_reply(private(to_author())), NotFound)
    assert stage.network.chat.convos == {}
    assert isinstance(await platform.send(private(to_author()), GATE), Sent)
    assert isinstance(await platform.find_reply(private(to_author())), Sent)


@pytest.mark.parametrize(("rule", "follows", "allowed"), [("all", False, True), ("following", True, True)])
async def test_who_lets_us_in_may_be_written_to(stage: Stage, rule: str, follows: bool, allowed: bool) -> None:
    stage.network.chat.incoming[SAM] = rule
    stage.network.chat.follows |= {(SAM, US)} if follows else set()
    platform = stage.platform()
    assert (await platform.reply_rights(to_author()))[1].allowed is allowed
    assert isinstance(await platform.send(private(to_author()), GATE), Sent)


@pytest.mark.parametrize("rule", ["following", "none"])
async def test_who_does_not_let_us_in_is_not_written_to(stage: Stage, rule: str) -> None:
    stage.network.chat.incoming[SAM] = rule
    platform = stage.platform()
    right = (await platform.reply_rights(to_author()))[1]
    assert (right.surface, right.allowed, right.refusal) == (Surface.PRIVATE, False, Refusal.PERMISSION)
    outcome = await platform.send(private(to_author()), GATE)
    assert isinstance(outcome, Refused)
    assert outcome.kind is Refusal.PERMISSION
    assert stage.network.chat.convos == {}


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("BlockedActor", Refusal.BLOCKED),
        ("ConvoLocked", Refusal.TARGET_CLOSED),
        ("InvalidConvo", Refusal.TARGET_GONE),
        ("InvalidToken", Refusal.PERMISSION),
        ("InvalidRequest", Refusal.INVALID),
    ],
)
async def test_a_refused_message_says_why(stage: Stage, fault: str, kind: Refusal) -> None:
    write(stage, "hello")
    platform = stage.platform()
    [post], _ = await walk(platform)
    message = "Bad token method" if fault == "InvalidToken" else ""
    stage.network.answers["sendMessage"] = Fault(400, fault, message)
    outcome = await platform.send(private(target_of(post)), GATE)
    assert isinstance(outcome, Refused)
    assert outcome.kind is kind


@pytest.mark.parametrize("answer", [Fault(502, "UpstreamFailure"), {}, [], {"id": 7}, Fault(200)])
async def test_a_yes_that_makes_no_sense_leaves_it_open(stage: Stage, answer: Any) -> None:
    write(stage, "hello")
    platform = stage.platform()
    [post], _ = await walk(platform)
    stage.network.answers["sendMessage"] = lambda asked: answer
    assert isinstance(await platform.send(private(target_of(post)), GATE), Unknown)


@pytest.mark.parametrize("text", ["x" * 1001, "👨‍👩‍👧‍👦" * 401])
async def test_a_message_over_the_limit_is_never_written(stage: Stage, text: str) -> None:
    outcome = await stage.platform().send(private(to_author(), text), GATE)
    assert isinstance(outcome, Refused)
    assert outcome.kind is Refusal.TOO_LONG
    assert stage.network.asked == []


async def test_without_the_right_messages_are_neither_read_nor_written(stage: Stage) -> None:
    write(stage, "hello")
    stage.network.answers["listConvos"] = Fault(400, "InvalidToken", "Bad token method")
    platform = stage.platform()
    items, _ = await walk(platform)
    assert items == []
    assert not platform.capabilities.private_messages
    assert stage.network.count("refreshSession") == 0
    assert isinstance(outcome := await platform.send(private(to_author()), GATE), Refused)
    assert outcome.kind is Refusal.PERMISSION
    right = (await platform.reply_rights(to_author()))[1]
    assert (right.allowed, right.refusal) == (False, Refusal.PERMISSION)
    assert stage.network.count("listConvos") == 1


async def test_a_right_that_was_given_later_is_noticed(stage: Stage) -> None:
    write(stage, "hello")
    stage.network.answers["listConvos"] = Fault(400, "InvalidToken", "Bad token method")
    platform = stage.platform()
    await walk(platform)
    del stage.network.answers["listConvos"]
    stage.clock.forward(601)
    items, _ = await walk(platform)
    assert texts(items) == ["hello"]
    assert platform.capabilities.private_messages


async def test_a_network_without_chat_is_no_network_that_is_down(stage: Stage) -> None:
    stage.network.chat.down = True
    platform = stage.platform()
    assert (await walk(platform))[0] == []
    assert not platform.capabilities.private_messages


async def test_a_chat_that_fails_later_is_said_after_the_mentions_are_in(stage: Stage) -> None:
    platform = stage.platform()
    await walk(platform)
    stage.network.chat.down = True
    stage.network.answers["listNotifications"] = {"notifications": [note(1)]}
    pages = []
    with pytest.raises(PlatformDown):
        await _gather(platform, pages)
    assert len(pages) == 1
    assert pages[0].cursor is not None
    assert texts(list(pages[0].items)) == [note(1)["record"]["text"]]
    public, right = await platform.reply_rights(to_author())
    assert (public.allowed, right.allowed) == (True, False)


async def _gather(platform: BlueskyPlatform, pages: list[Any]) -> None:
    async for page in platform.collect(None):
        pages += [page]


@pytest.mark.parametrize(
    ("fault", "error"),
    [(Fault(429, "RateLimitExceeded"), RateLimited), (Fault(400, "ExpiredToken"), LoginNeeded)],
)
async def test_a_limit_or_a_dead_login_of_the_chat_is_said(stage: Stage, fault: Fault, error: type[Exception]) -> None:
    stage.network.answers["listConvos"] = fault
    with pytest.raises(error):
        await walk(stage.platform())


async def test_messages_can_be_read_again_and_are_never_said_to_be_gone(stage: Stage) -> None:
    convo = write(stage, "hello")
    platform = stage.platform()
    [post], _ = await walk(platform)
    lost = PostRef(f"{convo}/m-none", {"convo": convo, "message": "m-none"})
    found = await platform.fetch([PostRef(post.external_id, post.ref), lost])
    assert list(found) == [post.external_id]
    stage.network.chat.convos.clear()
    assert await platform.fetch([PostRef(post.external_id, post.ref)]) == {}


async def test_every_call_goes_through_our_own_server_to_the_chat_service(stage: Stage) -> None:
    write(stage, "hello")
    await walk(stage.platform())
    calls = [asked for asked in stage.network.asked if "onvo" in asked.method or "essage" in asked.method]
    assert calls
    assert {asked.headers.get("atproto-proxy") for asked in calls} == {"did:web:api.bsky.chat#bsky_chat"}
    assert {asked.host for asked in calls} == {"pds.test"}
