"""X through a scripted server: walks, rights, replies, messages and the errors of its documentation."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from contract.scripted import MemoryVault, OpenGate
from fakes.clock import HandClock
from fakes.x_server import FIRST, US, XServer
from mentionbridge.domain.account import Account, Mode
from mentionbridge.domain.errors import LoginNeeded, PlatformDown, RateLimited
from mentionbridge.domain.mention import Post, Surface, Visibility
from mentionbridge.domain.reply import AlreadySent, Link, NotFound, Refusal, Refused, ReplyIntent, Sent, Target, Unknown
from mentionbridge.net.client import Http
from mentionbridge.platforms.plug import Tools
from mentionbridge.platforms.x import plug
from mentionbridge.platforms.x.platform import XPlatform
from mentionbridge.ports.platform import Gone, PostRef

NOW = datetime(2026, 11, 22, 9, 20, tzinfo=UTC)
SAID = "Your post about your broadband has reached our team."


@dataclass
class Scene:
    server: XServer
    platform: XPlatform
    clock: HandClock

    async def collects(self, cursor: str | None) -> tuple[list[Any], str | None]:
        items: list[Any] = []
        async for page in self.platform.collect(cursor):
            items += page.items
            cursor = page.cursor or cursor
        return items, cursor

    async def says(self, intent: ReplyIntent) -> Any:
        return await self.platform.send(replace(intent, prepared=self.platform.prepare(intent)), OpenGate())


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    yield await connected(XServer())


async def connected(server: XServer, **options: Any) -> Scene:
    clock = HandClock(NOW)
    transport = httpx.MockTransport(server.handle)
    tools = Tools(
        clock=clock, http=lambda base: Http(base, clock=clock, transport=transport), public_url="http://b.test"
    )
    network = plug.start(plug.platform_options(client_id="c", client_secret="s", api_url="http://api.x.test"), tools)
    told = plug.account_options(refresh_token=FIRST, **options)
    account = Account("acme", "acme-x", "x", Mode.AUTO, 60.0)
    platform = network.connect(account, told, MemoryVault("{}"))
    await platform.probe()
    return Scene(server, platform, clock)


def target(number: str = "11", **ref: Any) -> Target:
    told = {"id": number, "summoned": True, "who": "everyone", **ref}
    return Target(number, number, "2000000007", "sam_wells", Visibility.PUBLIC, NOW - timedelta(minutes=6), told)


def intent(text: str = SAID, **more: Any) -> ReplyIntent:
    told = {"target": target(), "surface": Surface.PUBLIC, "visibility": Visibility.PUBLIC, **more}
    return ReplyIntent("rpl_1", "k", text=text, lang="en", created_at=NOW, **told)


def private(conversation: str | None = "1000000001-2000000007") -> ReplyIntent:
    ref = {"conversation": conversation} if conversation else {}
    to = replace(target(), visibility=Visibility.DIRECT, ref=ref)
    return intent(target=to, surface=Surface.PRIVATE, visibility=Visibility.DIRECT)


def answers(status: int, body: Any, **headers: str) -> Callable[[httpx.Request], httpx.Response]:
    return lambda request: httpx.Response(status, json=body, headers=headers)


async def test_a_walk_goes_to_the_end_and_only_then_moves_the_cursor(scene: Scene) -> None:
    scene.server.page_size = 2
    for number in range(1, 6):
        scene.server.mention(number, f"@acme {number}")
    pages = [page async for page in scene.platform.collect(None)]
    marked = [page.cursor is not None for page in pages]
    assert marked == [False, False, True, True]
    items, cursor = await scene.collects(None)
    assert sorted(item.external_id for item in items) == ["1", "2", "3", "4", "5"]
    assert await scene.collects(cursor) == ([], cursor)
    scene.server.mention(6, "@acme 6")
    items, _ = await scene.collects(cursor)
    assert [item.external_id for item in items] == ["6"]


async def test_a_search_finds_who_does_not_name_us_and_they_are_not_answered() -> None:
    scene = await connected(XServer(), search='"acme broadband" -is:retweet')
    scene.server.mention(3, "no internet with Acme broadband", entities={})
    items, cursor = await scene.collects(None)
    assert [item.tagged for item in items] == [False, False]
    assert cursor is not None
    assert '"search": "3"' in cursor
    right, _ = await scene.platform.reply_rights(replace(target("3"), ref=items[0].ref))
    assert (right.allowed, right.refusal) == (False, Refusal.NOT_SUMMONED)


async def test_the_newest_are_shown_past_our_place_and_only_a_few_are_paid_for(scene: Scene) -> None:
    for number in range(1, 31):
        scene.server.mention(number, f"@acme {number}")
    scene.platform.kept(scene.platform.spent())
    newest = await scene.platform.newest()
    assert [item.external_id for item in newest] == [str(number) for number in range(30, 20, -1)]
    # Ten posts with their ten authors, at the sheet's prices.
    assert sum(scene.platform.spent().values()) <= 10 * 5_000 + 10 * 10_000


async def test_our_own_posts_are_no_mentions(scene: Scene) -> None:
    scene.server.mention(4, "@acme it is mended", author_id=US)
    assert (await scene.collects(None))[0] == []


async def test_a_reply_is_said_and_the_button_leads_into_private(scene: Scene) -> None:
    link = scene.platform.private_link()
    assert link is not None
    said = await scene.says(intent(links=(Link(0, 4, link),)))
    assert said == Sent("9000", "https://x.com/i/web/status/9000")
    assert (
        b'"direct_message_deep_link":"https://x.com/messages/compose?recipient_id=1000000001"'
        in scene.server.calls[-1].content
    )
    assert link not in scene.server.own[0]["text"]


async def test_a_link_elsewhere_is_written_out_and_counted(scene: Scene) -> None:
    form = "https://bridge.example/h/abc"
    assert isinstance(await scene.says(intent("Tell us more", links=(Link(0, 4, form),))), Sent)
    assert scene.server.own[0]["text"] == f"Tell us more {form}"
    refused = await scene.says(intent("x" * 260, links=(Link(0, 4, form),)))
    assert isinstance(refused, Refused)
    assert refused.kind is Refusal.TOO_LONG


async def test_a_duplicate_is_looked_for_and_found(scene: Scene) -> None:
    await scene.says(intent())
    said = await scene.says(intent())
    assert said == AlreadySent("9000", "https://x.com/i/web/status/9000", evidence="read-back")
    assert len(scene.server.own) == 1


async def test_a_duplicate_that_is_not_shown_yet_stays_open(scene: Scene) -> None:
    detail = {"type": "about:blank", "detail": "You are not allowed to create a Tweet with duplicate content."}
    scene.server.faults["POST", "/2/tweets"] = [answers(403, detail)]
    assert isinstance(await scene.says(intent()), Unknown)


async def test_an_accepted_reply_whose_answer_is_lost_is_found_by_reading_back(scene: Scene) -> None:
    def accepts_and_dies(request: httpx.Request) -> httpx.Response:
        scene.server._answer(request)
        raise httpx.ReadTimeout("lost", request=request)

    scene.server.faults["POST", "/2/tweets"] = [accepts_and_dies]
    assert isinstance(await scene.says(intent()), Unknown)
    assert await scene.platform.find_reply(intent()) == Sent(
        "9000", "https://x.com/i/web/status/9000", evidence="read-back"
    )
    assert isinstance(await scene.platform.find_reply(intent("Other words.")), NotFound)
    assert isinstance(await scene.platform.find_reply(intent(target=target("12"))), NotFound)


ERRORS: list[tuple[int, Any, Refusal | type[Exception]]] = [
    (
        403,
        {"errors": [{"code": 433, "message": "The original author restricted who can reply."}]},
        Refusal.TARGET_CLOSED,
    ),
    (403, {"detail": "You have not been mentioned by the author", "type": "about:blank"}, Refusal.NOT_SUMMONED),
    (403, {"errors": [{"code": 136, "message": "You have been blocked."}]}, Refusal.BLOCKED),
    (403, {"errors": [{"code": 326, "message": "locked"}]}, LoginNeeded),
    (403, {"errors": [{"code": 64, "message": "suspended"}]}, LoginNeeded),
    (403, {"errors": [{"code": 385, "message": "deleted or not visible"}]}, Refusal.TARGET_GONE),
    (403, {"errors": [{"code": 186, "message": "too long"}]}, Refusal.TOO_LONG),
    (403, {"title": "Forbidden", "type": "about:blank", "detail": "no"}, Refusal.PERMISSION),
    (429, {"type": "https://api.x.com/2/problems/usage-capped", "title": "UsageCapExceeded"}, RateLimited),
    (402, {"title": "CreditsDepleted", "detail": "out of credits"}, RateLimited),
    (429, {"errors": [{"code": 88, "message": "Rate limit exceeded."}]}, RateLimited),
    (400, {"type": "https://api.x.com/2/problems/invalid-request", "detail": "bad"}, Refusal.INVALID),
]


@pytest.mark.parametrize(("status", "body", "means"), ERRORS)
async def test_every_error_of_the_documentation_means_something(
    scene: Scene, status: int, body: Any, means: Refusal | type[Exception]
) -> None:
    scene.server.faults["POST", "/2/tweets"] = [answers(status, body)]
    if isinstance(means, Refusal):
        said = await scene.says(intent())
        assert isinstance(said, Refused)
        assert said.kind is means
    else:
        with pytest.raises(means):
            await scene.says(intent())
    assert scene.server.own == []


async def test_rights_follow_the_post_as_it_stands(scene: Scene) -> None:
    scene.server.mention(11, "@acme down")
    public, direct = await scene.platform.reply_rights(target())
    assert public.allowed
    assert (direct.allowed, direct.refusal) == (False, Refusal.POLICY)
    scene.server.gone["11"] = "resource-not-found"
    public, _ = await scene.platform.reply_rights(target())
    assert public.refusal is Refusal.TARGET_GONE
    public, _ = await scene.platform.reply_rights(target(who="following"))
    assert public.refusal is Refusal.TARGET_CLOSED


async def test_posts_are_read_again_in_their_latest_version_and_missing_ones_are_gone(scene: Scene) -> None:
    scene.server.mention(11, "@acme down", edit_history_tweet_ids=["11", "15"])
    scene.server.mention(15, "@acme up again", edit_history_tweet_ids=["11", "15"])
    scene.server.gone |= {"12": "resource-not-found", "13": "not-authorized-for-resource"}
    refs = [PostRef(str(number), {"id": str(number)}) for number in (11, 12, 13, 14)]
    found = await scene.platform.fetch(refs)
    assert isinstance(found["11"], Post)
    assert (found["11"].text, found["11"].external_id) == ("@acme up again", "11")
    assert found["12"] == Gone("deleted")
    assert found["13"] == Gone("hidden from us")
    assert "14" not in found


async def test_the_posts_above_come_root_first(scene: Scene) -> None:
    scene.server.mention(1, "root")
    scene.server.mention(2, "@acme middle", referenced_tweets=[{"type": "replied_to", "id": "1"}])
    last = plug.read(
        {"data": scene.server.mention(3, "@acme last", referenced_tweets=[{"type": "replied_to", "id": "2"}])}
    )
    assert isinstance(last, Post)
    assert [post.external_id for post in await scene.platform.context(last) if isinstance(post, Post)] == ["1", "2"]
    scene.server.gone["1"] = "resource-not-found"
    assert (await scene.platform.context(last))[0] == Gone("deleted")


async def test_messages_are_answered_and_nobody_is_written_to_first(scene: Scene) -> None:
    assert await scene.says(private()) == Sent("dm-77")
    refused = await scene.says(private(None))
    assert isinstance(refused, Refused)
    assert refused.kind is Refusal.POLICY


async def test_messages_are_walked_back_to_the_last_one_known(scene: Scene) -> None:
    def message(number: int, sender: str) -> dict[str, Any]:
        return {
            "id": str(number), "text": f"message {number}", "sender_id": sender, "event_type": "MessageCreate",
            "dm_conversation_id": "1000000001-2000000007", "created_at": "2026-11-22T09:15:00.000Z",
        }  # fmt: skip

    scene.server.page_size = 2
    scene.server.messages = [message(number, US if number == 4 else "2000000007") for number in (5, 4, 3, 2, 1)]
    items, cursor = await scene.collects(None)
    assert [item.external_id for item in items] == ["dm-5", "dm-3", "dm-2", "dm-1"]
    assert {item.surface if hasattr(item, "surface") else item.visibility for item in items} == {Visibility.DIRECT}
    scene.server.messages.insert(0, message(6, "2000000007"))
    items, _ = await scene.collects(cursor)
    assert [item.external_id for item in items] == ["dm-6"]


async def test_a_limit_on_messages_stops_no_mentions_and_loses_none(scene: Scene) -> None:
    scene.server.mention(1, "@acme down")
    limited = answers(429, {}, **{"x-rate-limit-reset": str(int(NOW.timestamp()) + 60)})
    scene.server.faults["GET", "/2/dm_events"] = [limited]
    items, cursor = await scene.collects(None)
    assert [item.external_id for item in items] == ["1"]
    assert cursor is not None
    assert '"messages": null' in cursor


async def test_without_access_to_messages_the_account_says_so(scene: Scene) -> None:
    scene.server.faults["GET", "/2/dm_events"] = [answers(403, {"title": "Forbidden"})]
    await scene.collects(None)
    assert not scene.platform.capabilities.private_messages
    _, direct = await scene.platform.reply_rights(target(summoned=False))
    assert direct.refusal is Refusal.PERMISSION


async def test_a_token_that_ran_out_is_renewed_on_the_way(scene: Scene) -> None:
    scene.server.access = "another"
    await scene.collects(None)
    assert scene.server.trades == 2


async def test_a_spent_sign_in_asks_for_a_person(scene: Scene) -> None:
    scene.server.access = scene.server.refresh = "another"
    with pytest.raises(LoginNeeded, match="sign the account in again"):
        await scene.collects(None)


async def test_an_answer_without_tokens_is_down_and_not_spent(scene: Scene) -> None:
    scene.server.access = "another"
    scene.server.faults["POST", "/2/oauth2/token"] = [answers(200, {"access_token": "a"})]
    with pytest.raises(PlatformDown):
        await scene.collects(None)
    scene.server.access = ""
    assert await scene.collects(None) == ([], (await scene.collects(None))[1])


async def test_a_thread_is_followed_for_one_person(scene: Scene) -> None:
    scene.server.mention(11, "@acme down")
    scene.server.mention(12, "and the telephone too", conversation_id="11", created_at="2026-11-22T09:19:00.000Z")
    scene.server.mention(13, "me too", conversation_id="11", author_id="2000000008")
    said = await scene.platform.said_in_thread("2000000007", "11", NOW - timedelta(minutes=2))
    assert [post.external_id for post in said] == ["12"]
    assert await scene.platform.said_in_thread("x OR y", "11", NOW) == []


async def test_what_was_read_and_said_is_on_the_bill(scene: Scene) -> None:
    scene.platform.kept(scene.platform.spent())
    scene.server.mention(11, "@acme my broadband is down")
    items, _ = await scene.collects(None)
    read = sum(scene.platform.spent().values())
    assert read >= 5_000 * len(items) > 0
    assert isinstance(await scene.says(intent()), Sent)
    assert sum(scene.platform.spent().values()) >= read + 10_000


async def test_a_reply_of_ours_is_deleted_once_and_a_refusal_is_told(scene: Scene) -> None:
    said = await scene.says(intent())
    assert isinstance(said, Sent)
    assert await scene.platform.retract(said.external_id) is None
    assert scene.server.own == []
    assert await scene.platform.retract(said.external_id) is None, "what is gone already counts as taken back"
    where = ("DELETE", f"/2/tweets/{said.external_id}")
    scene.server.faults[where] = [answers(403, {"title": "Forbidden", "detail": "You may not."}), answers(500, {})]
    refused = await scene.platform.retract(said.external_id)
    assert isinstance(refused, Refused) and refused.kind is Refusal.PERMISSION
    with pytest.raises(PlatformDown):
        await scene.platform.retract(said.external_id)
