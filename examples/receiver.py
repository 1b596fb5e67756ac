"""Receives mentionbridge's webhooks and believes none it has not verified: python receiver.py whsec_… [PORT]"""

import base64
import hashlib
import hmac
import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

if len(sys.argv) < 2:
    sys.exit("The endpoint's secret is needed: python receiver.py whsec_… [PORT]")
KEY = base64.b64decode(sys.argv[1].removeprefix("whsec_"))
PORT = int(sys.argv[2]) if len(sys.argv) > 2 else 8900
SEEN: set[str] = set()  # keep these in your database, with what each event changed


def verified(headers, body: bytes) -> bool:
    id_, stamp, signatures = (headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature"))
    if not stamp.isdecimal() or abs(time.time() - int(stamp)) > 300:
        return False
    digest = hmac.new(KEY, f"{id_}.{stamp}.".encode() + body, hashlib.sha256).digest()
    ours = "v1," + base64.b64encode(digest).decode()
    return any(hmac.compare_digest(ours.encode(), theirs.encode()) for theirs in signatures.split())


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(min(int(self.headers.get("content-length", 0)), 100_000))
        fine = verified(self.headers, body)
        if fine and self.headers["webhook-id"] not in SEEN:  # an event may come twice
            SEEN.add(self.headers["webhook-id"])
            event = json.loads(body)
            print(event["type"], event["data"].get("ticket_id", ""), event["data"]["sequence"], flush=True)
        self.send_response(204 if fine else 401)
        self.end_headers()


ThreadingHTTPServer(("127.0.0.1", PORT), Receiver).serve_forever()
