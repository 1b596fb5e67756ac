"""A post from elsewhere comes to be on the network, once, and stands in nobody's way."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fakes.demo_town import Gate as AnyGate
from fakes.demo_town import collected, reply_to, town
from mentionbridge.domain.mention import Author, Mention, MentionState, Origin, Visibility
from mentionbridge.domain.reply import Refusal, Refused, Sent
from mentionbridge.platforms.demo import hosting
from mentionbridge.platforms.demo.acts import Denied

ROBIN = Author("did:plc:robin", "Robin.Example", "Robin", 40)


def told(clock: Any, external_id: str = "at://did:plc:robin/post/3k", **facts: Any) -> Mention:
    now = clock.now()
    plain = Mention(
        brand_id="acme",
        id="mnt_1",
        platform="demo",
        account_id="acme",
        author_id="aut_1",
        author=ROBIN,
        external_id=external_id,
        thread_id=external_id,
        parent_id=None,
        text="@acme my parcel is late" + "!" * 300,
        lang=None,
        visibility=Visibility.PUBLIC,
        permalink=None,
        occurred_at=now,
        received_at=now,
        origin=Origin.PUSH,
        tagged=True,
        is_repost=False,
        is_quote=False,
        silent=False,
        state=MentionState.JUDGED,
        edit_version="",
        ref={},
        metrics={},
    )
    return replace(plain, **facts)


async def test_it_can_be_read_and_answered_under_its_own_id() -> None:
    async with town() as there:
        mention = told(there.clock)
        assert await there.platform.host(mention) is None
        assert await there.platform.host(replace(mention, text="other words")) is None
        sent = await there.platform.send(reply_to(there.clock, mention.external_id), AnyGate())
        assert isinstance(sent, Sent)
        thread = (await there.plays("GET", f"threads/{mention.external_id}"))["posts"]
        assert [post["text"] for post in thread] == [mention.text, "Sorry to hear that, Sam."]
        assert thread[0]["author"] == {
            "id": "did:plc:robin", "handle": "robin-example", "name": "Robin", "followers": 40, "bot": False
        }  # fmt: skip
        page = await there.browser.get(thread[0]["url"].removeprefix("http://bridge.test"))
        assert page.status_code == 200 and "my parcel is late" in page.text


async def test_nobody_is_told_of_it_and_it_survives_a_restart(tmp_path: Path) -> None:
    async with town(tmp_path) as there:
        await there.platform.host(told(there.clock))
        assert (await collected(there.platform))[0] == []
    async with town(tmp_path) as there:
        assert (await there.plays("GET", "threads/at://did:plc:robin/post/3k"))["posts"]


async def test_ids_from_elsewhere_are_not_given_out_again() -> None:
    async with town() as there:
        await there.platform.probe()
        taken = told(there.clock, "p-2", author=replace(ROBIN, external_id="u-3", handle="sam"))
        assert await there.platform.host(taken) is None
        said = [await there.says(who, "@acme hello") for who in ("sam", "kim", "lee")]
        assert len({"p-2", *said}) == 4
        people = there.network._live.state.people
        assert len({person.handle for person in people.values()}) == len(people)


async def test_an_answer_from_elsewhere_hangs_below_its_parent() -> None:
    async with town() as there:
        first = await there.says("sam", "@acme hello?")
        below = told(there.clock, "h-2", parent_id=first, thread_id=first)
        assert await there.platform.host(below) is None
        assert [post["id"] for post in (await there.plays("GET", f"threads/{first}"))["posts"]] == [first, "h-2"]
        lost = told(there.clock, "h-3", parent_id="h-gone", thread_id="h-root")
        assert await there.platform.host(lost) is None
        answered = await there.browser.post("/p/demo/posts/h-3/replies", data={"text": "and?"})
        assert answered.headers["location"].startswith("/p/demo/posts/h-3#")


async def test_what_cannot_be_there_is_refused_as_gone() -> None:
    async with town() as there:
        theirs = await there.says("sam", "@acme hello")
        await there.plays("DELETE", f"people/sam/posts/{theirs}")
        us = (await there.platform.probe()).external_id
        cannot = [
            told(there.clock, theirs),
            told(there.clock, await there.says("kim", "@acme hi")),
            told(there.clock, "x" * 201),
            told(there.clock, "blank and umlaut ä"),
            told(there.clock, "h-1", author=replace(ROBIN, external_id=us)),
            told(there.clock, "h-2", visibility=Visibility.DIRECT),
        ]
        for mention in cannot:
            refused = await there.platform.host(mention)
            assert isinstance(refused, Refused) and refused.kind is Refusal.TARGET_GONE, mention.external_id


async def test_only_an_account_may_put_posts_there() -> None:
    async with town() as there:
        answer = await there.browser.put("/p/demo/api/posts/h-1", json={})
        assert (answer.status_code, answer.json()["error"]) == (401, "unauthorised")


def test_a_body_that_is_no_post_says_why() -> None:
    with pytest.raises(Denied, match="author: Field required"):
        hosting.read({"text": "x"})


@pytest.mark.parametrize(("wanted", "handle"), [("Sam", "sam-2"), ("ЖЖ", "somebody"), ("-a@b.example-", "a-b-example")])
async def test_a_handle_is_fitted_and_never_shared(wanted: str, handle: str) -> None:
    async with town() as there:
        await there.says("sam", "hello")
        assert hosting.free_handle(there.network._live.state, wanted) == handle
