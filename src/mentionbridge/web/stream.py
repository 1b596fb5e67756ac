"""The feed as server-sent events: a reader that is too slow is let go, and knows where to go on."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress

from fastapi.sse import format_sse_event
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from mentionbridge.domain.errors import StoreDown
from mentionbridge.ports.desk import EventView
from mentionbridge.web import shapes
from mentionbridge.web.caller import Caller, recognise
from mentionbridge.web.door import Door
from mentionbridge.web.problem import Problem

PAGE = 50
LOOK_SECONDS = 0.2
AGAIN_MILLISECONDS = 2000


class Tail:
    """One look at the feed's end for all who listen, however many they are."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._head = -1
        self._grown = asyncio.Event()
        self._waiting = 0
        self._looking: asyncio.Task[None] | None = None
        self._seats = 0

    def seat(self) -> ExitStack:
        """Take one of `limits.streams` places, given back when the stack is closed; raises a 429 problem."""
        if self._seats >= self._door.limits.streams:
            said = f"This process serves {self._seats} streams already; pull instead, or try again."
            raise Problem("rate_limited", said, code="too_many_streams")
        self._seats += 1
        stack = ExitStack()
        stack.callback(self._leave)
        return stack

    def _leave(self) -> None:
        self._seats -= 1

    async def beyond(self, position: int, seconds: float) -> bool:
        """Wait until the feed has grown beyond this position; False when it has not within `seconds`."""
        with self._watched(), suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._head <= position:
                    await self._grown.wait()
                return True
        return False

    @contextmanager
    def _watched(self) -> Iterator[None]:
        self._waiting += 1
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
        try:
            yield
        finally:
            self._waiting -= 1
            if not self._waiting and self._looking is not None:
                self._looking.cancel()
                self._looking = None

    async def _look(self) -> None:
        while True:
            with suppress(StoreDown):
                head = await self._door.feed.head()
                if head != self._head:
                    self._head, grown, self._grown = head, self._grown, asyncio.Event()
                    grown.set()
            await asyncio.sleep(LOOK_SECONDS)


class EventStream(Response):
    """Events from `start` (now, when that is None), until the reader leaves, is too slow, or we stop."""

    media_type = "text/event-stream"

    def __init__(
        self,
        door: Door,
        tail: Tail,
        caller: Caller,
        authorization: str | None,
        start: int | None,
        types: Sequence[str],
        seat: ExitStack,
    ) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._door = door
        self._tail = tail
        self._caller = caller
        self._authorization = authorization
        self._start = start
        self._types = types
        self._seat = seat

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._seat:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            ends = (self._tell(send), _left(receive), self._door.closing.wait())
            tasks = [asyncio.create_task(each) for each in ends]
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                told = tasks[0].done() and tasks[0].result() is False
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
            # To who is too slow nothing more can be said: an answer left open is a connection closed.
            if not told:
                await self._say(send, b"", more=False)

    async def _tell(self, send: Send) -> bool:
        """Tell what happens; returns False when the reader is too slow, True when it had better come again."""
        with suppress(StoreDown):
            return await self._tell_on(send)
        return True

    async def _tell_on(self, send: Send) -> bool:
        position = await self._door.feed.head() if self._start is None else self._start
        if not await self._say(send, format_sse_event(retry=AGAIN_MILLISECONDS, id=str(position))):
            return False
        while True:
            page = await self._door.feed.page(self._caller.brands, position, PAGE, self._types)
            if page.items and not await self._say(send, b"".join(_lines(page.items))):
                return False
            position = page.after
            if page.more or await self._tail.beyond(position, self._door.limits.heartbeat_seconds):
                continue
            if not await self._still_known():
                return True
            if not await self._say(send, format_sse_event(comment="still here", id=str(position))):
                return False

    async def _say(self, send: Send, body: bytes, *, more: bool = True) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._door.limits.slow_reader_seconds):
                await send({"type": "http.response.body", "body": body, "more_body": more})
                return True
        self._door.observer.saw("stream.too_slow", token=self._caller.token.id)
        return False

    async def _still_known(self) -> bool:
        with suppress(Problem):
            await recognise(self._door, self._authorization)
            return True
        return False


def _lines(views: Iterable[EventView]) -> Iterable[bytes]:
    for view in views:
        told = shapes.event(view)
        yield format_sse_event(event=told.type, id=str(told.position), data_str=told.model_dump_json())


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
