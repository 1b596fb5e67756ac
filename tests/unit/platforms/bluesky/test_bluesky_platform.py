"""Who we are, what became of posts, and what stands above them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from fakes.bluesky_script import SAM, US, Fault, Stage, note, shown, uri
from fakes.clock import START
from mentionbridge.domain.errors import LoginNeeded, PlatformDown
from mentionbridge.domain.mention import Post, Surface, Visibility
from mentionbridge.domain.reply import Purpose, Reply, ReplyState
from mentionbridge.pipeline.settle import key_lives
from mentionbridge.platforms.bluesky import plug
from mentionbridge.platforms.bluesky.plug import AccountOptions
from mentionbridge.ports.platform import Gone, PostRef

RECORD = Reply(
    brand_id="acme",
    id="rpl_1",
    ticket_id="tkt_1",
    account_id="acme-bluesky",
    platform="bluesky",
    mention_id="mnt_1",
    author_id="aut_1",
    purpose=Purpose.MESSAGE,
    surface=Surface.PUBLIC,
    state=ReplyState.UNKNOWN,
    text="We are on it.",
    lang="en",
    links=(),
    key="k-1",
    visibility=Visibility.PUBLIC,
    prepared={},
    created_at=START,
    updated_at=START,
)
GIVEN = {"identifier": "acme.example", "app_password": "invented"}


def records(stage: Stage, incoming: str | None, labels: Any = None) -> None:
    """Lay out our own profile and declaration."""
    values = {"chat.bsky.actor.declaration": {"allowIncoming": incoming}, "app.bsky.actor.profile": {"labels": labels}}
    stage.network.answers["getRecord"] = lambda asked: {"value": values[asked.query["collection"][0]]}


async def test_probe_says_who_we_are() -> None:
    stage = Stage()
    records(stage, "all", {"$type": "com.atproto.label.defs#selfLabels", "values": [{"val": "bot"}]})
    platform = stage.platform()
    identity = await platform.probe()
    assert (identity.external_id, identity.handle, identity.name) == (US, "acme.example", "Acme Broadband")
    assert identity.profile_url == "https://bsky.app/profile/acme.example"
    assert platform.private_link() == "https://bsky.app/profile/acme.example"
    assert platform.capabilities.private_messages
    assert platform.hints == []


@pytest.mark.parametrize("incoming", ["following", "none", None])
async def test_an_invitation_that_leads_nowhere_is_left_out(incoming: str | None) -> None:
    stage = Stage()
    records(stage, incoming)
    platform = stage.platform()
    await platform.probe()
    assert platform.private_link() is None
    assert any("allow new messages from everyone" in hint for hint in platform.hints)


async def test_hints_say_what_is_missing() -> None:
    stage = Stage()
    stage.network.answers["listConvos"] = Fault(400, "InvalidToken", "Bad token method")
    platform = stage.platform()
    assert platform.hints == ()
    await platform.probe()
    assert len(platform.hints) == 3
    assert not platform.capabilities.private_messages


async def test_before_the_first_answer_the_link_leads_to_the_configured_account() -> None:
    stage = Stage()
    assert stage.platform(identifier="@acme.example").private_link() == "https://bsky.app/profile/acme.example"
    assert stage.platform(identifier="support@acme.example").private_link() is None
    app = stage.platform(app_url="https://social.example/")
    assert app.private_link() == "https://social.example/profile/acme.example"


async def test_an_account_without_a_good_handle_is_named_by_its_did() -> None:
    stage = Stage()
    records(stage, "all")
    stage.network.answers["getSession"] = {"did": US, "handle": "handle.invalid", "active": True}
    stage.network.answers["createSession"] = {**stage.network.session(), "handle": "handle.invalid"}
    platform = stage.platform()
    assert (await platform.probe()).handle == US
    assert platform.private_link() == f"https://bsky.app/profile/{US}"


async def test_probe_stands_a_profile_the_network_does_not_know_yet() -> None:
    stage = Stage()
    stage.network.answers["getProfile"] = Fault(400, "InvalidRequest", "Profile not found")
    assert (await stage.platform().probe()).name == ""


@pytest.mark.parametrize(
    ("answer", "error", "sentence"),
    [
        (Fault(400, "InvalidRequest", "Could not find user info"), LoginNeeded, "taken this account down"),
        ({"did": US, "handle": "x", "active": False, "status": "suspended"}, LoginNeeded, "suspended"),
        ({"did": US, "handle": "x", "active": False, "status": "deactivated"}, LoginNeeded, "deactivated"),
        ({"did": US, "handle": "x", "active": False}, LoginNeeded, "not active"),
        ({"did": SAM, "handle": "x"}, PlatformDown, "somebody else"),
        (Fault(401, "AuthMissing"), LoginNeeded, "AuthMissing"),
        (Fault(503, "UpstreamFailure"), PlatformDown, "503"),
    ],
)
async def test_a_probe_that_fails_says_why(answer: Any, error: type[Exception], sentence: str) -> None:
    stage = Stage()
    stage.network.answers["getSession"] = answer
    with pytest.raises(error, match=sentence):
        await stage.platform().probe()


async def test_posts_are_read_again_in_batches() -> None:
    stage = Stage()
    notes = [note(n) for n in range(30)]
    by_uri = {one["uri"]: shown(one, cid=f"bafyedited{n}") for n, one in enumerate(notes)}
    stage.network.answers["getPosts"] = lambda asked: {"posts": [by_uri[one] for one in asked.query["uris"]]}
    found = await stage.platform().fetch([PostRef(one["uri"], {}) for one in notes])
    assert len(found) == 30
    post = found[notes[0]["uri"]]
    assert isinstance(post, Post)
    assert post.edit_version == "bafyedited0"
    assert [len(asked.query["uris"]) for asked in stage.network.of("getPosts")] == [25, 5]


@pytest.mark.parametrize(
    ("thread", "profiles", "expected"),
    [
        (Fault(400, "NotFound"), [{}], Gone("deleted")),
        (Fault(400, "NotFound"), [], Gone("author gone")),
        ({"thread": {"blocked": True}}, [{}], None),
    ],
)
async def test_a_post_that_is_not_shown_is_gone_unless_it_is_only_hidden_from_us(
    thread: Any, profiles: list[Any], expected: Gone | None
) -> None:
    stage = Stage()
    stage.network.answers |= {"getPostThread": thread, "getProfiles": {"profiles": profiles}}
    found = await stage.platform().fetch([PostRef(note(1)["uri"], {})])
    assert found.get(note(1)["uri"]) == expected


@pytest.mark.parametrize("thread", [{"thread": {"post": shown(note(1))}}, Fault(502, "UpstreamFailure")])
async def test_nothing_is_called_gone_on_one_word_alone(thread: Any) -> None:
    stage = Stage()
    stage.network.answers["getPostThread"] = thread
    with pytest.raises(PlatformDown):
        await stage.platform().fetch([PostRef(note(1)["uri"], {})])


async def test_what_is_no_post_of_this_network_and_what_cannot_be_read_is_left_out() -> None:
    stage = Stage()
    stage.network.answers["getPosts"] = {"posts": [{**shown(note(1)), "record": 7}]}
    assert await stage.platform().fetch([PostRef(note(1)["uri"], {}), PostRef("p-1", {})]) == {}


async def test_the_posts_above_come_root_first() -> None:
    stage = Stage()
    root, middle, leaf = (shown(note(n)) for n in range(3))
    tree = {"post": leaf, "parent": {"post": middle, "parent": {"post": root}}}
    stage.network.answers["getPostThread"] = {"thread": tree}
    above = await stage.platform().context(_post(leaf))
    assert [one.external_id for one in above if isinstance(one, Post)] == [root["uri"], middle["uri"]]


@pytest.mark.parametrize(
    ("parent", "expected"),
    [
        ({"$type": "app.bsky.feed.defs#notFoundPost", "uri": "at://x", "notFound": True}, Gone("deleted")),
        ({"$type": "app.bsky.feed.defs#blockedPost", "uri": "at://x", "blocked": True}, Gone("blocked")),
    ],
)
async def test_a_post_above_that_is_gone_is_said_to_be(parent: Any, expected: Gone) -> None:
    stage = Stage()
    middle = shown(note(2))
    tree = {"post": shown(note(1)), "parent": {"post": middle, "parent": parent}}
    stage.network.answers["getPostThread"] = {"thread": tree}
    above = await stage.platform().context(_post(note(1)))
    assert above[0] == expected
    assert isinstance(above[1], Post)


@pytest.mark.parametrize("answer", [Fault(400, "NotFound"), {"thread": None}, {"thread": {"parent": {"post": 7}}}])
async def test_a_thread_that_shows_nothing_has_nothing_above(answer: Any) -> None:
    stage = Stage()
    stage.network.answers["getPostThread"] = answer
    assert await stage.platform().context(_post(note(1))) == []


async def test_nothing_stands_above_a_private_message() -> None:
    stage = Stage()
    message = Post("c1/m1", _post(note(1)).author, "hello", _post(note(1)).created_at, "c1")
    assert await stage.platform().context(_direct(message)) == []
    assert stage.network.asked == []


async def test_connections_are_let_go() -> None:
    stage = Stage()
    platform = stage.platform()
    await platform.probe()
    await platform.aclose()


@pytest.mark.parametrize(
    "wrong",
    [
        {"identifier": ""},
        {"service": "bsky.social"},
        {"service": "ftp://bsky.social"},
        {"app_url": "https://"},
        {"app_passwort": "x"},
        {"app_password": None},
    ],
)
def test_wrong_options_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AccountOptions(**{**GIVEN, **wrong})


def test_options_have_good_defaults_and_hide_the_password() -> None:
    options = AccountOptions(**GIVEN)
    assert (options.service, options.app_url) == ("https://bsky.social", "https://bsky.app")
    assert "invented" not in repr(options)
    assert plug.capabilities.keyed
    assert not plug.capabilities.hooks


@pytest.mark.parametrize(("surface", "lives"), [(Surface.PUBLIC, True), (Surface.PRIVATE, False)])
def test_a_public_reply_may_be_repeated_under_its_key_a_private_message_never(surface: Surface, lives: bool) -> None:
    reply = replace(RECORD, surface=surface, first_sent_at=START)
    assert key_lives(plug.capabilities, reply, START + timedelta(days=300)) is lives


def test_the_password_may_lie_in_a_file(tmp_path: Any) -> None:
    (tmp_path / "secret").write_text("from-a-file\n")
    options = AccountOptions(identifier="acme.example", app_password_file=str(tmp_path / "secret"))
    assert options.app_password.get_secret_value() == "from-a-file"


def _post(view: Any) -> Post:
    item = plug.read(view, us=US)
    assert isinstance(item, Post)
    return item


def _direct(post: Post) -> Post:
    return replace(post, visibility=Visibility.DIRECT, permalink=uri(SAM, "x"))
