"""One account on a scripted Mastodon: what is read, what is said, and to whom it is shown."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from fakes.clock import HandClock
from fakes.mastodon_server import BEGIN, HOST, SAM, TOKEN, US, MastodonServer, person
from mentionbridge.domain.account import Account, Mode
from mentionbridge.domain.errors import LoginNeeded, PlatformDown
from mentionbridge.domain.mention import Post, Surface, Visibility
from mentionbridge.domain.reply import Link, NotFound, Refusal, Refused, ReplyIntent, Sent, Target, Unknown
from mentionbridge.net.client import Http
from mentionbridge.platforms.mastodon import plug
from mentionbridge.platforms.mastodon.plug import AccountOptions, PlatformOptions
from mentionbridge.platforms.plug import Tools
from mentionbridge.ports.platform import Gone, Platform, PostRef

ACCOUNT = Account("acme", "fedi", "mastodon", Mode.AUTO, 15)


@dataclass
class Place:
    """A server, a clock and an account there."""

    server: MastodonServer
    platform: Platform
    clock: HandClock

    async def collect(self, cursor: str | None = None) -> tuple[list[Any], str | None]:
        items: list[Any] = []
        async for page in self.platform.collect(cursor):
            items += page.items
            cursor = page.cursor or cursor
        return items, cursor

    def intent(self, post: Post, text: str = "Sorry to hear that.", **more: Any) -> ReplyIntent:
        target = Target(
            post.external_id,
            post.thread_id,
            post.author.external_id,
            post.author.handle,
            post.visibility,
            post.created_at,
            post.ref,
        )
        made = ReplyIntent("rpl_1", "k-1", Surface.PUBLIC, post.visibility, text, "en", target, self.clock.now())
        made = replace(made, **more)
        return replace(made, prepared=dict(self.platform.prepare(made)))

    async def send(self, post: Post, text: str = "Sorry to hear that.", **more: Any) -> Any:
        return await self.platform.send(self.intent(post, text, **more), OpenGate())


class OpenGate:
    def check(self) -> None:
        return None


def connect(server: MastodonServer, clock: HandClock, host: str = HOST, **options: Any) -> Platform:
    transport = httpx.MockTransport(server.handle)
    tools = Tools(clock=clock, http=lambda base: Http(base, clock=clock, transport=transport), public_url="http://b")
    given = AccountOptions(server=f"https://{host}", token=TOKEN, **options)
    return plug.start(PlatformOptions(), tools).connect(ACCOUNT, given, None)  # type: ignore[arg-type]


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    clock = HandClock(BEGIN)
    server = MastodonServer(now=clock.now)
    platform = connect(server, clock)
    yield Place(server, platform, clock)
    await platform.aclose()


async def test_a_burst_is_walked_upwards_to_its_end_and_again_only_where_an_id_may_still_appear(place: Place) -> None:
    place.server.page_size = 3
    for number in range(8):
        place.server.mention(f"number {number}")
    place.clock.forward(600)
    items, cursor = await place.collect()
    assert [item.text for item in items] == [f"@acme number {number}" for number in range(8)]
    assert (await place.collect(cursor))[0] == []
    place.server.mention("just now")
    (late,), again = await place.collect(cursor)
    assert late.text == "@acme just now"
    # Its id was given before one below it could be seen.
    assert (await place.collect(again))[0] == [late]
    place.clock.forward(180)
    _, settled = await place.collect(again)
    assert (await place.collect(settled))[0] == []


async def test_the_newest_are_shown_past_our_place(place: Place) -> None:
    place.server.page_size = 3
    for number in range(8):
        place.server.mention(f"number {number}")
    assert [item.text for item in await place.platform.newest()] == [f"@acme number {number}" for number in (5, 6, 7)]


async def test_a_page_that_fails_leaves_the_cursor_behind_the_last_good_one(place: Place) -> None:
    place.server.page_size = 2
    for number in range(4):
        place.server.mention(f"number {number}")
    place.clock.forward(600)
    walk = place.platform.collect(None)
    first = await anext(walk)
    place.server.faults["GET", "/api/v1/notifications"] = [
        lambda _: httpx.Response(401, json={"error": "The access token was revoked"})
    ]
    with pytest.raises(LoginNeeded):
        await anext(walk)
    items, _ = await place.collect(first.cursor)
    assert [item.text for item in items] == ["@acme number 2", "@acme number 3"]


async def test_a_reply_is_placed_in_its_thread_and_a_deleted_parent_leaves_it_first(place: Place) -> None:
    root = place.server.say(SAM, "the tram is late")
    middle = place.server.say(person("kim@lake.example", "2109"), "again?", in_reply_to_id=root["id"])
    place.server.mention("is this yours?", in_reply_to_id=middle["id"])
    place.server.mention("hello?", in_reply_to_id="4242")
    (placed, orphan), _ = await place.collect()
    assert (placed.thread_id, placed.parent_id) == (root["uri"], middle["uri"])
    assert (orphan.thread_id, orphan.parent_id) == (orphan.external_id, None)
    above = await place.platform.context(placed)
    assert [post.text for post in above if isinstance(post, Post)] == ["the tram is late", "again?"]


@pytest.mark.parametrize(
    ("parent", "widest", "shown"),
    [
        ("public", "unlisted", "unlisted"),
        ("public", "public", "public"),
        ("public", "private", "private"),
        ("unlisted", "public", "unlisted"),
        ("unlisted", "unlisted", "unlisted"),
    ],
)
async def test_a_reply_is_never_seen_more_widely_than_its_parent_or_the_setting(
    parent: str, widest: str, shown: str
) -> None:
    clock = HandClock(BEGIN)
    server = MastodonServer(now=clock.now)
    place = Place(server, connect(server, clock, visibility=widest), clock)
    server.mention("help", visibility=parent)
    (post,), _ = await place.collect()
    assert isinstance(await place.send(post), Sent)
    assert server.ours[-1]["visibility"] == shown
    assert server.ours[-1]["content"] == "<p>@sam@town.example Sorry to hear that.</p>"
    assert isinstance(await place.platform.find_reply(place.intent(post)), Sent)


@pytest.mark.parametrize("visibility", ["private", "direct", "mutuals_only"])
async def test_what_was_said_to_some_is_answered_to_its_author_alone(place: Place, visibility: str) -> None:
    place.server.mention("help", visibility=visibility)
    (post,), _ = await place.collect()
    rights = {right.surface: right for right in await place.platform.reply_rights(place.intent(post).target)}
    assert (rights[Surface.PUBLIC].allowed, rights[Surface.PUBLIC].refusal) == (False, Refusal.POLICY)
    assert rights[Surface.PRIVATE].allowed
    await place.send(post, surface=Surface.PRIVATE, visibility=Visibility.DIRECT)
    assert place.server.ours[-1]["visibility"] == "direct"


async def test_a_private_message_that_names_a_third_person_is_not_sent(place: Place) -> None:
    place.server.mention("help")
    (post,), _ = await place.collect()
    private = {"surface": Surface.PRIVATE, "visibility": Visibility.DIRECT}
    for text in ("ask @kim@lake.example", "@kim will call you", "(@kim)"):
        outcome = await place.send(post, text, **private)
        assert isinstance(outcome, Refused)
        assert outcome.kind is Refusal.POLICY
    assert place.server.ours == []
    assert isinstance(await place.send(post, "write to help@acme.example, @sam@town.example", **private), Sent)


async def test_a_key_is_said_once_within_its_hour_and_private_words_have_another(place: Place) -> None:
    place.server.mention("help")
    (post,), _ = await place.collect()
    first = await place.send(post)
    place.clock.forward(3000)
    assert await place.send(post) == first
    await place.send(post, surface=Surface.PRIVATE, visibility=Visibility.DIRECT)
    assert len(place.server.ours) == 2
    assert place.platform.capabilities.key_life == timedelta(hours=1)


async def test_a_lost_answer_is_found_among_our_own_statuses(place: Place) -> None:
    place.server.mention("help")
    (post,), _ = await place.collect()
    assert isinstance(await place.platform.find_reply(place.intent(post)), NotFound)
    place.server.after = [lambda _: httpx.Response(502)]
    intent = place.intent(post, "Sorry; see the form.", links=[Link(0, 5, "https://acme.example/form")])
    assert isinstance(await place.platform.send(intent, OpenGate()), Unknown)
    found = await place.platform.find_reply(intent)
    assert isinstance(found, Sent)
    assert found.external_id == place.server.ours[-1]["uri"]
    assert "https://acme.example/form" in place.server.ours[-1]["content"]
    (own,) = [own async for own in place.platform.own_posts(BEGIN)]
    assert (own.parent_id, own.surface) == (post.external_id, Surface.PUBLIC)
    assert isinstance(await place.platform.find_reply(replace(intent, text="else", prepared={})), NotFound)


@pytest.mark.parametrize("batches", [True, False])
async def test_edits_and_deletions_are_seen_by_reading_again(place: Place, batches: bool) -> None:
    place.server.batches = batches
    for number in range(3):
        place.server.mention(f"number {number}")
    posts, _ = await place.collect()
    del place.server.statuses["5001"]
    place.server.statuses["5002"] |= {"content": "<p>@acme changed</p>", "edited_at": "2026-11-22T09:10:00Z"}
    now = await place.platform.fetch([PostRef(post.external_id, post.ref) for post in posts])
    gone, edited, same = (now[post.external_id] for post in posts)
    assert isinstance(gone, Gone)
    assert isinstance(edited, Post)
    assert isinstance(same, Post)
    assert (edited.text, edited.edit_version) == ("@acme changed", "2026-11-22T09:10:00Z")
    assert same.edit_version == ""


async def test_blocks_gone_posts_and_wishes_are_known_before_anything_is_said(place: Place) -> None:
    place.server.mention("help")
    place.server.mention("help", {**SAM, "note": "<p>no machines: #NoBot</p>"})
    (post, shy), _ = await place.collect()
    rights = {right.surface: right for right in await place.platform.reply_rights(place.intent(shy).target)}
    assert rights[Surface.PUBLIC].refusal is Refusal.POLICY
    assert rights[Surface.PRIVATE].allowed
    place.server.between = {"blocked_by": True}
    rights = {right.surface: right for right in await place.platform.reply_rights(place.intent(post).target)}
    assert {right.refusal for right in rights.values()} == {Refusal.BLOCKED}
    del place.server.statuses[post.ref["id"]]
    rights = {right.surface: right for right in await place.platform.reply_rights(place.intent(post).target)}
    assert {right.refusal for right in rights.values()} == {Refusal.TARGET_GONE}


async def test_what_one_person_adds_to_a_thread_is_heard(place: Place) -> None:
    root = place.server.mention("help")
    place.server.say(person("kim@lake.example", "2109"), "me too", in_reply_to_id=root["id"])
    reply = place.server.say(SAM, "since Monday", in_reply_to_id=root["id"])
    await place.collect()
    said = await place.platform.said_in_thread("sam@town.example", root["uri"], BEGIN)
    assert [(post.text, post.thread_id, post.parent_id) for post in said] == [
        ("@acme help", root["uri"], None),
        ("since Monday", root["uri"], root["uri"]),
    ]
    assert said[1].external_id == reply["uri"]
    assert await place.platform.said_in_thread("sam@town.example", "https://nowhere.example/1", BEGIN) == []


async def test_a_post_that_another_account_saw_on_its_server_is_answered_on_ours(place: Place) -> None:
    status = place.server.mention("help")
    (post,), _ = await place.collect()
    elsewhere = replace(post, ref={**post.ref, "server": "other.example", "id": "77", "acct": "sam@town.example"})
    assert isinstance(await place.send(elsewhere), Sent)
    assert place.server.ours[-1]["in_reply_to_id"] == status["id"]
    unknown = replace(elsewhere, external_id="https://town.example/users/sam/statuses/9")
    outcome = await place.send(unknown)
    assert isinstance(outcome, Refused)
    assert outcome.kind is Refusal.TARGET_GONE


@pytest.mark.parametrize(
    ("version", "keyed"), [("4.6.4", True), ("4.3.0+glitch", True), ("2.7.2 (compatible; Q 2)", False)]
)
async def test_dialects_are_found_out_by_asking(place: Place, version: str, keyed: bool) -> None:
    place.server.version, place.server.policy, place.server.description = version, None, 1
    identity = await place.platform.probe()
    assert (identity.external_id, identity.hints) == (f"acme@{HOST}", ())
    assert place.platform.capabilities.keyed == keyed
    assert place.platform.private_link() == US["url"]
    await place.collect()
    asked = next(call.url.params for call in place.server.calls if call.url.path == "/api/v1/notifications")
    assert "include_filtered" not in asked


async def test_a_policy_that_holds_strangers_back_is_told_and_read_past(place: Place) -> None:
    place.server.policy = {
        "for_not_following": "drop",
        "for_new_accounts": "filter",
        "summary": {"pending_requests_count": 3},
    }
    identity = await place.platform.probe()
    assert [hint.split()[2] for hint in identity.hints[:2]] == ["throws", "sets"]
    assert identity.hints[2].startswith("3 people wait")
    await place.collect()
    asked = next(call.url.params for call in place.server.calls if call.url.path == "/api/v1/notifications")
    assert asked["include_filtered"] == "true"


@pytest.mark.parametrize(
    ("status", "said", "kind"),
    [
        (422, "Validation failed: Text character limit of 500 exceeded", Refusal.TOO_LONG),
        (422, "Validation failed: Text can't be blank", Refusal.INVALID),
        (403, "This action is not allowed", Refusal.PERMISSION),
        (404, "Record not found", Refusal.TARGET_GONE),
    ],
)
async def test_errors_mean_what_they_say(place: Place, status: int, said: str, kind: Refusal) -> None:
    place.server.mention("help")
    (post,), _ = await place.collect()
    place.server.faults["POST", "/api/v1/statuses"] = [lambda _: httpx.Response(status, json={"error": said})]
    outcome = await place.send(post)
    assert isinstance(outcome, Refused)
    assert outcome.kind is kind


@pytest.mark.parametrize("said", ["Your login is currently disabled", "This action is outside the authorized scopes"])
async def test_an_account_that_may_no_longer_speak_needs_a_person(place: Place, said: str) -> None:
    place.server.mention("help")
    (post,), _ = await place.collect()
    place.server.faults["POST", "/api/v1/statuses"] = [lambda _: httpx.Response(403, json={"error": said})]
    with pytest.raises(LoginNeeded):
        await place.send(post)


async def test_a_status_of_ours_is_deleted_once_and_nobody_elses(place: Place) -> None:
    theirs = place.server.mention("help")
    (post,), _ = await place.collect()
    said = await place.platform.send(place.intent(post), OpenGate())
    assert isinstance(said, Sent)
    where = ("DELETE", f"/api/v1/statuses/{place.server.ours[-1]['id']}")
    place.server.faults[where] = [lambda _: httpx.Response(502)]
    with pytest.raises(PlatformDown):
        await place.platform.retract(said.external_id)
    assert await place.platform.retract(said.external_id) is None
    assert place.server.ours == []
    assert await place.platform.retract(said.external_id) is None, "what is gone already counts as taken back"
    refused = await place.platform.retract(theirs["uri"])
    assert isinstance(refused, Refused) and refused.kind is Refusal.PERMISSION
    assert theirs["id"] in place.server.statuses
