"""How the network shows a post over its API and webhooks: one JSON shape for both."""

from typing import Any
from urllib.parse import quote

from mentionbridge.platforms.demo.network import Kind, Network, News, Person, Post

Json = dict[str, Any]


def person(network: Network, someone: Person) -> Json:
    """Show a person."""
    return {
        "id": someone.id,
        "handle": someone.handle,
        "name": someone.name,
        "followers": network.follows_of(someone),
        "bot": someone.bot,
    }


def post(network: Network, shown: Post, pages: str, *, reader: str) -> Json:
    """Show a post to the handle that reads it; a repost carries the words it passes on."""
    origin = network.posts[shown.repost_of] if shown.repost_of else shown
    if shown.deleted or origin.deleted:
        return gone(shown.id)
    return {
        "id": shown.id,
        "author": person(network, network.author(shown)),
        "text": origin.text,
        "created_at": shown.created_at.isoformat(),
        "thread": origin.root if shown.repost_of else shown.root,
        "parent": shown.parent,
        "url": permalink(network, shown, pages),
        "audience": shown.audience,
        "pictures": [picture(one, pages) for one in origin.pictures],
        "place": origin.place,
        "counts": {"reposts": network.reposts_of(shown), "replies": len(network.replies[shown.id])},
        "tagged": network.tagged(shown, reader),
        "mentions": network.called_on(shown),
        "repost_of": shown.repost_of,
        "edits": shown.edits,
    }


def gone(post_id: str) -> Json:
    """Show that a post is not there any more."""
    return {"id": post_id, "gone": True}


def picture(one: dict[str, str], pages: str) -> Json:
    """Show a picture."""
    return {"url": f"{pages}/pictures/{one['name']}", "alt": one["alt"]}


def permalink(network: Network, shown: Post, pages: str) -> str:
    """Where a person reads the post."""
    if shown.to:
        return f"{pages}/messages/{network.people[shown.to].handle}"
    return f"{pages}/posts/{quote(shown.id, safe='')}"


def own(network: Network, shown: Post, pages: str) -> Json:
    """Show an account its own post, with the key it was sent under."""
    return {
        "id": shown.id,
        "text": shown.text,
        "created_at": shown.created_at.isoformat(),
        "thread": shown.root,
        "parent": shown.parent,
        "audience": shown.audience,
        "url": permalink(network, shown, pages),
        "key": shown.key,
    }


def event(network: Network, news: News, pages: str, *, reader: str) -> Json:
    """Show what happened, as a webhook tells it; a post deleted since is told as deleted."""
    happened = network.posts[news.post_id]
    shown = post(network, happened, pages, reader=reader)
    kind = Kind.DELETED if "gone" in shown else news.kind
    noun = "message" if happened.private else "post"
    return {"id": f"e-{news.seq}", "type": f"{noun}.{kind}", "post": shown}
