"""The Bluesky plug against the reference implementation of its network."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contract.scripted import MemoryVault, OpenGate
from live.bluesky_network import BlueskyNetwork, Person, Written, eventually, expired, options, png
from mentionbridge.domain.account import Account, Mode
from mentionbridge.domain.errors import LoginNeeded
from mentionbridge.domain.mention import Post, Surface, Visibility
from mentionbridge.domain.reply import AlreadySent, Link, NotFound, Refusal, Refused, ReplyIntent, Sent, Target
from mentionbridge.kit.clock import SystemClock
from mentionbridge.net.client import Answer, Http
from mentionbridge.platforms.bluesky import plug
from mentionbridge.platforms.bluesky.platform import BlueskyPlatform
from mentionbridge.platforms.plug import Tools
from mentionbridge.ports.platform import Gone, PostRef

pytestmark = pytest.mark.live


class CountingHttp(Http):
    """Counts requests by method name."""

    asked: list[str]

    async def request(self, method: str, path: str, **what: Any) -> Answer:
        self.asked.append(path.removeprefix("/xrpc/"))
        return await super().request(method, path, **what)


@asynccontextmanager
async def connected(
    brand: Person, vault: MemoryVault | None = None, asked: list[str] | None = None
) -> AsyncIterator[BlueskyPlatform]:
    clock = SystemClock()

    def http(base: str) -> Http:
        made = CountingHttp(base, clock=clock)
        made.asked = asked if asked is not None else []
        return made

    network = plug.start(plug.platform_options(), Tools(clock=clock, http=http, public_url="http://bridge.test"))
    account = Account("acme", "acme-bluesky", "bluesky", Mode.AUTO, 15.0)
    platform = network.connect(account, plug.account_options(**options(brand)), vault or MemoryVault(None))
    try:
        yield platform
    finally:
        await platform.aclose()


@pytest.fixture(scope="module")
def brand(network: BlueskyNetwork) -> Person:
    return network.brand("acme")


@pytest.fixture(scope="module")
def sam(network: BlueskyNetwork) -> Person:
    return network.person("sam")


@pytest.fixture
async def platform(brand: Person) -> AsyncIterator[BlueskyPlatform]:
    async with connected(brand) as made:
        yield made


async def walk(platform: BlueskyPlatform, cursor: str | None = None) -> tuple[list[Any], str | None]:
    items: list[Any] = []
    async for page in platform.collect(cursor):
        items += page.items
        cursor = page.cursor or cursor
    return items, cursor


async def arrives(platform: BlueskyPlatform, post: Written, cursor: str | None = None) -> Post:
    for _ in range(100):
        items, _ = await walk(platform, cursor)
        if found := [item for item in items if isinstance(item, Post) and item.external_id == post.uri]:
            return found[0]
        await asyncio.sleep(0.1)
    raise AssertionError(f"{post.uri} never arrived")


def target_of(post: Post) -> Target:
    return Target(
        post.external_id,
        post.thread_id,
        post.author.external_id,
        post.author.handle,
        post.visibility,
        post.created_at,
        post.ref,
    )


def answer_to(
    post: Post, text: str = "Sorry about that.", *, key: str | None = None, surface: Surface = Surface.PUBLIC
) -> ReplyIntent:
    visibility = Visibility.DIRECT if surface is Surface.PRIVATE else post.visibility
    target = target_of(post)
    return ReplyIntent("rpl_1", key or post.external_id, surface, visibility, text, "en", target, datetime.now(UTC))


def prepared(platform: BlueskyPlatform, intent: ReplyIntent) -> ReplyIntent:
    return replace(intent, prepared=json.loads(json.dumps(dict(platform.prepare(intent)))))


async def test_a_mention_with_a_photo_arrives(platform: BlueskyPlatform, brand: Person, sam: Person) -> None:
    said = sam.post(f"@{brand.handle} my broadband is down", mentions=[brand], pictures=[png()])
    post = await arrives(platform, said)
    assert post.tagged
    assert post.text == f"@{brand.handle} my broadband is down"
    assert post.author.external_id == sam.did
    assert post.author.handle == sam.handle
    assert post.author.followers == 0
    assert post.edit_version == said.cid
    assert post.permalink == f"https://bsky.app/profile/{sam.did}/post/{said.rkey}"
    assert post.media[0].alt == "picture 1"
    shown = brand.network.http.get(post.media[0].url)
    assert shown.status_code == 200
    assert shown.headers["content-type"].startswith("image/")


async def test_our_reply_appears_in_the_customers_own_view_once(
    platform: BlueskyPlatform, brand: Person, sam: Person
) -> None:
    said = sam.post(f"@{brand.handle} nothing works", mentions=[brand])
    post = await arrives(platform, said)
    text = "Kia ora 😀 – write to us here, please."
    link = Link(text.index("here"), text.index("here") + 4, "https://help.example/now")
    intent = prepared(platform, replace(answer_to(post, text), links=(link,)))
    assert isinstance(await platform.find_reply(intent), NotFound)
    first = await platform.send(intent, OpenGate())
    assert isinstance(first, Sent)
    found = await platform.find_reply(intent)
    assert isinstance(found, Sent)
    assert found.external_id == first.external_id
    again = await platform.send(intent, OpenGate())
    assert again == AlreadySent(first.external_id, first.permalink)
    shown = eventually(lambda: sam.replies_under(said), "the reply")
    assert [reply["uri"] for reply in shown] == [first.external_id]
    record = shown[0]["record"]
    index = record["facets"][0]["index"]
    assert record["text"].encode()[index["byteStart"] : index["byteEnd"]] == b"here"
    assert len(sam.replies_under(said)) == 1


async def test_a_reply_from_before_our_database_was_lost_is_recognised(
    platform: BlueskyPlatform, brand: Person, sam: Person
) -> None:
    said = sam.post(f"@{brand.handle} it is still down", mentions=[brand])
    post = await arrives(platform, said)
    first = await platform.send(answer_to(post), OpenGate())
    later = replace(answer_to(post, "Other words."), created_at=datetime.now(UTC) + timedelta(hours=1))
    again = await platform.send(later, OpenGate())
    assert isinstance(first, Sent)
    assert again == AlreadySent(first.external_id, first.permalink)
    assert await platform.send(answer_to(post, "More.", key="another"), OpenGate()) != again


async def test_two_workers_send_one_reply(brand: Person, sam: Person) -> None:
    said = sam.post(f"@{brand.handle} two of you at once", mentions=[brand])
    vault = MemoryVault(None)
    async with connected(brand, vault) as one, connected(brand, vault) as other:
        post = await arrives(one, said)
        intent = prepared(one, answer_to(post))
        outcomes = await asyncio.gather(one.send(intent, OpenGate()), other.send(intent, OpenGate()))
    assert {type(outcome) for outcome in outcomes} <= {Sent, AlreadySent}
    assert len({outcome.external_id for outcome in outcomes}) == 1
    assert len(eventually(lambda: sam.replies_under(said), "the reply")) == 1


async def test_the_root_of_a_thread_is_kept(platform: BlueskyPlatform, brand: Person, sam: Person) -> None:
    root = sam.post("my evening so far")
    under = sam.post(f"@{brand.handle} is why", mentions=[brand], reply_to=root)
    post = await arrives(platform, under)
    assert post.thread_id == root.uri
    sent = await platform.send(answer_to(post), OpenGate())
    assert isinstance(sent, Sent)
    eventually(lambda: sam.replies_under(under), "the reply")
    node = sam.thread(root)["replies"][0]
    assert node["replies"][0]["post"]["record"]["reply"]["root"]["uri"] == root.uri
    above = await platform.context(post)
    assert [one.external_id for one in above if isinstance(one, Post)] == [root.uri]


async def test_a_closed_thread_is_refused_before_anything_is_written(
    platform: BlueskyPlatform, brand: Person, sam: Person
) -> None:
    said = sam.post(f"@{brand.handle} I want no answers", mentions=[brand])
    sam.gate(said)
    post = await arrives(platform, said)
    eventually(lambda: sam.thread(said).get("post", {}).get("threadgate"), "the gate")
    outcome = await platform.send(answer_to(post), OpenGate())
    assert isinstance(outcome, Refused)
    assert outcome.kind is Refusal.TARGET_CLOSED
    assert isinstance(await platform.find_reply(answer_to(post)), NotFound)
    public = (await platform.reply_rights(target_of(post)))[0]
    assert (public.allowed, public.refusal) == (False, Refusal.TARGET_CLOSED)


async def test_a_block_is_refused_and_is_not_a_deletion(
    network: BlueskyNetwork, platform: BlueskyPlatform, brand: Person
) -> None:
    alex = network.person("alex")
    said = alex.post(f"@{brand.handle} never again", mentions=[brand])
    post = await arrives(platform, said)
    block = alex.block(brand)
    eventually(lambda: not brand.thread(said).get("post"), "the block")
    outcome = await platform.send(answer_to(post), OpenGate())
    assert isinstance(outcome, Refused)
    assert outcome.kind is Refusal.BLOCKED
    assert await platform.fetch([PostRef(said.uri, post.ref)]) == {}
    alex.delete(block)
    eventually(lambda: brand.thread(said).get("post"), "the end of the block")
    assert isinstance(await platform.send(answer_to(post), OpenGate()), Sent)


async def test_a_deleted_post_is_gone_and_not_answered(platform: BlueskyPlatform, brand: Person, sam: Person) -> None:
    said = sam.post(f"@{brand.handle} never mind", mentions=[brand])
    post = await arrives(platform, said)
    under = sam.post(f"@{brand.handle} about the above", mentions=[brand], reply_to=said)
    below = await arrives(platform, under)
    sam.delete(said)
    eventually(lambda: not sam.thread(said), "the deletion")
    assert await platform.fetch([PostRef(said.uri, post.ref)]) == {said.uri: Gone("deleted")}
    outcome = await platform.send(answer_to(post), OpenGate())
    assert isinstance(outcome, Refused)
    assert outcome.kind is Refusal.TARGET_GONE
    assert await platform.context(below) == [Gone("deleted")]


async def test_what_we_said_before_the_post_was_deleted_counts_as_said(
    platform: BlueskyPlatform, brand: Person, sam: Person
) -> None:
    said = sam.post(f"@{brand.handle} quick one", mentions=[brand])
    post = await arrives(platform, said)
    first = await platform.send(answer_to(post), OpenGate())
    sam.delete(said)
    eventually(lambda: not sam.thread(said), "the deletion")
    assert isinstance(first, Sent)
    assert await platform.send(answer_to(post), OpenGate()) == AlreadySent(first.external_id, first.permalink)


async def test_a_deactivated_author_is_gone(network: BlueskyNetwork, platform: BlueskyPlatform, brand: Person) -> None:
    kim = network.person("kim")
    said = kim.post(f"@{brand.handle} goodbye", mentions=[brand])
    post = await arrives(platform, said)
    kim.call("POST", "com.atproto.server.deactivateAccount", json={})
    eventually(lambda: not brand.thread(said), "the deactivation")
    assert await platform.fetch([PostRef(said.uri, post.ref)]) == {said.uri: Gone("author gone")}


async def test_an_edit_is_told_by_its_version(platform: BlueskyPlatform, brand: Person, sam: Person) -> None:
    said = sam.post(f"@{brand.handle} it is slwo", mentions=[brand])
    post = await arrives(platform, said)
    edited = sam.edit(said, f"@{brand.handle} it is slow", mentions=[brand])
    ref = PostRef(said.uri, post.ref)

    async def look() -> Post | Gone | None:
        for _ in range(50):
            found = (await platform.fetch([ref])).get(said.uri)
            if isinstance(found, Post) and found.edit_version == edited.cid:
                return found
            await asyncio.sleep(0.1)
        return None

    found = await look()
    assert isinstance(found, Post)
    assert found.text == f"@{brand.handle} it is slow"
    assert edited.cid != said.cid


async def test_replies_and_quotes_come_in_and_our_own_posts_do_not(network: BlueskyNetwork, sam: Person) -> None:
    brand = network.brand("borealis")
    own = brand.post("We are open again.")
    # The app view tells nobody of an answer to a post it has not indexed yet.
    eventually(lambda: sam.thread(own), "our post")
    note = brand.post(f"hello from @{brand.handle}", mentions=[brand])
    quoted = sam.quote("look at this", own)
    untagged = sam.post("and what about Tuesday?", reply_to=own)
    async with connected(brand) as platform:
        quote, reply = await arrives(platform, quoted), await arrives(platform, untagged)
        items, _ = await walk(platform)
    assert (quote.is_quote, quote.tagged) == (True, False)
    assert (reply.tagged, reply.parent_id) == (True, own.uri)
    assert note.uri not in {item.external_id for item in items if isinstance(item, Post)}
    assert {item.author.external_id for item in items if isinstance(item, Post)} == {sam.did}


async def test_a_burst_between_two_polls_is_walked_to_the_end(network: BlueskyNetwork) -> None:
    brand, fan = network.brand("burst"), network.person("fan")
    first = fan.post(f"@{brand.handle} the calm before", mentions=[brand])
    async with connected(brand) as platform:
        await arrives(platform, first)
        _, cursor = await walk(platform)
        said = {fan.post(f"@{brand.handle} number {n}", mentions=[brand]).uri for n in range(120)}
        await arrives(platform, fan.post(f"@{brand.handle} the last one", mentions=[brand]), cursor)
        pages = [page async for page in platform.collect(cursor)]
    posts = [item.external_id for page in pages for item in page.items if isinstance(item, Post)]
    assert said <= set(posts)
    assert len(posts) == len(set(posts))
    assert len(pages) >= 2
    assert [page.cursor is None for page in pages] == [True] * (len(pages) - 1) + [False]


async def test_history_is_read_to_its_end_when_an_account_is_new(
    network: BlueskyNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    brand, fan = network.brand("history"), network.person("fan")
    said = {fan.post(f"@{brand.handle} number {n}", mentions=[brand]).uri for n in range(12)}
    monkeypatch.setattr("mentionbridge.platforms.bluesky.timeline.LIMIT", 4)
    monkeypatch.setattr("mentionbridge.platforms.bluesky.timeline.HISTORY_PAGES", 2)
    async with connected(brand) as platform:
        await arrives(platform, fan.post(f"@{brand.handle} the newest", mentions=[brand]))
        seen: set[str] = set()
        cursor: str | None = None
        rounds = 0
        while cursor is None or json.loads(cursor)["older"]:
            items, cursor = await walk(platform, cursor)
            seen |= {item.external_id for item in items if isinstance(item, Post)}
            rounds += 1
    assert said <= seen
    assert rounds > 1


async def test_mentions_of_one_moment_are_not_lost_at_the_edge_of_a_page(
    network: BlueskyNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    brand, fan = network.brand("moment"), network.person("fan")
    older = fan.post(f"@{brand.handle} before", mentions=[brand])
    at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    same = {fan.post(f"@{brand.handle} at once {n}", mentions=[brand], created_at=at).uri for n in range(5)}
    monkeypatch.setattr("mentionbridge.platforms.bluesky.timeline.LIMIT", 4)
    async with connected(brand) as platform:
        await arrives(platform, older)
        newer = [fan.post(f"@{brand.handle} after {n}", mentions=[brand]) for n in range(2)]
        await arrives(platform, newer[-1])
        items, _ = await walk(platform)
    got = {item.external_id for item in items if isinstance(item, Post)}
    # Five claim one moment and a page holds four: one cannot be listed by the network, and that is said aloud.
    assert len(same & got) == 4
    assert {older.uri, *(one.uri for one in newer)} <= got
    assert any("claim the moment" in getattr(item, "reason", "") for item in items)


async def test_mentions_of_one_moment_that_fit_a_page_are_all_seen(
    network: BlueskyNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    brand, fan = network.brand("moment"), network.person("fan")
    older = fan.post(f"@{brand.handle} before", mentions=[brand])
    at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    same = {fan.post(f"@{brand.handle} at once {n}", mentions=[brand], created_at=at).uri for n in range(3)}
    newer = {fan.post(f"@{brand.handle} after {n}", mentions=[brand]).uri for n in range(2)}
    monkeypatch.setattr("mentionbridge.platforms.bluesky.timeline.LIMIT", 4)
    async with connected(brand) as platform:
        await arrives(platform, older)
        for _ in range(100):
            items, _ = await walk(platform)
            got = {item.external_id for item in items if isinstance(item, Post)}
            if got >= same | newer:
                break
            await asyncio.sleep(0.1)
    assert got == {older.uri, *same, *newer}


async def test_backdated_and_future_mentions_are_found(platform: BlueskyPlatform, brand: Person, sam: Person) -> None:
    await arrives(platform, sam.post(f"@{brand.handle} on time", mentions=[brand]))
    _, cursor = await walk(platform)
    yesterday = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    late = await arrives(platform, sam.post(f"@{brand.handle} late", mentions=[brand], created_at=yesterday), cursor)
    early = await arrives(platform, sam.post(f"@{brand.handle} early", mentions=[brand], created_at=tomorrow), cursor)
    assert late.created_at < datetime.now(UTC) - timedelta(hours=23)
    assert early.created_at <= datetime.now(UTC) + timedelta(seconds=5)
    _, cursor = await walk(platform, cursor)
    assert datetime.fromisoformat(json.loads(cursor or "")["high"]) <= datetime.now(UTC)


async def test_an_expired_session_is_renewed_once_for_all_who_wait(brand: Person, sam: Person) -> None:
    vault, asked = MemoryVault(None), list[str]()
    async with connected(brand, vault) as platform:
        await platform.probe()
    await _expire(vault)
    async with connected(brand, vault, asked) as one, connected(brand, vault, asked) as other:
        await asyncio.gather(*(worker.probe() for worker in (one, other) for _ in range(5)))
    assert asked.count("com.atproto.server.refreshSession") == 1
    assert asked.count("com.atproto.server.createSession") == 0


async def test_a_spent_refresh_token_leads_to_one_new_sign_in(brand: Person) -> None:
    vault, asked = MemoryVault(None), list[str]()
    async with connected(brand, vault) as platform:
        await platform.probe()
    await _expire(vault, refresh=True)
    async with connected(brand, vault, asked) as platform:
        assert (await platform.probe()).external_id == brand.did
    assert asked.count("com.atproto.server.createSession") == 1


async def test_a_wrong_password_is_said_and_not_hammered(brand: Person) -> None:
    vault, asked = MemoryVault(None), list[str]()
    async with connected(replace(brand, app_password="wrong-wrong-wrong"), vault, asked) as platform:
        for _ in range(3):
            with pytest.raises(LoginNeeded, match="app password"):
                await platform.probe()
    assert asked == ["com.atproto.server.createSession"]


async def test_a_revoked_app_password_needs_a_new_one(network: BlueskyNetwork) -> None:
    brand, vault = network.brand("revoked"), MemoryVault(None)
    async with connected(brand, vault) as platform:
        await platform.probe()
        brand.call("POST", "com.atproto.server.revokeAppPassword", json={"name": "bridge"})
    await _expire(vault)
    async with connected(brand, vault) as platform:
        with pytest.raises(LoginNeeded, match="app password"):
            await platform.probe()


async def test_a_taken_down_and_a_deactivated_account_say_so(network: BlueskyNetwork) -> None:
    brand, sleeper = network.brand("downed"), network.brand("sleeper")
    async with connected(brand) as platform:
        await platform.probe()
        network.take_down(brand)
        with pytest.raises(LoginNeeded, match="taken this account down"):
            await platform.probe()
    async with connected(brand) as platform:
        # To an app password the server says no more than this.
        with pytest.raises(LoginNeeded, match="may have been taken down"):
            await platform.probe()
    sleeper.call("POST", "com.atproto.server.deactivateAccount", json={})
    async with connected(sleeper) as platform:
        with pytest.raises(LoginNeeded, match="deactivated"):
            await platform.probe()


async def test_own_posts_are_read_back(network: BlueskyNetwork, sam: Person) -> None:
    brand = network.brand("echo")
    said = sam.post(f"@{brand.handle} hello?", mentions=[brand])
    async with connected(brand) as platform:
        post = await arrives(platform, said)
        start = datetime.now(UTC) - timedelta(seconds=5)
        notice = brand.post("We are back.")
        sent = await platform.send(answer_to(post), OpenGate())
        own = [one async for one in platform.own_posts(start)]
        later = [one async for one in platform.own_posts(datetime.now(UTC) + timedelta(minutes=1))]
    assert isinstance(sent, Sent)
    assert {one.external_id: one.parent_id for one in own} == {sent.external_id: said.uri, notice.uri: None}
    assert [one.created_at for one in own] == sorted((one.created_at for one in own), reverse=True)
    assert later == []


async def test_probe_says_who_we_are_and_what_is_missing(network: BlueskyNetwork, brand: Person) -> None:
    async with connected(brand) as platform:
        identity = await platform.probe()
        assert (identity.external_id, identity.handle, identity.name) == (brand.did, brand.handle, "Acme")
        assert platform.capabilities.private_messages
        assert platform.private_link() == f"https://bsky.app/profile/{brand.handle}"
        assert len(platform.hints) == 1
    shy = network.brand("shy", privileged=False)
    shy.take_messages_from("following")
    async with connected(shy) as platform:
        await platform.probe()
        assert not platform.capabilities.private_messages
        assert platform.private_link() is None
        assert len(platform.hints) == 3


async def test_messages_go_both_ways(network: BlueskyNetwork) -> None:
    brand, robin = network.brand("both"), network.person("robin")
    said = robin.post(f"@{brand.handle} help", mentions=[brand])
    async with connected(brand) as platform:
        post = await arrives(platform, said)
        _, cursor = await walk(platform)
        robin.write_to(brand, "my number is a secret")
        items, cursor = await walk(platform, cursor)
        message = next(item for item in items if isinstance(item, Post) and item.visibility is Visibility.DIRECT)
        assert (message.text, message.author.handle) == ("my number is a secret", robin.handle)
        intent = prepared(platform, answer_to(message, "Thank you, we are on it.", surface=Surface.PRIVATE))
        assert isinstance(await platform.find_reply(intent), NotFound)
        sent = await platform.send(intent, OpenGate())
        assert isinstance(sent, Sent)
        assert isinstance(again := await platform.send(intent, OpenGate()), AlreadySent)
        assert again.external_id == sent.external_id
        robin.write_to(brand, "thanks")
        items, cursor = await walk(platform, cursor)
        private = [item.text for item in items if isinstance(item, Post) and item.visibility is Visibility.DIRECT]
        assert private[-1] == "thanks"
        assert "Thank you, we are on it." not in private
        public, direct = await platform.reply_rights(target_of(message))
        assert (public.allowed, direct.allowed) == (False, True)
        assert await platform.fetch([PostRef(message.external_id, message.ref)])
        refused = await platform.send(replace(answer_to(message), visibility=Visibility.PUBLIC), OpenGate())
        assert isinstance(refused, Refused)
        assert (await platform.reply_rights(target_of(post)))[1].allowed
    assert [one["text"] for one in robin.messages_with(brand)] == [
        "my number is a secret",
        "Thank you, we are on it.",
        "thanks",
    ]


async def test_a_message_whose_answer_was_lost_is_found_again(network: BlueskyNetwork) -> None:
    brand, robin = network.brand("lost"), network.person("robin")
    robin.write_to(brand, "hello")
    async with connected(brand) as platform:
        items, _ = await walk(platform)
        message = next(item for item in items if isinstance(item, Post))
        intent = prepared(platform, answer_to(message, "Good morning.", surface=Surface.PRIVATE))
        network.chat.lose = True
        outcome = await platform.send(intent, OpenGate())
        assert type(outcome).__name__ == "Unknown"
        assert isinstance(await platform.find_reply(intent), Sent)
        assert isinstance(await platform.send(intent, OpenGate()), AlreadySent)
    assert [one["text"] for one in robin.messages_with(brand)] == ["hello", "Good morning."]


async def test_a_stranger_cannot_be_written_to(network: BlueskyNetwork) -> None:
    brand, robin = network.brand("cold"), network.person("robin")
    said = robin.post(f"@{brand.handle} help", mentions=[brand])
    async with connected(brand) as platform:
        post = await arrives(platform, said)
        intent = answer_to(post, "May we call you?", surface=Surface.PRIVATE)
        outcome = await platform.send(intent, OpenGate())
        assert isinstance(outcome, Refused)
        assert outcome.kind is Refusal.PERMISSION
        assert not (await platform.reply_rights(target_of(post)))[1].allowed
        robin.follow(brand)
        assert isinstance(await platform.send(intent, OpenGate()), Sent)


async def test_messages_need_a_privileged_app_password(network: BlueskyNetwork) -> None:
    brand, robin = network.brand("plain", privileged=False), network.person("robin")
    robin.write_to(brand, "hello")
    async with connected(brand) as platform:
        items, _ = await walk(platform)
        assert items == []
        said = await arrives(platform, robin.post(f"@{brand.handle} hello?", mentions=[brand]))
        public, private = await platform.reply_rights(target_of(said))
        assert (public.allowed, private.allowed) == (True, False)
        assert "app password" in (private.reason or "")


async def test_a_group_is_no_private_place(network: BlueskyNetwork) -> None:
    brand, robin, kim = network.brand("group"), network.person("robin"), network.person("kim")
    robin.write_to(brand, "first")
    async with connected(brand) as platform:
        _, cursor = await walk(platform)
        group = network.chat.start_group((brand.did, robin.did, kim.did))
        body = {"convoId": group, "message": {"text": "everybody, look"}}
        robin.call(
            "POST",
            "chat.bsky.convo.sendMessage",
            json=body,
            headers={"atproto-proxy": "did:web:api.bsky.chat#bsky_chat"},
        )
        items, _ = await walk(platform, cursor)
    assert [item.reason for item in items] == ["a message in a group; only conversations of two are read"]


async def test_a_chat_that_fails_hides_no_mention(network: BlueskyNetwork) -> None:
    brand, robin = network.brand("half"), network.person("robin")
    async with connected(brand) as platform:
        await platform.probe()
        said = robin.post(f"@{brand.handle} help", mentions=[brand])
        network.chat.down = True
        try:
            pages, found = 0, False
            for _ in range(100):
                with pytest.raises(Exception, match="503"):
                    async for page in platform.collect(None):
                        pages += 1
                        found |= said.uri in {getattr(item, "external_id", "") for item in page.items}
                if found:
                    break
                await asyncio.sleep(0.1)
        finally:
            network.chat.down = False
    assert found


async def _expire(vault: MemoryVault, *, refresh: bool = False) -> None:
    secret, version = await vault.read()
    kept = json.loads(secret or "")
    session = kept["session"]
    session["access"] = expired(session["access"])
    if refresh:
        session["refresh"] = expired(session["refresh"])
    assert await vault.swap(json.dumps(kept), version)
