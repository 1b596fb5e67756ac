"""Being anybody: the network's JSON API for playing people, without a token. Stories and tests use it."""

import base64
import binascii
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mentionbridge.platforms.demo import pictures, render
from mentionbridge.platforms.demo.acts import Denied, LiveNetwork
from mentionbridge.platforms.demo.incoming import audience_of, body_of, text_of
from mentionbridge.platforms.demo.network import Post


class PlayApi:
    """What anybody may do as a person of their choice; businesses cannot be played."""

    def __init__(self, live: LiveNetwork, pages: str) -> None:
        self._live = live
        self._pages = pages

    def routes(self) -> list[Route]:
        """Return the routes, to be mounted under `/api`."""
        return [
            Route("/people/{handle}", self.person, methods=["PUT"]),
            Route("/people/{handle}/posts", self.post, methods=["POST"]),
            Route("/people/{handle}/posts/{id:path}", self.edit, methods=["PATCH", "DELETE"]),
            Route("/people/{handle}/messages", self.message, methods=["POST"]),
            Route("/people/{handle}/ties", self.tie, methods=["POST"]),
            Route("/threads/{id:path}", self.thread),
        ]

    async def person(self, request: Request) -> Response:
        """Make a person, or return the one there is."""
        body = await body_of(request)
        followers, bot = body.get("followers", 0), body.get("bot", False)
        if type(followers) is not int or type(bot) is not bool:
            raise Denied(422, "bad_person", "followers is a number and bot is true or false.")
        handle, name = request.path_params["handle"], str(body.get("name", ""))
        person = self._live.join(handle, name, followers=followers, bot=bot)
        return JSONResponse(render.person(self._live.state, person))

    async def post(self, request: Request) -> Response:
        """Post, answer (`parent`) or pass on (`repost_of`) as a person."""
        person = self._live.join(request.path_params["handle"])
        body = await body_of(request)
        if origin := body.get("repost_of"):
            return self._said(self._live.repost(person, str(origin)))
        shown = await self._pictures_of(body)
        text, audience = text_of(body), audience_of(body)
        if parent := body.get("parent"):
            return self._said(self._live.reply(person, str(parent), text, audience=audience, pictures=shown)[0])
        place = str(body["place"]) if body.get("place") else None
        return self._said(self._live.post(person, text, audience=audience, pictures=shown, place=place))

    async def edit(self, request: Request) -> Response:
        """Edit, lock or unlock (`locked`), or delete a person's own post."""
        person, post_id = self._live.join(request.path_params["handle"]), request.path_params["id"]
        if request.method == "DELETE":
            self._live.delete(person, post_id)
            return Response(status_code=204)
        body = await body_of(request)
        if "locked" in body:
            self._live.lock(person, post_id, bool(body["locked"]))
        if "text" in body:
            self._live.edit(person, post_id, text_of(body))
        return self._said(self._live.state.posts[post_id], fresh=False)

    async def message(self, request: Request) -> Response:
        """Write to somebody (`to`, a handle) in private as a person."""
        person = self._live.join(request.path_params["handle"])
        body = await body_of(request)
        reader = self._live.state.person(str(body.get("to")))
        if reader is None:
            raise Denied(404, "gone", "There is no such person.")
        shown = await self._pictures_of(body)
        return self._said(self._live.write(person, reader, text_of(body), pictures=shown)[0])

    async def tie(self, request: Request) -> Response:
        """Follow or block (`tie`) somebody (`whom`, a handle), or stop (`on` false)."""
        person = self._live.join(request.path_params["handle"])
        body = await body_of(request)
        whom = self._live.state.person(str(body.get("whom")))
        if whom is None:
            raise Denied(404, "gone", "There is no such person.")
        act = {"follow": self._live.follow, "block": self._live.block}.get(str(body.get("tie")))
        if act is None:
            raise Denied(422, "bad_tie", "tie is follow or block.")
        act(person, whom, body.get("on") is not False)
        return Response(status_code=204)

    async def thread(self, request: Request) -> Response:
        """Show everybody's view of a public post and all answers under it."""
        post = self._live.state.shown(request.path_params["id"])
        if post is None or not self._live.state.visible(post, None):
            raise Denied(404, "gone", "This post does not exist any more.")
        under = [one for _, one in self._live.state.thread(post) if self._live.state.visible(one, None)]
        shown = [render.post(self._live.state, one, self._pages, reader="") for one in (post, *under)]
        return JSONResponse({"posts": shown})

    def _said(self, post: Post, fresh: bool = True) -> Response:
        url = render.permalink(self._live.state, post, self._pages)
        return JSONResponse({"id": post.id, "thread": post.root, "url": url}, status_code=201 if fresh else 200)

    async def _pictures_of(self, body: dict[str, Any]) -> list[dict[str, str]]:
        given = body.get("picture")
        if given is None:
            return []
        try:
            raw = base64.b64decode(given["data"], validate=True)
            alt = str(given.get("alt", ""))
        except (binascii.Error, TypeError, KeyError, ValueError, AttributeError):
            raise Denied(422, "bad_picture", "picture is an object with base64 `data` and `alt`.") from None
        return [await pictures.keep(self._live, raw, alt)]
