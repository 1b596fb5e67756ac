"""The challenge, the signature and both shapes of events."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from mentionbridge.domain.mention import Deleted, Post, Unreadable, Visibility
from mentionbridge.platforms.x.hook import SIGNATURE, XHook, conversation, token_for
from mentionbridge.platforms.x.wire import Reader
from mentionbridge.ports.platform import HookRequest

SECRET = "consumer-secret"
NOW = datetime(2026, 11, 22, 9, 20, tzinfo=UTC)
HOOK = XHook(SECRET, Reader("", "https://x.com"))
POST = {
    "id": "11",
    "text": "@acme hello",
    "author_id": "7",
    "created_at": "2026-11-22T09:14:03.000Z",
    "entities": {"mentions": [{"start": 0, "end": 5, "username": "acme", "id": "1"}]},
}


def event(kind: Any, payload: Any, **more: Any) -> bytes:
    data = {"event_uuid": "e", "event_type": kind, "filter": {"user_id": "1"}, "payload": payload, **more}
    return json.dumps({"data": data}).encode()


def message(sender: str = "7", receiver: str = "1", text: str = "my number is in here") -> dict[str, Any]:
    created = {"sender_id": sender, "target": {"recipient_id": receiver}, "message_data": {"text": text}}
    return {"type": "message_create", "id": "55", "created_timestamp": "1795338843000", "message_create": created}


def test_the_challenge_is_answered() -> None:
    answer = HOOK.handshake(HookRequest("GET", {}, {"crc_token": "challenge_string"}, b""))
    assert answer is not None
    assert json.loads(answer.body) == {"response_token": "sha256=S/mG8E9n5SjoGuCqHguvP8K8uuu5ogCPF0dOpIdyZlk="}


def test_what_is_no_challenge_is_none() -> None:
    assert HOOK.handshake(HookRequest("GET", {}, {}, b"")) is None
    assert HOOK.handshake(HookRequest("POST", {}, {"crc_token": "x"}, b"{}")) is None


def test_the_signature_of_the_documentation_is_good_and_no_other() -> None:
    body, good = b'{"object":"page","entry":[]}', "sha256=Ad5qXHUdbLN8aOznwtfM2BzBT3yfxMJDPq4cnbin0HQ="
    assert HOOK.verify(HookRequest("POST", {SIGNATURE: good}, {}, body), NOW) is None
    for wrong in (good.lower(), good[:-1], "sha256=", "é", ""):
        assert HOOK.verify(HookRequest("POST", {SIGNATURE: wrong}, {}, body), NOW)
    assert HOOK.verify(HookRequest("POST", {}, {}, body), NOW)
    assert XHook("another", Reader("", "")).verify(HookRequest("POST", {SIGNATURE: good}, {}, body), NOW)


@pytest.mark.parametrize("kind", ["post.mention.create", "post.reply.create", "post.quote.create"])
def test_a_post_of_x_activity_is_read_as_seen_by_the_account_it_is_for(kind: str) -> None:
    users = {"users": [{"id": "7", "username": "sam", "name": "Sam", "followers_count_str": "5"}]}
    (post,) = HOOK.parse(event(kind, POST, includes=users))
    assert isinstance(post, Post)
    assert (post.external_id, post.author.handle, post.tagged) == ("11", "sam", True)


def test_a_deletion_is_told() -> None:
    assert HOOK.parse(event("post.delete", {"id": "11"})) == [Deleted("11")]
    told = {"for_user_id": "1", "tweet_delete_events": [{"status": {"id": "12", "user_id": "7"}}]}
    assert HOOK.parse(json.dumps(told).encode()) == [Deleted("12")]


def test_a_message_is_private_and_ours_are_not_heard() -> None:
    users = {"7": {"data": {"username": "sam", "name": "Sam", "public_metrics": {"followers_count": 3}}}}
    told = {"direct_message_events": [message(), message("1", "7", "ours")], "users": users}
    (heard,) = HOOK.parse(event("dm.received", told))
    assert isinstance(heard, Post)
    assert heard.visibility is Visibility.DIRECT
    assert (heard.external_id, heard.thread_id, heard.author.handle) == ("dm-55", "dm-1-7", "sam")
    assert heard.created_at == datetime(2026, 11, 22, 9, 14, 3, tzinfo=UTC)
    old = {"for_user_id": "1", "direct_message_events": [message()], "users": {"7": {"screen_name": "sam"}}}
    (again,) = HOOK.parse(json.dumps(old).encode())
    assert isinstance(again, Post)
    assert again.external_id == "dm-55"


@pytest.mark.parametrize("kind", [[], {}, 7, None])
def test_a_kind_that_is_no_word_is_kept_as_not_understood(kind: Any) -> None:
    (kept,) = HOOK.parse(event(kind, {"id": "11"}))
    assert isinstance(kept, Unreadable)


def test_events_that_tell_us_nothing_are_left_out_and_unknown_ones_kept() -> None:
    assert HOOK.parse(event("block.block", {})) == []
    (kept,) = HOOK.parse(event("post.sparkle", {"id": "1"}))
    assert isinstance(kept, Unreadable)
    assert b"post.sparkle" in kept.body


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"\xff", b"{}", b'{"data": 7}', b"[" * 100_000])
def test_what_is_not_understood_is_kept(body: bytes) -> None:
    (kept,) = HOOK.parse(body)
    assert isinstance(kept, Unreadable)


def test_a_list_that_is_none_is_kept() -> None:
    told = {"for_user_id": "1", "tweet_create_events": {"id": 1}, "tweet_delete_events": [{"status": {}}]}
    assert [type(item) for item in HOOK.parse(json.dumps(told).encode())] == [Unreadable, Unreadable]


def test_a_conversation_is_named_by_the_lower_id_first() -> None:
    assert conversation("10", "9") == conversation("9", "10") == "9-10"
    assert conversation("10", None) is None


def test_signing_is_by_the_raw_bytes() -> None:
    assert token_for(SECRET, b"a") != token_for(SECRET, b"a ")
