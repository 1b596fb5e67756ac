"""What the network lets people do, and who hears of it."""

from collections.abc import Callable

import pytest

from fakes.clock import HandClock
from mentionbridge.platforms.demo.acts import Denied, LiveNetwork
from mentionbridge.platforms.demo.journal import Memory
from mentionbridge.platforms.demo.network import Audience, Kind, Person


@pytest.fixture
def live() -> LiveNetwork:
    network = LiveNetwork(HandClock(), Memory)
    network.expect("acme", "Acme")
    network.open()
    return network


@pytest.fixture
def acme(live: LiveNetwork) -> Person:
    return live.adopt("acme", "")


@pytest.fixture
def sam(live: LiveNetwork) -> Person:
    return live.join("sam", "Sam Okoro")


def _code(act: Callable[[], object]) -> tuple[int, str]:
    with pytest.raises(Denied) as raised:
        act()
    assert str(raised.value).endswith(".")
    return raised.value.status, raised.value.code


def _heard(live: LiveNetwork, handle: str = "acme") -> list[tuple[Kind, str]]:
    return [(news.kind, news.post_id) for news in live.state.concerns(handle, 0)]


def test_a_post_reaches_those_it_names_in_any_case(live: LiveNetwork, sam: Person) -> None:
    post = live.post(sam, "Hello @ACME, and @nobody_yet")
    assert _heard(live) == [(Kind.CREATED, post.id)]
    assert post.addressed == {"acme", "nobody_yet"}


@pytest.mark.parametrize("text", ["mail me at sam@acme.example", "@acmecorp", "acme is down", "@@acme", "x@acme"])
def test_what_only_looks_like_a_tag_is_none(live: LiveNetwork, sam: Person, text: str) -> None:
    live.post(sam, text)
    assert _heard(live) == []


@pytest.mark.parametrize("text", ["@acme", "(@acme)", "@acme's van", "…@acme!", "сам @acme"])
def test_a_tag_is_one_wherever_it_stands(live: LiveNetwork, sam: Person, text: str) -> None:
    post = live.post(sam, text)
    assert _heard(live) == [(Kind.CREATED, post.id)]


def test_answers_in_a_thread_concern_us_but_only_direct_ones_are_tagged(
    live: LiveNetwork, sam: Person, acme: Person
) -> None:
    noor = live.join("noor")
    root = live.post(sam, "@acme no parcel")
    ours, _ = live.reply(acme, root.id, "Sorry")
    to_us, _ = live.reply(sam, ours.id, "Thanks")
    aside, _ = live.reply(noor, root.id, "Same here")
    assert [post_id for _, post_id in _heard(live)] == [root.id, to_us.id, aside.id]
    assert live.state.tagged(to_us, "acme")
    assert not live.state.tagged(aside, "acme")
    assert {post.root for post in (root, ours, to_us, aside)} == {root.id}
    assert [post_id for _, post_id in _heard(live, "sam")] == [ours.id, aside.id]


def test_the_thread_is_walked_as_a_conversation(live: LiveNetwork, sam: Person) -> None:
    root = live.post(sam, "one")
    first, _ = live.reply(sam, root.id, "two")
    second, _ = live.reply(sam, root.id, "four")
    under, _ = live.reply(sam, first.id, "three")
    assert [(depth, post.id) for depth, post in live.state.thread(root)] == [
        (1, first.id),
        (2, under.id),
        (1, second.id),
    ]
    assert [post.id for post in live.state.ancestors(under)] == [root.id, first.id]


def test_an_edit_that_names_us_is_news_to_us_and_a_second_edit_is_an_edit(live: LiveNetwork, sam: Person) -> None:
    post = live.post(sam, "no parcel")
    live.edit(sam, post.id, "no parcel, @acme")
    live.edit(sam, post.id, "still no parcel, @acme")
    live.delete(sam, post.id)
    assert _heard(live) == [(Kind.CREATED, post.id), (Kind.EDITED, post.id), (Kind.DELETED, post.id)]
    assert live.state.posts[post.id].edits == 2


def test_nobody_answers_what_is_gone_closed_or_blocked(live: LiveNetwork, sam: Person, acme: Person) -> None:
    closed, gone, mine = (live.post(sam, f"@acme {number}") for number in range(3))
    below, _ = live.reply(sam, closed.id, "more")
    live.lock(sam, closed.id)
    live.delete(sam, gone.id)
    assert _code(lambda: live.reply(acme, closed.id, "Sorry")) == (403, "locked")
    assert _code(lambda: live.reply(acme, below.id, "Sorry")) == (403, "locked")
    assert _code(lambda: live.reply(acme, gone.id, "Sorry")) == (404, "gone")
    assert _code(lambda: live.reply(acme, "p-99", "Sorry")) == (404, "gone")
    live.lock(sam, closed.id, False)
    live.block(sam, acme)
    assert _code(lambda: live.reply(acme, mine.id, "Sorry")) == (403, "blocked")
    assert _code(lambda: live.write(acme, sam, "Sorry")) == (403, "blocked")
    live.block(sam, acme, False)
    assert live.reply(acme, closed.id, "Sorry")[1]


