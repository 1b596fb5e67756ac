"""The account as the bridge uses it, over HTTP against the network in the same process."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from fakes.clock import HandClock
from fakes.demo_town import ACME, Gate, NoVault, Town, collected, reply_to, town
from mentionbridge.domain.errors import LeaseLost, LoginNeeded, RunsElsewhere, SetupError
from mentionbridge.domain.mention import Post, Surface, Visibility
from mentionbridge.domain.reply import AlreadySent, Link, NotFound, Refusal, Refused, Sent
from mentionbridge.net.client import Http, in_process
from mentionbridge.platforms.demo.plug import CAPABILITIES, AccountOptions, PlatformOptions, plug
from mentionbridge.platforms.plug import Tools
from mentionbridge.ports.platform import Gone, PostRef


async def _ids(place: Town, cursor: str | None = None) -> list[str]:
    return [item.external_id for item in (await collected(place.platform, cursor))[0]]


async def test_probe_tells_who_we_are_and_what_may_be_done() -> None:
    async with town() as place:
        identity = await place.platform.probe()
        assert (identity.handle, identity.name) == ("acme", "Acme")
        assert identity.profile_url == "http://bridge.test/p/demo/people/acme"
        assert place.platform.capabilities == CAPABILITIES
        assert place.platform.private_link() == "http://bridge.test/p/demo/messages/acme"
    async with town(keys=False) as place:
        assert place.platform.capabilities.key_life is None
        await place.platform.probe()
        assert not place.platform.capabilities.keyed


async def test_a_complaint_is_collected_whole() -> None:
    async with town() as place:
        post_id = await place.says("sam", "@acme my parcel is late", place="Mill Road")
        (post,), cursor = await collected(place.platform)
    assert isinstance(post, Post)
    assert (post.external_id, post.thread_id, post.parent_id) == (post_id, post_id, None)
    assert (post.author.handle, post.text, post.created_at) == ("sam", "@acme my parcel is late", place.clock.now())
    assert post.permalink == f"http://bridge.test/p/demo/posts/{post_id}"
    assert post.tagged
    assert post.raw["place"] == "Mill Road"
    assert cursor


async def test_a_burst_between_two_polls_is_walked_to_its_end_and_never_twice() -> None:
    async with town() as place:
        await place.says("sam", "@acme before")
        _, cursor = await collected(place.platform)
        said = [await place.says("sam", f"@acme complaint {number}") for number in range(300)]
        pages = [page async for page in place.platform.collect(cursor)]
        assert [item.external_id for page in pages for item in page.items] == said
        assert max(len(page.items) for page in pages) == 40
        for number, page in enumerate(pages):
            rest = [item.external_id for later in pages[number + 1 :] for item in later.items]
            assert await _ids(place, page.cursor) == rest, "every page can be resumed behind"


async def test_a_cursor_from_a_network_that_lost_its_memory_hides_nothing() -> None:
    async with town() as place:
        post_id = await place.says("sam", "@acme hello")
        assert await _ids(place, "99999") == [post_id]


async def test_what_was_deleted_before_the_poll_is_not_listed_and_does_not_stop_it() -> None:
    async with town() as place:
        ids = [await place.says("sam", f"@acme {number}") for number in range(45)]
        for post_id in ids[:44]:
            await place.plays("DELETE", f"people/sam/posts/{post_id}")
        assert await _ids(place) == ids[44:]


async def test_posts_are_read_again_edited_deleted_or_unknown() -> None:
    async with town() as place:
        edited, gone, kept = [await place.says("sam", f"@acme {number}") for number in range(3)]
        await place.plays("PATCH", f"people/sam/posts/{edited}", text="@acme changed")
        await place.plays("DELETE", f"people/sam/posts/{gone}")
        refs = [PostRef(one, {}) for one in (edited, gone, kept, "p-99")]
        found = await place.platform.fetch(refs)
    assert isinstance(found[edited], Post)
    assert (found[edited].text, found[edited].edit_version) == ("@acme changed", "1")
    assert isinstance(found[gone], Gone)
    assert found[kept].edit_version == ""
    assert isinstance(found["p-99"], Gone)


async def test_context_is_root_first_with_deleted_posts_as_gone() -> None:
    async with town() as place:
        root = await place.says("noor", "is it just me?")
        middle = await place.says("mira", "no, me too", parent=root)
        await place.says("sam", "@acme us too", parent=middle)
        await place.plays("DELETE", f"people/mira/posts/{middle}")
        (post,), _ = await collected(place.platform)
        above = await place.platform.context(post)
    assert isinstance(above[0], Post)
    assert above[0].external_id == root
    assert isinstance(above[1], Gone)


async def test_a_reply_is_said_once_under_its_key_and_appears_under_the_post() -> None:
    async with town() as place:
        post_id = await place.says("sam", "@acme my parcel is late")
        intent = reply_to(place.clock, post_id, "Sorry. Write to us.", links=(Link(7, 12, "https://acme.example/x"),))
        first = await place.platform.send(intent, Gate())
        again = await place.platform.send(intent, Gate())
        thread = (await place.plays("GET", f"threads/{post_id}"))["posts"]
        page = (await place.browser.get(f"/p/demo/posts/{post_id}")).text
    assert isinstance(first, Sent)
    assert isinstance(again, AlreadySent)
    assert first.external_id == again.external_id
    assert [post["id"] for post in thread] == [post_id, first.external_id]
    assert '<a href="https://acme.example/x" rel="nofollow noopener ugc">Write</a> to us.' in page


async def test_a_keyless_network_says_it_twice_and_is_read_back_by_words() -> None:
    async with town(keys=False) as place:
        post_id = await place.says("sam", "@acme my parcel is late")
        intent = reply_to(place.clock, post_id)
        assert isinstance(await place.platform.find_reply(intent), NotFound)
        ids = {(await place.platform.send(intent, Gate())).external_id for _ in range(2)}
        found = await place.platform.find_reply(intent)
        other = await place.platform.find_reply(reply_to(place.clock, post_id, "Something else."))
    assert len(ids) == 2
    assert isinstance(found, Sent)
    assert found.evidence == "read-back"
    assert found.external_id in ids
    assert isinstance(other, NotFound)


async def test_our_own_reply_is_found_by_its_key() -> None:
    async with town() as place:
        post_id = await place.says("sam", "@acme my parcel is late")
        intent = reply_to(place.clock, post_id)
        sent = await place.platform.send(intent, Gate())
        found = await place.platform.find_reply(intent)
        same_words = await place.platform.find_reply(reply_to(place.clock, post_id, key="k-2"))
    assert found == Sent(sent.external_id, sent.permalink, evidence="key")
    assert isinstance(same_words, NotFound), "another reply with the same words is not this one"


async def test_each_refusal_has_its_name() -> None:
    async with town() as place:
        gone, closed, blocked = [await place.says("sam", f"@acme {number}") for number in range(3)]
        await place.plays("DELETE", f"people/sam/posts/{gone}")
        await place.plays("PATCH", f"people/sam/posts/{closed}", locked=True)

        async def refused(post_id: str) -> tuple[Refusal, Refusal | None]:
            intent = reply_to(place.clock, post_id, key=f"k-{post_id}")
            outcome = await place.platform.send(intent, Gate())
            assert isinstance(outcome, Refused)
            return outcome.kind, (await place.platform.reply_rights(intent.target))[0].refusal

        assert await refused(gone) == (Refusal.TARGET_GONE, Refusal.TARGET_GONE)
        assert await refused("p-99") == (Refusal.TARGET_GONE, Refusal.TARGET_GONE)
        assert await refused(closed) == (Refusal.TARGET_CLOSED, Refusal.TARGET_CLOSED)
        await place.plays("POST", "people/sam/ties", tie="block", whom="acme")
        assert await refused(blocked) == (Refusal.BLOCKED, Refusal.BLOCKED)


async def test_private_messages_need_the_other_to_have_come_first() -> None:
    async with town() as place:
        post_id = await place.says("sam", "@acme my parcel is late")
        private = reply_to(place.clock, post_id, visibility=Visibility.DIRECT, surface=Surface.PRIVATE)
        right = (await place.platform.reply_rights(private.target))[1]
        assert (right.surface, right.allowed, right.refusal) == (Surface.PRIVATE, False, Refusal.PERMISSION)
        cold = await place.platform.send(private, Gate())
        assert isinstance(cold, Refused)
        assert cold.kind is Refusal.PERMISSION
        await place.plays("POST", "people/sam/messages", to="acme", text="order 4471-209")
        assert (await place.platform.reply_rights(private.target))[1].allowed
        sent = await place.platform.send(private, Gate())
        message = (await collected(place.platform))[0][-1]
        assert isinstance(sent, Sent)
        assert sent.external_id.startswith("m-")
        assert (message.visibility, message.text) == (Visibility.DIRECT, "order 4471-209")
        own = [one async for one in place.platform.own_posts(place.clock.now() - timedelta(hours=1))]
        assert [(one.external_id, one.surface, one.thread_id) for one in own] == [
            (sent.external_id, Surface.PRIVATE, message.thread_id)
        ]
        page = (await place.browser.get(f"/p/demo/posts/{post_id}")).text
        assert private.text not in page


async def test_what_came_in_private_is_never_answered_in_public() -> None:
    async with town() as place:
        message = await place.plays("POST", "people/sam/messages", to="acme", text="order 4471-209")
        public = reply_to(place.clock, message["id"], parent_visibility=Visibility.DIRECT)
        outcome = await place.platform.send(public, Gate())
        assert isinstance(outcome, Refused)
        assert outcome.kind is Refusal.POLICY
        rights = await place.platform.reply_rights(public.target)
        assert [right.allowed for right in rights] == [False, True]
        inside = reply_to(
            place.clock,
            message["id"],
            visibility=Visibility.DIRECT,
            surface=Surface.PRIVATE,
            parent_visibility=Visibility.DIRECT,
            thread_id=message["thread"],
        )
        assert isinstance(await place.platform.send(inside, Gate()), Sent)
        assert isinstance(await place.platform.find_reply(inside), Sent)


async def test_a_reply_to_followers_stays_among_followers() -> None:
    async with town() as place:
        post_id = await place.says("sam", "@acme between us", audience="followers")
        (post,), _ = await collected(place.platform)
        assert post.visibility is Visibility.FOLLOWERS
        intent = reply_to(place.clock, post_id, parent_visibility=Visibility.FOLLOWERS)
        assert isinstance(await place.platform.send(intent, Gate()), Sent)
        place.browser.cookies["demo_person"] = "noor"
        assert intent.text not in (await place.browser.get("/p/demo/people/acme")).text
        place.browser.cookies["demo_person"] = "sam"
        assert intent.text in (await place.browser.get("/p/demo/people/acme")).text


async def test_own_posts_are_walked_newest_first_over_all_pages_since_a_time() -> None:
    async with town() as place:
        ids = [await place.says("sam", f"@acme {number}") for number in range(90)]
        before = place.clock.now()
        await place.platform.send(reply_to(place.clock, ids[0], key="old"), Gate())
        place.clock.forward(60)
        sent = [await place.platform.send(reply_to(place.clock, one, key=one), Gate()) for one in ids]
        all_ = [own.external_id async for own in place.platform.own_posts(before)]
        late = [own async for own in place.platform.own_posts(before + timedelta(seconds=30))]
    newest_first = [one.external_id for one in reversed(sent)]
    assert [own.external_id for own in late] == newest_first
    assert len(all_) == 91
    assert {own.parent_id for own in late} == set(ids)


async def test_nothing_is_written_when_the_gate_closes() -> None:
    class Closed:
        def check(self) -> None:
            raise LeaseLost("too late")

    async with town() as place:
        post_id = await place.says("sam", "@acme my parcel is late")
        with pytest.raises(LeaseLost):
            await place.platform.send(reply_to(place.clock, post_id), Closed())
        assert len((await place.plays("GET", f"threads/{post_id}"))["posts"]) == 1


async def test_a_wrong_token_needs_a_login() -> None:
    async with town() as place:
        stranger = plug.start(PlatformOptions(secret="another"), _tools(place))
        stranger._app = place.network.pages()
        platform = stranger.connect(ACME, AccountOptions(), NoVault())
        for call in (platform.probe(), platform.fetch([]), collected(platform)):
            with pytest.raises(LoginNeeded):
                await call
        await platform.aclose()
        await stranger.aclose()


async def test_ids_from_elsewhere_cannot_lead_to_another_address() -> None:
    async with town() as place:
        intent = reply_to(place.clock, "../me?x=", key="k")
        outcome = await place.platform.send(intent, Gate())
        assert isinstance(outcome, Refused)
        assert outcome.kind is Refusal.TARGET_GONE


async def test_a_network_kept_by_another_process_is_down_with_a_sentence(tmp_path: Path) -> None:
    async with town(tmp_path) as place:

        def held() -> None:
            raise SetupError("Another process already runs the demo network.")

        place.network._live._open_journal = held
        with pytest.raises(RunsElsewhere, match="Another process already runs"):
            await place.platform.probe()
        answer = await place.browser.get("/p/demo/")
        assert (answer.status_code, answer.json()["error"]) == (503, "in_use")


async def test_a_network_elsewhere_is_reached_by_its_address_and_visitors_are_sent_there() -> None:
    async with town(secret="shared") as place:
        clock = place.clock
        options = PlatformOptions(url="http://elsewhere.test:8090", secret="shared")
        network = plug.start(options, _tools(place))
        platform = network.connect(ACME, AccountOptions(), NoVault())
        await place.says("sam", "@acme hello")
        assert len((await collected(platform))[0]) == 1
        assert platform.private_link() == "http://elsewhere.test:8090/messages/acme"
        pages = Http("http://bridge.test", clock=clock, transport=in_process(network.pages()))
        answer = await pages.request("GET", "messages/acme", params={"a": "b"})
        assert (answer.status, answer.headers["location"]) == (307, "http://elsewhere.test:8090/messages/acme?a=b")
        await platform.aclose()
        await network.aclose()


def test_options_say_what_is_missing() -> None:
    with pytest.raises(ValidationError, match="needs the `secret`"):
        PlatformOptions(url="http://127.0.0.1:8090")
    with pytest.raises(ValidationError):
        AccountOptions(handle="no spaces")


async def test_an_account_whose_id_is_no_handle_needs_one() -> None:
    async with town() as place:
        odd = replace(ACME, id="Acme Ltd.")
        with pytest.raises(SetupError, match="needs a `handle`"):
            place.network.connect(odd, AccountOptions(), NoVault())
        platform = place.network.connect(odd, AccountOptions(handle="acme_ltd", name="Acme Ltd."), NoVault())
        assert (await platform.probe()).name == "Acme Ltd."
        await platform.aclose()


def _tools(place: Town) -> Tools:
    app = place.network.pages()
    clock = HandClock()
    return Tools(clock, lambda base: Http(base, clock=clock, transport=in_process(app)), "http://bridge.test")


async def test_what_one_person_said_in_a_thread_is_read_page_by_page_without_anybody_elses_words() -> None:
    async with town() as place:
        root = await place.says("mira", "Is anybody else offline tonight?")
        early = await place.says("sam", "Here too.", parent=root)
        since = place.clock.now() + timedelta(seconds=1)
        place.clock.forward(60)
        said = [await place.says("sam", f"Still nothing, {number}.", parent=early) for number in range(45)]
        await place.says("mira", "Same here.", parent=said[0])
        await place.plays("DELETE", f"people/sam/posts/{said[3]}")
        await place.says("sam", "elsewhere")
        sam = (await place.platform.fetch([PostRef(early, {})]))[early].author.external_id
        found = await place.platform.said_in_thread(sam, root, since)
        assert [post.external_id for post in found] == [*said[:3], *said[4:]]
        assert {post.thread_id for post in found} == {root}
        assert await place.platform.said_in_thread(sam, "p-999", since) == []
        message = await place.plays("POST", "people/sam/messages", to="acme", text="order 4471-209")
        assert await place.platform.said_in_thread(sam, message["id"], since) == []
