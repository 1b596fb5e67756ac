"""The network's JSON API for accounts with a token; the shapes are in `render`."""

from collections.abc import Callable
from itertools import islice

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mentionbridge.platforms.demo import credentials, hosting, render
from mentionbridge.platforms.demo.acts import MAX_LENGTH, Denied, LiveNetwork
from mentionbridge.platforms.demo.incoming import (
    audience_of,
    body_of,
    links_of,
    moment_of,
    number_of,
    text_of,
)
from mentionbridge.platforms.demo.network import Kind, Person, Post

PAGE = 40
_CREATED = frozenset({Kind.CREATED})


class AccountApi:
    """What a connected account may ask; `pages` is the public address of the network's pages."""

    def __init__(self, live: LiveNetwork, secret: str, pages: str) -> None:
        self._live = live
        self._secret = secret
        self._pages = pages

    def routes(self) -> list[Route]:
        """Return the routes, to be mounted under `/api`."""
        return [
            Route("/me", self.me),
            Route("/mentions", self.mentions),
            Route("/own", self.own),
            Route("/posts", self.posts),
            Route("/posts/{id:path}/context", self.context),
            Route("/posts/{id:path}/rights", self.rights),
            Route("/posts/{id:path}/thread", self.thread),
            Route("/posts/{id:path}/replies", self.reply, methods=["POST"]),
            Route("/posts/{id:path}", self.host, methods=["PUT"]),
            Route("/posts/{id:path}", self.delete, methods=["DELETE"]),
            Route("/messages", self.message, methods=["POST"]),
        ]

    async def me(self, request: Request) -> Response:
        """Tell an account who it is and what the network offers."""
        account = self._account(request)
        shown = render.person(self._live.state, account)
        return JSONResponse({**shown, "keys": self._live.keys, "max_length": MAX_LENGTH})

    async def mentions(self, request: Request) -> Response:
        """List posts and messages addressed to the account, oldest first; `next` is the cursor behind this page."""
        account = self._account(request)
        after, limit = number_of(request, "after", 0), min(number_of(request, "limit", PAGE), PAGE) or PAGE
        if after > self._live.state.seq:
            # A cursor from a network that has since lost its memory would hide everything new.
            after = 0
        news = list(islice(self._live.state.concerns(account.handle, after, _CREATED), limit + 1))
        more = len(news) > limit
        upto = news[limit - 1].seq if more else self._live.state.seq
        shown = [self._show(self._live.state.posts[one.post_id], account) for one in news[:limit]]
        items = [one for one in shown if "gone" not in one]
        return JSONResponse({"posts": items, "next": str(upto), "more": more})

    async def posts(self, request: Request) -> Response:
        """Show posts by `ids`; those that are not there any more say so."""
        account = self._account(request)
        ids = [one for one in request.query_params.get("ids", "").split(",") if one][:PAGE]
        return JSONResponse({"posts": [self._show_id(one, account) for one in ids]})

    async def context(self, request: Request) -> Response:
        """Show the posts above one, root first."""
        account = self._account(request)
        post = self._live.state.posts.get(request.path_params["id"])
        above = self._live.state.ancestors(post) if post and not post.private else []
        return JSONResponse({"posts": [self._show_id(one.id, account) for one in above]})

    async def rights(self, request: Request) -> Response:
        """Tell what the account may answer to a post, in public and in private; null means it may."""
        account = self._account(request)
        post_id = request.path_params["id"]
        post = self._live.state.posts.get(post_id)
        public = _denial(lambda: self._live.check_reply(account, post_id))
        private = _denial(lambda: self._live.check_write(account, self._live.state.author(post))) if post else "gone"
        return JSONResponse({"public": public, "private": private})

    async def host(self, request: Request) -> Response:
        """Take a post from elsewhere under its own id; 200 when it is here already."""
        self._account(request)
        told = hosting.read(await body_of(request))
        return self._said(*hosting.host(self._live, request.path_params["id"], told))

    async def delete(self, request: Request) -> Response:
        """Take back a post of the account's own; one that is gone already stays so."""
        account, post_id = self._account(request), request.path_params["id"]
        if self._live.state.shown(post_id) is not None:
            self._live.delete(account, post_id)
        return JSONResponse({"id": post_id, "deleted": True})

    async def thread(self, request: Request) -> Response:
        """List what one `author` (an id) said in the thread a post began, oldest first; `next` walks on."""
        account = self._account(request)
        since, after = moment_of(request.query_params.get("since")), number_of(request, "after", 0)
        root = self._live.state.posts.get(request.path_params["id"])
        under = [root, *(one for _, one in self._live.state.thread(root))] if root and not root.private else []
        theirs = [one for one in under if one.author == request.query_params.get("author")]
        late = [one for one in theirs if one.created_at >= since and one.seq > after]
        shown = [one for one in late if not one.deleted and self._live.state.visible(one, account)]
        page = sorted(shown, key=lambda one: one.seq)[:PAGE]
        items = [self._show(one, account) for one in page]
        return JSONResponse({"posts": items, "next": page[-1].seq if len(shown) > PAGE else None})

    async def own(self, request: Request) -> Response:
        """List what the account said since a time, newest first; `before` walks on."""
        account = self._account(request)
        since = moment_of(request.query_params.get("since"))
        before = number_of(request, "before", self._live.state.seq + 1)
        mine = (self._live.state.posts[one] for one in reversed(self._live.state.by_author[account.id]))
        found = [one for one in mine if one.seq < before and one.created_at >= since and not one.deleted]
        page = found[:PAGE]
        shown = [render.own(self._live.state, one, self._pages) for one in page]
        return JSONResponse({"posts": shown, "next": page[-1].seq if len(found) > PAGE else None})

    async def reply(self, request: Request) -> Response:
        """Answer a post; the same `Idempotency-Key` again returns the first answer with 200 instead of 201."""
        account = self._account(request)
        body = await body_of(request)
        post, fresh = self._live.reply(
            account,
            request.path_params["id"],
            text_of(body),
            audience=audience_of(body),
            links=links_of(body),
            key=request.headers.get("idempotency-key"),
        )
        return self._said(post, fresh)

    async def message(self, request: Request) -> Response:
        """Write to a person (`to`, an id) in private; keys as for replies."""
        account = self._account(request)
        body = await body_of(request)
        reader = self._live.state.people.get(str(body.get("to")))
        if reader is None:
            raise Denied(404, "gone", "There is no such person.")
        key = request.headers.get("idempotency-key")
        return self._said(*self._live.write(account, reader, text_of(body), links=links_of(body), key=key))

    def _account(self, request: Request) -> Person:
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        handle = credentials.handle_of(self._secret, bearer) if scheme.lower() == "bearer" else None
        if handle is None:
            raise Denied(401, "unauthorised", "This needs an account's token.")
        return self._live.adopt(handle, "")

    def _show(self, post: Post, account: Person) -> render.Json:
        return render.post(self._live.state, post, self._pages, reader=account.handle)

    def _show_id(self, post_id: str, account: Person) -> render.Json:
        post = self._live.state.shown(post_id)
        if post is None or not self._live.state.visible(post, account):
            return render.gone(post_id)
        return self._show(post, account)

    def _said(self, post: Post, fresh: bool = True) -> Response:
        url = render.permalink(self._live.state, post, self._pages)
        return JSONResponse({"id": post.id, "thread": post.root, "url": url}, status_code=201 if fresh else 200)


def _denial(check: Callable[[], None]) -> str | None:
    try:
        check()
    except Denied as no:
        return no.code
    return None