def test_a_brand_writes_only_to_those_who_wrote_or_follow(live: LiveNetwork, sam: Person, acme: Person) -> None:
    noor = live.join("noor")
    assert _code(lambda: live.write(acme, sam, "Buy this")) == (403, "not_permitted")
    message, _ = live.write(sam, acme, "Hello")
    answer, _ = live.write(acme, sam, "Hello Sam")
    assert message.root == answer.root
    assert _code(lambda: live.write(acme, noor, "Buy this")) == (403, "not_permitted")
    live.follow(noor, acme)
    assert live.write(acme, noor, "Hello Noor")[1]
    assert live.write(sam, noor, "People may always write")[1]
    assert _code(lambda: live.write(sam, sam, "Hello me")) == (422, "yourself")


def test_a_private_message_is_never_answered_in_public(live: LiveNetwork, sam: Person, acme: Person) -> None:
    message, _ = live.write(sam, acme, "order 4471-209")
    assert _code(lambda: live.reply(acme, message.id, "Sorry")) == (403, "private")
    assert _code(lambda: live.repost(acme, message.id)) == (403, "not_public")
    assert not live.state.visible(message, live.join("noor"))
    assert not live.state.visible(message, None)
    assert list(live.state.timeline(sam)) == []


def test_an_answer_is_seen_by_no_more_people_than_the_post(live: LiveNetwork, sam: Person, acme: Person) -> None:
    post = live.post(sam, "@acme between us", audience=Audience.FOLLOWERS)
    answer, _ = live.reply(acme, post.id, "Sorry")
    assert answer.audience is Audience.FOLLOWERS
    stranger = live.join("noor")
    assert not live.state.visible(post, stranger)
    assert _code(lambda: live.reply(stranger, post.id, "What?")) == (403, "private")
    live.follow(stranger, sam)
    assert live.state.visible(post, stranger)


def test_a_key_says_it_once_and_only_for_the_same_words(live: LiveNetwork, sam: Person, acme: Person) -> None:
    root = live.post(sam, "@acme no parcel")
    first, fresh = live.reply(acme, root.id, "Sorry", key="k")
    again, repeated = live.reply(acme, root.id, "Sorry", key="k")
    assert (first.id, fresh, repeated) == (again.id, True, False)
    assert _code(lambda: live.reply(acme, root.id, "Very sorry", key="k")) == (422, "key_reused")
    assert live.reply(sam, root.id, "Sorry", key="k")[1], "another person's key is another key"
    live.lock(sam, root.id)
    assert live.reply(acme, root.id, "Sorry", key="k")[0].id == first.id, "said is said, whatever changed since"


def test_without_keys_a_repeat_is_said_twice() -> None:
    live = LiveNetwork(HandClock(), Memory, keys=False)
    live.open()
    sam, acme = live.join("sam"), live.adopt("acme", "")
    root = live.post(sam, "@acme no parcel")
    said = {live.reply(acme, root.id, "Sorry", key="k")[0].id for _ in range(2)}
    assert len(said) == 2


@pytest.mark.parametrize("text", ["x" * 281, "👩‍👩‍👧‍👦" * 281])
def test_281_characters_are_too_many(live: LiveNetwork, sam: Person, text: str) -> None:
    assert _code(lambda: live.post(sam, text)) == (422, "too_long")


@pytest.mark.parametrize("text", ["x" * 280, "👩‍👩‍👧‍👦" * 280, "  " + "x" * 280 + "\n"])
def test_280_characters_fit_as_people_count_them(live: LiveNetwork, sam: Person, text: str) -> None:
    assert live.post(sam, text).text == text.strip()


@pytest.mark.parametrize("text", ["", "  \n ", "\x00"])
def test_nothing_is_no_post(live: LiveNetwork, sam: Person, text: str) -> None:
    assert _code(lambda: live.post(sam, text)) == (422, "empty")


def test_half_characters_and_nul_do_not_get_in(live: LiveNetwork, sam: Person) -> None:
    assert live.post(sam, "a\x00b \ud800 c\r\nd").text == "ab ? c\nd"


def test_own_posts_only_are_edited_deleted_and_closed(live: LiveNetwork, sam: Person) -> None:
    post, noor = live.post(sam, "mine"), live.join("noor")
    for act in (live.delete, live.lock):
        assert _code(lambda act=act: act(noor, post.id)) == (403, "not_yours")
    assert _code(lambda: live.edit(noor, post.id, "ours")) == (403, "not_yours")


@pytest.mark.parametrize("handle", ["", "a b", "-sam", "sam-", "s" * 31, "sám", "sam\n", "<b>"])
def test_bad_handles(live: LiveNetwork, handle: str) -> None:
    if handle == "sam\n":
        assert live.join(handle).handle == "sam"
        return
    assert _code(lambda: live.join(handle)) == (422, "bad_handle")


def test_nobody_plays_the_brand_not_even_who_had_the_name_before() -> None:
    live = LiveNetwork(HandClock(), Memory)
    before = live.join("acme", "Somebody")
    assert live.adopt("acme", "Acme") is before
    assert before.business
    assert _code(lambda: live.join("@Acme")) == (403, "reserved")


def test_a_repost_carries_the_first_post_and_is_heard(live: LiveNetwork, sam: Person) -> None:
    mira, noor = live.join("mira", followers=2000), live.join("noor")
    post = live.post(sam, "@acme no parcel")
    once = live.repost(mira, post.id)
    twice = live.repost(noor, once.id)
    assert once.repost_of == twice.repost_of == post.id
    assert live.state.reposts_of(post) == 2
    assert [post_id for _, post_id in _heard(live)] == [post.id, once.id, twice.id]
    assert not live.state.tagged(once, "acme")
