"""Posts from elsewhere: somebody told the bridge of them, and here they exist so that they can be answered."""

import re
from itertools import chain, count
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from mentionbridge.platforms.demo.acts import Denied, LiveNetwork
from mentionbridge.platforms.demo.network import Network, Person, Post

_Id = Annotated[str, Field(max_length=200, pattern="^[!-~]+$")]


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True)


class ToldAuthor(_Body):
    """Who is said to have posted it."""

    id: _Id
    handle: str
    name: str = ""
    followers: int = Field(0, ge=0)
    bot: bool = False


class Told(_Body):
    """A post as it was told; a private message is between two people and cannot be put here."""

    author: ToldAuthor
    text: str
    created_at: AwareDatetime
    thread: _Id
    parent: _Id | None = None
    audience: Literal["everyone", "unlisted", "followers"]


def read(body: object) -> Told:
    """Read what a body tells; Denied when that is no post."""
    try:
        return Told.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"]) or "the whole"
        raise Denied(422, "bad_post", f"This is no post that can stand here: {where}: {first['msg']}.") from None


def host(live: LiveNetwork, post_id: str, told: Told) -> tuple[Post, bool]:
    """Let a post exist, once; the second value is False when it did. Denied when something else has its id."""
    known = live.state.posts.get(post_id)
    if known is None:
        if not re.fullmatch("[!-~]{1,200}", post_id):
            raise Denied(422, "bad_post", "The id of a post is 1 to 200 printable ASCII characters.")
        parent = live.state.posts.get(told.parent or "")
        author = _author(live, told.author)
        return live.take_from_elsewhere(
            post_id,
            author,
            told.text,
            created_at=told.created_at,
            thread=told.thread,
            parent=parent.id if parent and not parent.private else None,
            audience=told.audience,
        ), True
    if known.deleted or known.author != told.author.id:
        raise Denied(404, "gone", "This post does not exist here, or another one has its id.")
    return known, False


def _author(live: LiveNetwork, told: ToldAuthor) -> Person:
    person = live.state.people.get(told.id)
    if person is None:
        handle = free_handle(live.state, told.handle)
        return live.take_in(told.id, handle, told.name, followers=told.followers, bot=told.bot)
    if person.business:
        raise Denied(403, "reserved", f"@{person.handle} belongs to the bridge; nobody else speaks for it.")
    return person


def free_handle(network: Network, wanted: str) -> str:
    """Return a handle like the wanted one that nobody has here."""
    name = re.sub(r"[^a-z0-9_-]+", "-", wanted.lower())[:24].strip("-_") or "somebody"
    numbered = (f"{name}-{number}" for number in count(2))
    return next(one for one in chain([name], numbered) if network.person(one) is None)
