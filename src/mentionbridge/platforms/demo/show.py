"""What the templates show: posts and people as a visitor sees them, every word escaped."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zlib import crc32

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from mentionbridge.platforms.demo.network import Network, Person, Post, tag_spans

View = dict[str, Any]

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
HUES = 8
CAST = (("sam", "Sam Okoro"), ("noor", "Noor Haddad"), ("mira", "Mira Lindqvist"), ("tomas", "Tomás Ferreira"))
_URL = re.compile(r"https?://[^\s<>\"']*[^\s<>\"'.,;:!?)]")


def person(network: Network, someone: Person) -> View:
    """Show a person."""
    return {
        "handle": someone.handle,
        "name": someone.name,
        "initial": someone.name[:1].upper(),
        "hue": crc32(someone.handle.encode()) % HUES,
        "followers": network.follows_of(someone),
        "bot": someone.bot,
        "business": someone.business,
    }


def newcomer(handle: str) -> View:
    """Show somebody who has not said anything yet."""
    name = dict(CAST).get(handle, handle.title())
    return person(Network(), Person("", handle, name))


def cast(network: Network) -> list[View]:
    """Show whom a visitor may want to be: the usual people, then those who came last."""
    known = [someone for someone in network.people.values() if not someone.business and not someone.bot]
    usual = [network.person(handle) or Person("", handle, name) for handle, name in CAST]
    handles = {someone.handle for someone in usual}
    recent = [someone for someone in reversed(known) if someone.handle not in handles][:6]
    return [person(network, someone) for someone in (*usual, *recent)]


@dataclass(frozen=True, slots=True)
class Eyes:
    """Who looks, when, and under which path the network's pages live."""

    viewer: Person | None
    now: datetime
    at: str


def post(network: Network, shown: Post, eyes: Eyes) -> View:
    """Show a post or message; of a repost, the post it passes on and by whom."""
    said = network.posts[shown.repost_of] if shown.repost_of else shown
    return {
        "id": said.id,
        "author": person(network, network.author(said)),
        "passed_on_by": person(network, network.author(shown)) if shown.repost_of else None,
        "text": linked(said, eyes.at),
        "at": shown.created_at.isoformat(),
        "ago": ago(shown.created_at, eyes.now),
        "pictures": said.pictures,
        "place": said.place,
        "audience": said.audience.value,
        "edited": said.edits > 0,
        "deleted": said.deleted,
        "locked": said.locked,
        "starts": said.parent is None,
        "mine": eyes.viewer is not None and said.author == eyes.viewer.id,
        "answers": len(network.replies[said.id]),
        "reposts": network.reposts_of(said),
    }


def talks(network: Network, viewer: Person, eyes: Eyes) -> list[View]:
    """Show a person's private conversations, the liveliest first."""
    mine = [said for said in network.conversations.values() if said and _between(network.posts[said[0]], viewer)]
    latest = sorted((network.posts[said[-1]] for said in mine), key=lambda last: last.seq, reverse=True)
    return [
        {"other": person(network, _other(network, last, viewer)), "last": post(network, last, eyes)} for last in latest
    ]


def ago(then: datetime, now: datetime) -> str:
    """Say how long ago, in a word or two."""
    minutes = int((now - then).total_seconds() // 60)
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 24 * 60:
        return f"{minutes // 60} h"
    return f"{then.day} {then:%b}"


def linked(said: Post, at: str) -> Markup:
    """Return a post's words as HTML: escaped, with its links, the people it names and addresses made clickable."""
    text, done, parts = said.text, 0, []
    for start, end, kind, goal in _spans(said, at):
        if start >= done:
            parts += [escape(text[done:start]), _anchor(kind, goal, text[start:end])]
            done = end
    return Markup("").join([*parts, escape(text[done:])])


def _spans(said: Post, at: str) -> list[tuple[int, int, str, str]]:
    own = [(link["start"], link["end"], "out", link["url"]) for link in said.links]
    tags = [(start, end, "person", f"{at}/people/{handle}") for start, end, handle in tag_spans(said.text)]
    return sorted([*own, *_urls(said.text), *tags], key=lambda span: span[0])


def _urls(text: str) -> Iterator[tuple[int, int, str, str]]:
    for found in _URL.finditer(text):
        yield found.start(), found.end(), "out", found[0]


def _anchor(kind: str, goal: str, words: str) -> Markup:
    if kind == "person":
        return Markup('<a class="tag" href="{}">{}</a>').format(goal, words)
    return Markup('<a href="{}" rel="nofollow noopener ugc">{}</a>').format(goal, words)


def _between(message: Post, viewer: Person) -> bool:
    return viewer.id in (message.author, message.to)


def _other(network: Network, message: Post, viewer: Person) -> Person:
    return network.people[message.to if message.author == viewer.id and message.to else message.author]
