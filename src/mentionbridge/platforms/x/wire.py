"""X's JSON as domain words, and our replies as its JSON. Pure; shapes as in `samples/`."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from pydantic import ValidationError

from mentionbridge.domain.mention import Author, Item, MediaLink, Post, Surface, Unreadable, Visibility
from mentionbridge.domain.reply import OwnPost, ReplyIntent, Target
from mentionbridge.platforms.x import words
from mentionbridge.platforms.x.shapes import Message, OldTweet, OldUser, Tweet, User, an_object, count, objects
from mentionbridge.text import language, plain

_COUNTS = {
    "reply_count": "replies",
    "retweet_count": "reposts",
    "repost_count": "reposts",
    "like_count": "likes",
    "quote_count": "quotes",
    "impression_count": "views",
}
_NO_LANGUAGE = frozenset({"und", "zxx", "qam", "qct", "qht", "qme", "qst", "art"})


@dataclass(frozen=True, slots=True)
class Beside:
    """What an answer brings beside its posts: people, pictures and the posts above, by id."""

    users: Mapping[str, User] = field(default_factory=dict)
    media: Mapping[str, MediaLink] = field(default_factory=dict)
    authors: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, includes: Any) -> "Beside":
        """Read `includes`; what makes no sense is left out."""
        told = an_object(includes)
        posts = [*objects(told.get("tweets")), *objects(told.get("posts"))]
        return cls(
            {user.id: user for user in map(read_user, objects(told.get("users"))) if user},
            {str(each.get("media_key")): link for each in objects(told.get("media")) if (link := read_media(each))},
            {str(each.get("id")): str(each.get("author_id")) for each in posts},
        )


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads posts as the account with the id `us` sees them; `site` is where people read the network."""

    us: str
    site: str

    def page(self, body: Mapping[str, Any]) -> list[Item]:
        """Read every post of an answer."""
        found = body.get("data")
        beside = Beside.read(body.get("includes"))
        if isinstance(found, list):
            return [self.post(each, beside) for each in found]
        return [] if found is None else [self.post(found, beside)]

    def read(self, payload: Any) -> Item:
        """Read one post with what came beside it (`{"data", "includes"}`), or one of the old kind. Never raises."""
        if isinstance(payload, dict) and "data" in payload:
            return self.post(payload["data"], Beside.read(payload.get("includes")))
        return self.old(payload)

    def post(self, payload: Any, beside: Beside) -> Post | Unreadable:
        """Read a post of API v2. Never raises."""
        try:
            tweet = Tweet.model_validate(payload)
        except ValidationError as error:
            return unreadable(payload, _why(error))
        return self._post(tweet, beside, payload)

    def old(self, payload: Any) -> Post | Unreadable:
        """Read a post of API v1.1. Never raises."""
        try:
            tweet = OldTweet.model_validate(payload)
        except ValidationError as error:
            return unreadable(payload, _why(error))
        return self._old(tweet, payload)

    def message(self, payload: Any, beside: Beside) -> Post | Unreadable:
        """Read a direct message of API v2. Never raises."""
        try:
            message = Message.model_validate(payload)
        except ValidationError as error:
            return unreadable(payload, _why(error))
        return Post(
            external_id=f"dm-{message.id}",
            author=_author(message.sender, beside.users.get(message.sender)),
            text=plain.clean(message.text),
            created_at=message.created,
            thread_id=f"dm-{message.conversation}",
            visibility=Visibility.DIRECT,
            media=tuple(_media(message.attachments, beside)),
            addressed=(self.us,),
            ref={"conversation": message.conversation},
            raw=payload,
        )

    def own(self, payload: Any) -> OwnPost | None:
        """Read a post of ours; None when it makes no sense."""
        try:
            tweet = Tweet.model_validate(payload)
        except ValidationError:
            return None
        entities = tweet.note.entities if tweet.note else tweet.entities
        text = tweet.note.text if tweet.note else tweet.text
        return OwnPost(
            external_id=tweet.id,
            parent_id=_referenced(tweet, "replied_to"),
            thread_id=tweet.conversation or tweet.id,
            text=words.read(text, entities, tweet.shown, is_reply=_referenced(tweet, "replied_to") is not None),
            created_at=tweet.created,
            permalink=self.permalink(tweet.id),
        )

    def permalink(self, post_id: str, handle: str = "i/web") -> str:
        """Return where people read a post."""
        return f"{self.site}/{handle}/status/{post_id}"

    def _post(self, tweet: Tweet, beside: Beside, payload: Any) -> Post:
        whole, entities = tweet.text, tweet.entities
        if tweet.note is not None:
            whole, entities = tweet.note.text, tweet.note.entities or tweet.entities
        parent, quoted = _referenced(tweet, "replied_to"), _referenced(tweet, "quoted")
        author = beside.users.get(tweet.author)
        named = words.mentioned(entities)
        summoned = self.us in named or (quoted is not None and beside.authors.get(quoted) == self.us)
        first = tweet.history[0] if tweet.history else tweet.id
        return Post(
            external_id=first,
            author=_author(tweet.author, author),
            text=words.read(whole, entities, None if tweet.note else tweet.shown, is_reply=parent is not None),
            created_at=tweet.created,
            thread_id=tweet.conversation or first,
            parent_id=parent,
            permalink=self.permalink(tweet.id, author.handle if author else "i/web"),
            lang=_language(tweet.lang),
            media=tuple(_media(tweet.attachments, beside)),
            metrics=_metrics(tweet.metrics),
            tagged=summoned,
            is_repost=_referenced(tweet, "retweeted") is not None,
            is_quote=quoted is not None,
            quoted_id=quoted,
            edit_version=tweet.id,
            addressed=tuple(dict.fromkeys([*([tweet.answers] if tweet.answers else []), *named])),
            ref={"id": tweet.id, "summoned": summoned, "who": _text(tweet.reply_settings)},
            raw=payload,
        )

    def _old(self, tweet: OldTweet, payload: Any) -> Post:
        long = an_object(tweet.extended)
        whole = long.get("full_text") if isinstance(long.get("full_text"), str) else tweet.text
        entities = long.get("entities") if long else tweet.entities
        shown = long.get("display_text_range") if long else tweet.shown
        named = words.mentioned(entities)
        is_reply = tweet.parent is not None
        return Post(
            external_id=tweet.id,
            author=_old_author(tweet.user),
            text=words.read(str(whole), entities, shown, is_reply=is_reply),
            created_at=tweet.created,
            thread_id=tweet.parent or tweet.id,
            parent_id=tweet.parent,
            permalink=self.permalink(tweet.id, tweet.user.handle),
            lang=_language(tweet.lang),
            media=tuple(_old_media(long.get("extended_entities") or tweet.media)),
            tagged=self.us in named,
            is_repost=isinstance(tweet.shared, dict),
            is_quote=tweet.quoted is not None,
            quoted_id=tweet.quoted,
            edit_version=tweet.id,
            addressed=tuple(dict.fromkeys([*([tweet.answers] if tweet.answers else []), *named])),
            ref={"id": tweet.id, "summoned": self.us in named, "who": None},
            raw=payload,
        )


