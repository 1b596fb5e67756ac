"""A toy forum, connected both ways: python forum.py BRIDGE_URL ACCESS_TOKEN ACCOUNT whsec_… [PORT]

The account is one of platform = "push", with reply_url = "http://127.0.0.1:8890/replies" and honours_key = true."""

import base64
import hashlib
import hmac
import html
import json
import sys
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import httpx

BRIDGE, TOKEN, ACCOUNT, SECRET = sys.argv[1:5]
PORT = int(sys.argv[5]) if len(sys.argv) > 5 else 8890
FORM = "<form method=post><input name=who><input name=text><button>Say</button></form>"
POSTS: dict[str, tuple[str, str]] = {}


def push(number: str, who: str, text: str) -> None:
    post = {"platform": "push", "account": ACCOUNT, "external_id": number, "text": text}
    post |= {"author": {"external_id": who, "handle": who}, "created_at": datetime.now(UTC).isoformat()}
    httpx.post(f"{BRIDGE}/v1/mentions", json={"mentions": [post]}, headers={"authorization": f"Bearer {TOKEN}"})


class Forum(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        lines = (f"<p><b>{html.escape(who)}</b> {html.escape(text)}</p>" for who, text in POSTS.values())
        self.answer(200, "".join(lines) + FORM)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.path == "/replies":
            self.take(json.loads(body)) if self.is_signed(body) else self.answer(401, "{}")
        else:
            said, number = parse_qs(body.decode()), str(len(POSTS) + 1)
            POSTS[number] = said["who"][0], said["text"][0]
            push(number, *POSTS[number])
            self.do_GET()

    def take(self, reply: dict[str, str]) -> None:
        POSTS.setdefault(reply["id"], (ACCOUNT, reply["text"]))  # the same key never posts twice
        self.answer(201, json.dumps({"id": reply["id"]}))

    def is_signed(self, body: bytes) -> bool:
        signed = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode() + body
        digest = hmac.new(base64.b64decode(SECRET.removeprefix("whsec_")), signed, hashlib.sha256).digest()
        return hmac.compare_digest(self.headers["webhook-signature"], "v1," + base64.b64encode(digest).decode())

    def answer(self, status: int, body: str) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body.encode())


ThreadingHTTPServer(("127.0.0.1", PORT), Forum).serve_forever()
