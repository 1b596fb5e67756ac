"""A stand-in for the network's chat service, which is not open source. It stands behind a real server's proxy.

It knows callers by the `iss` of the token the server signs for them, keeps conversations in memory, numbers every
change (`rev`), tells each member of it in a log, and keeps what a stranger writes apart until it is accepted.
"""

import base64
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

_PAGE = 3


class Refused(Exception):
    """The service says no: a status and an error name."""

    def __init__(self, status: int, name: str) -> None:
        super().__init__(name)
        self.status = status


@dataclass
class Convo:
    """A conversation; `accepted` are the members who agreed to it."""

    id: str
    members: tuple[str, ...]
    rev: str
    accepted: set[str]
    messages: list[dict[str, Any]] = field(default_factory=list)
    unread: dict[str, int] = field(default_factory=dict)


class ChatService:
    """The service's state and what may be asked of it.

    `incoming` says whom each account lets in (all, following, none; following when unset); `follows` holds pairs.
    `down` makes every call fail; `lose` makes the next message be kept and its answer be lost.
    """

    def __init__(self) -> None:
        self.incoming: dict[str, str] = {}
        self.follows: set[tuple[str, str]] = set()
        self.handles: dict[str, str] = {}
        self.convos: dict[str, Convo] = {}
        self.log: dict[str, list[dict[str, Any]]] = {}
        self.down = False
        self.lose = False
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.calls: list[tuple[str, str]] = []
        self._changes = 0
        self._lock = threading.Lock()

    def call(self, us: str, method: str, query: Mapping[str, list[str]], body: Mapping[str, Any]) -> Any:
        """Answer one call of the account `us`."""
        with self._lock:
            self.calls.append((us, method))
            if self.down:
                raise Refused(503, "UpstreamFailure")
            handle = getattr(self, f"_{method.rpartition('.')[2]}", None)
            if handle is None:
                raise Refused(501, "MethodNotImplemented")
            return handle(us, query, body)

    def start_group(self, members: tuple[str, ...]) -> str:
        """Open a conversation of more than two."""
        convo = self._new_convo(members, set(members))
        return convo.id

    def _getConvoAvailability(self, us: str, query: Any, body: Any) -> Any:
        other = _other(us, query)
        convo = self._between(us, other)
        can = convo is not None or self._lets_in(other, us)
        return {"canChat": can, **({"convo": self._view(convo, us)} if convo else {})}

    def _getConvoForMembers(self, us: str, query: Any, body: Any) -> Any:
        other = _other(us, query)
        convo = self._between(us, other)
        if convo is None:
            if not self._lets_in(other, us):
                raise Refused(400, "NotFollowedBySender" if self.incoming.get(other) != "none" else "MessagesDisabled")
            accepted = {us, other} if (other, us) in self.follows else {us}
            convo = self._new_convo((us, other), accepted)
        return {"convo": self._view(convo, us)}

    def _getConvo(self, us: str, query: Any, body: Any) -> Any:
        return {"convo": self._view(self._mine(us, query["convoId"][0]), us)}

    def _listConvos(self, us: str, query: Any, body: Any) -> Any:
        status = query.get("status", [None])[0]
        views = [self._view(convo, us) for convo in self.convos.values() if us in convo.members]
        views = [view for view in views if status in (None, view["status"])]
        return {"convos": sorted(views, key=lambda view: view["rev"], reverse=True)}

    def _acceptConvo(self, us: str, query: Any, body: Any) -> Any:
        convo = self._mine(us, body["convoId"])
        if us in convo.accepted:
            return {}
        convo.accepted.add(us)
        convo.rev = self._rev()
        self._tell(us, "logAcceptConvo", convo)
        return {"rev": convo.rev}

    def _sendMessage(self, us: str, query: Any, body: Any) -> Any:
        convo = self._mine(us, body["convoId"])
        convo.rev = self._rev()
        given = body["message"]
        message = {
            "$type": "chat.bsky.convo.defs#messageView",
            "id": f"m{convo.rev}",
            "rev": convo.rev,
            "text": given["text"],
            **({"facets": given["facets"]} if "facets" in given else {}),
            "sender": {"did": us},
            "sentAt": self.clock().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }
        convo.messages.append(message)
        for member in convo.members:
            convo.unread[member] = convo.unread.get(member, 0) + (member != us)
            # What a stranger writes is told only once the conversation is accepted.
            if member in convo.accepted:
                self._tell(member, "logCreateMessage", convo, message=message)
        if self.lose:
            self.lose = False
            raise ConnectionAbortedError
        return message

    def _getMessages(self, us: str, query: Any, body: Any) -> Any:
        convo = self._mine(us, query["convoId"][0])
        newest = list(reversed(convo.messages))
        start = int(query.get("cursor", ["0"])[0])
        page = newest[start : start + _PAGE]
        more = start + _PAGE < len(newest)
        return {"messages": page, **({"cursor": str(start + _PAGE)} if more else {})}

    def _getLog(self, us: str, query: Any, body: Any) -> Any:
        cursor = query.get("cursor", [""])[0]
        if cursor == "garbage":
            raise Refused(400, "InvalidRequest")
        entries = [entry for entry in self.log.get(us, []) if entry["rev"] > cursor][:_PAGE]
        return {"logs": entries, "cursor": entries[-1]["rev"] if entries else cursor}

    def _lets_in(self, other: str, us: str) -> bool:
        rule = self.incoming.get(other, "following")
        return rule == "all" or (rule == "following" and (other, us) in self.follows)

    def _between(self, us: str, other: str) -> Convo | None:
        return next((convo for convo in self.convos.values() if set(convo.members) == {us, other}), None)

    def _mine(self, us: str, convo_id: str) -> Convo:
        convo = self.convos.get(convo_id)
        if convo is None or us not in convo.members:
            raise Refused(400, "InvalidConvo")
        return convo

    def _new_convo(self, members: tuple[str, ...], accepted: set[str]) -> Convo:
        rev = self._rev()
        convo = Convo(f"c{rev}", members, rev, accepted)
        self.convos[convo.id] = convo
        for member in accepted:
            self._tell(member, "logBeginConvo", convo)
        return convo

    def _tell(self, member: str, kind: str, convo: Convo, **more: Any) -> None:
        entry = {"$type": f"chat.bsky.convo.defs#{kind}", "rev": convo.rev, "convoId": convo.id, **more}
        self.log.setdefault(member, []).append(entry)

    def _rev(self) -> str:
        self._changes += 1
        return f"{self._changes:013d}"

    def _view(self, convo: Convo, us: str) -> dict[str, Any]:
        kind = "directConvo" if len(convo.members) == 2 else "groupConvo"
        return {
            "id": convo.id,
            "rev": convo.rev,
            "members": [{"did": did, "handle": self.handles.get(did, "someone.test")} for did in convo.members],
            "muted": False,
            "status": "accepted" if us in convo.accepted else "request",
            "unreadCount": convo.unread.get(us, 0),
            "kind": {"$type": f"chat.bsky.convo.defs#{kind}"},
            **({"lastMessage": convo.messages[-1]} if convo.messages else {}),
        }


class ChatServer:
    """The service on a loopback port, in a thread."""

    def __init__(self, service: ChatService) -> None:
        handler = type("Handler", (_Handler,), {"service": service})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def stop(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    service: ChatService

    def do_GET(self) -> None:
        self._answer({})

    def do_POST(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        self._answer(json.loads(self.rfile.read(length) or b"{}"))

    def log_message(self, format: str, *args: Any) -> None:
        return None

    def _answer(self, body: Mapping[str, Any]) -> None:
        parts = urlsplit(self.path)
        try:
            us = _claims(self.headers.get("authorization", ""))["iss"]
            answer = self.service.call(us, parts.path.rpartition("/")[2], parse_qs(parts.query), body)
            self._write(200, answer)
        except Refused as no:
            self._write(no.status, {"error": str(no), "message": str(no)})
        except ConnectionAbortedError:
            self.close_connection = True

    def _write(self, status: int, body: Any) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _claims(authorization: str) -> dict[str, Any]:
    part = authorization.split()[-1].split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def _other(us: str, query: Mapping[str, list[str]]) -> str:
    return next(did for did in query["members"] if did != us)
