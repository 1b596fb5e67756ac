"""The pages people use: plain server-made HTML that also works without JavaScript."""

import re
from collections.abc import Awaitable, Callable, Mapping
from itertools import islice
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from mentionbridge.platforms.demo import forms, pictures, show
from mentionbridge.platforms.demo.acts import MAX_LENGTH, Denied, LiveNetwork
from mentionbridge.platforms.demo.network import Audience, Person, conversation, is_handle

COOKIE = "demo_person"
NEWCOMER = "sam"
ROOT = "demo.root"
SHOWN = 50


class Pages:
    """Every page and form, for whoever the visitor chose to be."""

    def __init__(self, live: LiveNetwork) -> None:
        self._live = live

    def routes(self) -> list[Route]:
        """Return the routes, to be mounted at the network's own address."""
        posted: Mapping[str, Callable[[Request], Awaitable[Response]]] = {
            "/be": self.be,
            "/posts": self.post,
            "/posts/{id:path}/replies": self.reply,
            "/posts/{id:path}/edit": self.edit,
            "/posts/{id:path}/delete": self.delete,
            "/posts/{id:path}/lock": self.lock,
            "/posts/{id:path}/repost": self.repost,
            "/people/{handle}/ties": self.tie,
            "/messages/{handle}": self.write,
        }
        return [
            Route("/", self.timeline),
            Route("/live", self.timeline_live),
            # An id that came from elsewhere may hold slashes, so the bare address is matched last.
            Route("/posts/{id:path}/live", self.thread_live),
            Route("/posts/{id:path}/edit", self.edit_page, methods=["GET"]),
            *(Route(path, form, methods=["POST"]) for path, form in posted.items()),
            Route("/posts/{id:path}", self.thread),
            Route("/people/{handle}", self.person),
            Route("/messages", self.messages),
            Route("/messages/{handle}", self.talk),
            Route("/messages/{handle}/live", self.talk_live),
            Route("/pictures/{name}", self.picture),
        ]

    async def timeline(self, request: Request) -> Response:
        """Show what everybody says, newest first, under a form to say something."""
        return self._page(request, "timeline.html", posts=self._timeline(request))

    async def timeline_live(self, request: Request) -> Response:
        """Show the list alone, for the page to refresh itself."""
        return self._page(request, "_posts.html", posts=self._timeline(request))

    async def thread(self, request: Request) -> Response:
        """Show a post, what it answers, all answers under it, and a form to answer."""
        return self._page(request, "thread.html", **self._thread(request))

    async def thread_live(self, request: Request) -> Response:
        """Show the conversation alone."""
        return self._page(request, "_thread.html", **self._thread(request))

    async def edit_page(self, request: Request) -> Response:
        """Show a form with the words of an own post."""
        post = self._live.state.shown(request.path_params["id"])
        if post is None or post.author != _id(self._viewer(request)):
            raise Denied(403, "not_yours", "This post is somebody else's.")
        return self._page(request, "edit.html", post_id=post.id, text=post.text)

    async def person(self, request: Request) -> Response:
        """Show a person and what they said."""
        person, viewer = self._person(request), self._viewer(request)
        state = self._live.state
        said = (state.posts[one] for one in reversed(state.by_author[person.id]))
        posts = [one for one in said if not one.private and not one.deleted and state.visible(one, viewer)][:SHOWN]
        ties = {"follow": state.follows, "block": state.blocks}
        tied = {name: (_id(viewer), person.id) in pairs for name, pairs in ties.items()}
        eyes = self._eyes(request)
        shown = [show.post(state, one, eyes) for one in posts]
        return self._page(request, "person.html", person=show.person(state, person), posts=shown, tied=tied)

    async def messages(self, request: Request) -> Response:
        """Show the visitor's private conversations, and whom they could start one with."""
        viewer = self._viewer(request)
        talks = show.talks(self._live.state, viewer, self._eyes(request)) if viewer else []
        return self._page(request, "messages.html", talks=talks)

    async def talk(self, request: Request) -> Response:
        """Show one private conversation and a form to write."""
        return self._page(request, "talk.html", **self._talk(request))

    async def talk_live(self, request: Request) -> Response:
        """Show the lines alone."""
        return self._page(request, "_talk.html", **self._talk(request))

    async def picture(self, request: Request) -> Response:
        """Return a picture."""
        name = request.path_params["name"]
        body = self._live.picture(name) if re.fullmatch(r"[0-9a-f]{32}\.(png|jpeg|gif|webp)", name) else None
        if body is None:
            raise Denied(404, "gone", "There is no such picture.")
        return Response(body, media_type=pictures.media_type(name), headers={"cache-control": "private, max-age=86400"})

    async def be(self, request: Request) -> Response:
        """Become somebody else, new or known."""
        form = await forms.read(request)
        person = self._live.join(form.get("handle"), form.get("name"))
        answer = _go(request, "/")
        path = root_of(request) or "/"
        answer.set_cookie(COOKIE, person.handle, max_age=30 * 86400, path=path, httponly=True, samesite="lax")
        return answer

    async def post(self, request: Request) -> Response:
        """Say something."""
        form = await forms.read(request)
        post = self._live.post(
            self._me(request),
            form.get("text"),
            audience=_audience(form),
            pictures=await self._pictures(form),
            place=form.get("place").strip()[:100] or None,
        )
        return _go(request, f"/posts/{post.id}")

    async def reply(self, request: Request) -> Response:
        """Answer a post; the visitor stays in the conversation they were reading."""
        form = await forms.read(request)
        parent, me = request.path_params["id"], self._me(request)
        post, _ = self._live.reply(me, parent, form.get("text"), pictures=await self._pictures(form))
        return _go(request, f"/posts/{self._live.state.top(post)}#{post.id}")

    async def write(self, request: Request) -> Response:
        """Send a private message."""
        form = await forms.read(request)
        reader, me = self._person(request), self._me(request)
        self._live.write(me, reader, form.get("text"), pictures=await self._pictures(form))
        return _go(request, f"/messages/{reader.handle}")

    async def edit(self, request: Request) -> Response:
        """Change the words of an own post."""
        form = await forms.read(request)
        post = self._live.edit(self._me(request), request.path_params["id"], form.get("text"))
        return _go(request, f"/posts/{self._live.state.top(post)}#{post.id}")

    async def delete(self, request: Request) -> Response:
        """Take an own post back."""
        post_id = request.path_params["id"]
        self._live.delete(self._me(request), post_id)
        post = self._live.state.posts[post_id]
        return _go(request, f"/posts/{self._live.state.top(post)}" if post.parent else "/")

    async def lock(self, request: Request) -> Response:
        """Close an own thread to answers, or open it again."""
        post_id = request.path_params["id"]
        form = await forms.read(request)
        self._live.lock(self._me(request), post_id, form.get("locked") == "yes")
        return _go(request, f"/posts/{post_id}")

    async def repost(self, request: Request) -> Response:
        """Pass a post on."""
        self._live.repost(self._me(request), request.path_params["id"])
        return _go(request, "/")

    async def tie(self, request: Request) -> Response:
        """Follow or block somebody, or stop."""
        person, form = self._person(request), await forms.read(request)
        act = self._live.block if form.get("tie") == "block" else self._live.follow
        act(self._me(request), person, form.get("on") == "yes")
        return _go(request, f"/people/{person.handle}")

    def trouble(self, request: Request, no: Denied) -> Response:
        """Say what went wrong, and give back the words that could not be posted."""
        words = getattr(request.state, "words", None)
        action = request.scope["path"] if words is not None else None
        return self._page(request, "trouble.html", no.status, sentence=str(no), action=action, words=words)

    def _page(self, request: Request, name: str, status: int = 200, **facts: Any) -> Response:
        state, viewer = self._live.state, self._viewer(request)
        businesses = [show.person(state, one) for one in state.people.values() if one.business]
        html = show.TEMPLATES.get_template(name).render(
            at=root_of(request),
            path=request.scope["path"],
            me=show.person(state, viewer) if viewer else show.newcomer(self._handle(request)),
            cast=show.cast(state),
            businesses=businesses,
            max_length=MAX_LENGTH,
            **facts,
        )
        return HTMLResponse(html, status)

    def _timeline(self, request: Request) -> list[show.View]:
        eyes, state = self._eyes(request), self._live.state
        return [show.post(state, one, eyes) for one in islice(state.timeline(eyes.viewer), SHOWN)]

    def _thread(self, request: Request) -> dict[str, Any]:
        state, eyes = self._live.state, self._eyes(request)
        post = state.posts.get(request.path_params["id"])
        if post is None or post.private or not state.visible(post, eyes.viewer):
            raise Denied(404, "gone", "This post does not exist.")
        under = ((depth, one) for depth, one in state.thread(post) if state.visible(one, eyes.viewer))
        return {
            "above": [show.post(state, one, eyes) for one in state.ancestors(post)],
            "post": show.post(state, post, eyes),
            "answers": [(min(depth, 4), show.post(state, one, eyes)) for depth, one in under],
        }

    def _talk(self, request: Request) -> dict[str, Any]:
        state, viewer, other = self._live.state, self._viewer(request), self._person(request)
        said = state.conversations.get(conversation(viewer.id, other.id), []) if viewer else []
        eyes = self._eyes(request)
        lines = [show.post(state, state.posts[one], eyes) for one in said]
        return {"other": show.person(state, other), "lines": lines}

    def _person(self, request: Request) -> Person:
        person = self._live.state.person(request.path_params["handle"])
        if person is None:
            raise Denied(404, "gone", "There is nobody of this name.")
        return person

    def _handle(self, request: Request) -> str:
        chosen = request.cookies.get(COOKIE, "")
        return chosen if is_handle(chosen) else NEWCOMER

    def _viewer(self, request: Request) -> Person | None:
        person = self._live.state.person(self._handle(request))
        return person if person and not person.business else None

    def _eyes(self, request: Request) -> show.Eyes:
        return show.Eyes(self._viewer(request), self._live.now(), root_of(request))

    def _me(self, request: Request) -> Person:
        handle = self._handle(request)
        return self._live.join(handle, dict(show.CAST).get(handle, ""))

    async def _pictures(self, form: forms.Form) -> list[dict[str, str]]:
        if form.picture is None:
            return []
        return [await pictures.keep(self._live, form.picture, form.get("alt"))]


def root_of(request: Request) -> str:
    """Return the path the network is mounted under, also from inside a mount of its own."""
    return str(request.scope[ROOT])


def _audience(form: forms.Form) -> Audience:
    chosen = form.get("audience")
    return Audience(chosen) if chosen in list(Audience) else Audience.EVERYONE


def _id(person: Person | None) -> str | None:
    return person.id if person else None


def _go(request: Request, path: str) -> RedirectResponse:
    return RedirectResponse(f"{root_of(request)}{path}", 303)
