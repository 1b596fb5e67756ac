"""How we talk to desks: JSON over one client, and one reading of what may go wrong."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from mentionbridge.domain.errors import DeskRefused, LoginNeeded, NoAnswer, OddAnswer, PlatformDown, RateLimited
from mentionbridge.kit.clock import Clock
from mentionbridge.net.client import Answer, Http
from mentionbridge.net.outcome import reading, retry_at
from mentionbridge.ports.platform import SendGate
from mentionbridge.text.pii import mask

MOST_PAGES = 500
"""No list of a desk is walked further in one go: one that says it goes on for ever would be."""
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Talk:
    """One desk's address with our credentials. Errors never quote the credentials."""

    http: Http
    clock: Clock
    headers: Mapping[str, str]

    async def read(
        self,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        method: str = "GET",
        json: Any = None,
        fine: Collection[int] = (),
    ) -> tuple[int, Any]:
        """Ask something that changes nothing; returns the status and the JSON. 5xx and silence are PlatformDown."""
        with reading():
            answer = await self.http.request(method, path, params=params, headers=self.headers, json=json)
        if answer.status >= 500:
            raise PlatformDown(f"the desk answered {answer.status}")
        return answer.status, self._json(answer, fine)

    async def write(
        self,
        method: str,
        path: str,
        json: Any,
        gate: SendGate | None = None,
        *,
        params: Mapping[str, Any] | None = None,
        fine: Collection[int] = (),
    ) -> tuple[int, Any]:
        """Ask for a change and return what came back; see `send`."""
        answer = await self.send(method, path, json, gate, params=params, fine=fine)
        return answer.status, self._json(answer, fine)

    async def send(
        self,
        method: str,
        path: str,
        json: Any,
        gate: SendGate | None = None,
        *,
        params: Mapping[str, Any] | None = None,
        fine: Collection[int] = (),
    ) -> Answer:
        """Ask for a change; 5xx is NoAnswer, because the change may have been made all the same."""
        answer = await self.http.request(method, path, params=params, headers=self.headers, json=json, gate=gate)
        if answer.status >= 500:
            raise NoAnswer(f"the desk answered {answer.status}; it may have acted")
        self._json(answer, fine)
        return answer

    def _json(self, answer: Answer, fine: Collection[int]) -> Any:
        status = answer.status
        if status not in fine:
            if status == 401:
                raise LoginNeeded("The desk does not know our token; make a new one there and put it into the config.")
            if status == 429:
                raise RateLimited(retry_at(answer.headers, self.clock.now()), "the desk asks us to wait")
            if 300 <= status < 400:
                raise OddAnswer("redirect", f"the desk sent us elsewhere ({status}); check its address in the config")
            if status >= 400:
                raise DeskRefused(_code(status), f"The desk declined ({status}): {_said(answer)}")
        if status == 204 or not answer.body.strip():
            return None
        try:
            return answer.json()
        except NoAnswer:
            if status in fine:
                return None
            kind = answer.headers.get("content-type", "").split(";")[0] or "no type"
            raise OddAnswer(
                "not_json", f"the desk answered {answer.status} with {kind[:60]} where JSON belongs"
            ) from None


def _code(status: int) -> str:
    return {403: "forbidden", 404: "not_found", 409: "conflict", 412: "conflict", 413: "too_long"}.get(
        status, "invalid"
    )


def _said(answer: Answer) -> str:
    text = answer.body[:2000].decode("utf-8", "replace")
    return mask(" ".join(text.split())[:_LONGEST]) if not text.lstrip().startswith("<") else "a page of HTML"


def an_object(value: Any, what: str) -> dict[str, Any]:
    """Return a JSON object; raises OddAnswer when the desk sent another type."""
    if not isinstance(value, dict):
        raise OddAnswer("wrong_type", f"the desk's {what} is no object")
    return value


def a_list(value: Any, what: str) -> list[Any]:
    """Return a JSON array; raises OddAnswer when the desk sent another type."""
    if not isinstance(value, list):
        raise OddAnswer("wrong_type", f"the desk's {what} is no list")
    return value


def a_number(value: Any, what: str) -> int:
    """Return a number desks send as such or as text; raises OddAnswer for anything else."""
    text = an_id(value, what)
    if not text.isascii() or not text.isdecimal():
        raise OddAnswer("wrong_type", f"the desk's {what} is no number")
    return int(text)


def an_id(value: Any, what: str) -> str:
    """Return an id, which desks send as number or text; raises OddAnswer for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | str) or not str(value) or len(str(value)) > 100:
        raise OddAnswer("wrong_type", f"the desk's {what} is no id")
    return str(value)