def write_reply(intent: ReplyIntent, us: str | None, site: str) -> dict[str, Any] | None:
    """Write our public reply; None when the post it answers was never read from the network.

    A link into private becomes the network's own button; any other is written out behind the words.
    """
    target = intent.target.ref.get("id")
    if not isinstance(target, str):
        return None
    button = compose_link(us, site) if us else None
    private = [link.url for link in intent.links if button is not None and link.url == button]
    others = [link.url for link in intent.links if link.url not in private]
    body: dict[str, Any] = {
        "text": " ".join([intent.text, *dict.fromkeys(others)]),
        "reply": {"in_reply_to_tweet_id": target},
    }
    return {**body, "direct_message_deep_link": button} if private else body


def compose_link(us: str, site: str) -> str:
    """Return where anybody writes us a private message."""
    return f"{site}/messages/compose?recipient_id={quote(us)}"


def conversation_of(target: Target) -> str | None:
    """Return the conversation a private message came in; None for a post."""
    found = target.ref.get("conversation")
    return found if isinstance(found, str) and found else None


def is_private(intent: ReplyIntent) -> bool:
    """True when the words are for one person's eyes."""
    return intent.surface is Surface.PRIVATE or intent.visibility is Visibility.DIRECT


def read_user(payload: Any) -> User | None:
    """Read a person; None when it makes no sense."""
    try:
        return User.model_validate(payload)
    except ValidationError:
        return None


def read_media(payload: Mapping[str, Any]) -> MediaLink | None:
    """Read a picture, or the still of a film."""
    url = payload.get("url") or payload.get("preview_image_url")
    if not isinstance(url, str) or not url.startswith("https://"):
        return None
    alt = payload.get("alt_text")
    return MediaLink(url, alt=plain.clean(alt) if isinstance(alt, str) else "")


def unreadable(payload: Any, reason: str) -> Unreadable:
    """Keep what we could not understand."""
    try:
        return Unreadable(json.dumps(payload, default=str).encode(), reason)
    except (ValueError, RecursionError):
        return Unreadable(repr(type(payload)).encode(), reason)


def _referenced(tweet: Tweet, kind: str) -> str | None:
    return next((each.id for each in tweet.referenced if each.type == kind), None)


def _author(author_id: str, user: User | None) -> Author:
    if user is None:
        return Author(author_id, author_id)
    name = plain.clean(user.name) if isinstance(user.name, str) else ""
    return Author(author_id, plain.clean(user.handle), name, count(an_object(user.metrics).get("followers_count")))


def _old_author(user: OldUser) -> Author:
    name = plain.clean(user.name) if isinstance(user.name, str) else ""
    return Author(user.id, plain.clean(user.handle), name, count(user.followers))


def _media(attachments: Any, beside: Beside) -> Iterator[MediaLink]:
    keys = an_object(attachments).get("media_keys")
    for key in keys if isinstance(keys, list) else []:
        if isinstance(key, str) and key in beside.media:
            yield beside.media[key]


def _old_media(entities: Any) -> Iterator[MediaLink]:
    for each in objects(an_object(entities).get("media")):
        if link := read_media({"url": each.get("media_url_https"), "alt_text": each.get("ext_alt_text")}):
            yield link


def _metrics(told: Any) -> dict[str, int]:
    counts = ((ours, count(an_object(told).get(theirs))) for theirs, ours in _COUNTS.items())
    return {ours: number for ours, number in counts if number is not None}


def _language(told: Any) -> str | None:
    return language.primary(told) if isinstance(told, str) and told not in _NO_LANGUAGE else None


def _text(told: Any) -> str | None:
    return told if isinstance(told, str) else None


def _why(error: ValidationError) -> str:
    """Name the first thing that is wrong, without quoting what was sent."""
    first: Any = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place: Sequence[Any] = first["loc"]
    return f"{'.'.join(map(str, place)) or 'the whole'}: {first['type'].replace('_', ' ')}"
