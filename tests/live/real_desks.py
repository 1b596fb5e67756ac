"""Real helpdesks on this machine, and an agent who works at them.

`running(kind, folder, hook)` starts `rt` (Debian's Request Tracker 5) or `django_helpdesk` (from the package index, in
an environment of its own) and yields a `RealDesk`: `.options` for the config, and what an agent does there. Only
processes started here are stopped.
"""

import fcntl
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from fakes.running import free_port

HERE = Path(__file__).parent / "desks"
SECRET = "hook-secret"
RT = Path("/usr/share/request-tracker5/libexec/rt-server")
RT_PACKAGES = "request-tracker5 rt5-db-sqlite rt5-standalone starman dbconfig-no-thanks nullmailer sqlite3"
_STARTS_WITHIN = 60.0


@dataclass
class RealDesk:
    """One running desk, and Kim who works there."""

    kind: str
    folder: Path
    hook: str
    port: int = field(default_factory=free_port)
    tokens: dict[str, str] = field(default_factory=dict)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _command(self) -> list[str]:
        raise NotImplementedError

    def _environment(self) -> dict[str, str]:
        return dict(os.environ)

    def start(self) -> None:
        """Start it and wait until it answers."""
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                self._command(), env=self._environment(), stdout=log, stderr=log, start_new_session=True
            )
        until = time.monotonic() + _STARTS_WITHIN
        while not self._answers():
            if time.monotonic() > until or self.process.poll() is not None:
                pytest.fail(f"{self.kind} did not start:\n{(self.folder / 'server.log').read_text()[-3000:]}")
            time.sleep(0.1)

    def _answers(self) -> bool:
        try:
            return self.call("GET", "").status_code < 500
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        """Stop it with all its workers."""
        if self.process is None:
            return
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.process = None

    def call(self, method: str, path: str, **what: Any) -> httpx.Response:
        """Call its interface as Kim."""
        with httpx.Client(base_url=self.url, headers=self._as_kim(), timeout=60, trust_env=False) as http:
            return http.request(method, self.rest + path, **what)

    rest = ""

    def _as_kim(self) -> dict[str, str]:
        raise NotImplementedError

    def ask(self, method: str, path: str, **what: Any) -> Any:
        """Call it and return the JSON; fails the test on an error."""
        answer = self.call(method, path, **what)
        assert answer.status_code < 400, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json() if answer.content else None


class RealRt(RealDesk):
    """Request Tracker."""

    rest = "/REST/2.0"

    @property
    def options(self) -> dict[str, Any]:
        return {
            "url": self.url,
            "token": self.tokens["mentionbridge"],
            "queue": "Social",
            "hook_secret": SECRET,
            "fields": {"MentionURL": "permalink"},
        }

    def install(self) -> None:
        """Make its database; takes some seconds."""
        if not RT.exists():
            pytest.fail(f"The live tests need Request Tracker: apt-get install --no-install-recommends {RT_PACKAGES}")
        (self.folder / "conf.d").mkdir()
        facts = {
            "rtname": "desk.test",
            "Organization": "desk.test",
            "DatabaseType": "SQLite",
            "DatabaseName": str(self.folder / "rt.db"),
            "WebDomain": "127.0.0.1",
            "WebPort": str(self.port),
            "WebBaseURL": self.url,
            "WebPath": "",
            "Timezone": "UTC",
            "MailCommand": "testfile",
        }
        lines = "".join(f"Set(${name}, '{value}');\n" for name, value in facts.items())
        # It checks a token by bcrypt at every call; the cheapest cost it allows keeps the machine for the test.
        cheap = "Set($BcryptCost, 10);\nSet($DatabaseHost, undef);\n"
        (self.folder / "conf.d" / "10.pm").write_text(f"{lines}{cheap}1;\n")
        setup = ["rt-setup-database-5", "--action", "init", "--skip-create", "--dba", "root", "--dba-password", ""]
        _run(setup, self._environment())
        _run(["perl", str(HERE / "rt_seed.pl"), str(self.folder / "tokens"), self.hook], self._environment())
        self.tokens = json.loads((self.folder / "tokens").read_text())

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "RT_SITE_CONFIG_DIR": str(self.folder / "conf.d"), "TMPDIR": str(self.folder)}

    def _command(self) -> list[str]:
        return [str(RT), "--server", "Starman", "--host", "127.0.0.1", "--port", str(self.port), "--workers", "3"]

    def _as_kim(self) -> dict[str, str]:
        return {"authorization": f"token {self.tokens['kim']}"}

    def tickets(self) -> list[str]:
        found = self.ask("GET", "/tickets", params={"query": "id > 0", "per_page": 100})
        return [item["id"] for item in found["items"]]

    def lines(self, ticket: str) -> list[tuple[str, str]]:
        """Return (writer, words or subject) of every comment and reply, oldest first."""
        told: list[tuple[str, str]] = []
        page: Sequence[Any] = ()
        number = 1
        while number == 1 or len(page) == 100:
            asked = {"fields": "Type,Creator,Data", "orderby": "id", "order": "ASC", "per_page": 100, "page": number}
            page = self.ask("GET", f"/ticket/{ticket}/history", params=asked)["items"]
            said = [each for each in page if each["Type"] in ("Comment", "Correspond")]
            told += [(each["Creator"]["id"], each["Data"]) for each in said]
            number += 1
        return told

    def words(self, ticket: str) -> list[str]:
        """Return the words of every line of the bridge."""
        asked = {"fields": "Type,Creator", "per_page": 100}
        history = self.ask("GET", f"/ticket/{ticket}/history", params=asked)["items"]
        ours = [each for each in history if each["Type"] == "Comment" and each["Creator"]["id"] == "mentionbridge"]
        bodies = [
            self.ask("GET", f"/transaction/{each['id']}/attachments", params={"fields": "Content"}) for each in ours
        ]
        return [body["items"][0]["Content"] for body in bodies]

    def status(self, ticket: str) -> str:
        return str(self.ask("GET", f"/ticket/{ticket}")["Status"])

    def answer(self, ticket: str, text: str) -> None:
        self.ask("POST", f"/ticket/{ticket}/correspond", json={"Content": text, "ContentType": "text/plain"})

    def note(self, ticket: str, text: str) -> None:
        self.ask("POST", f"/ticket/{ticket}/comment", json={"Content": text, "ContentType": "text/plain"})

    def solve(self, ticket: str) -> None:
        self.ask("PUT", f"/ticket/{ticket}", json={"Status": "resolved"})

    def merge(self, ticket: str, into: str) -> None:
        self.ask("PUT", f"/ticket/{ticket}", json={"MergeInto": int(into)})

    def open_another(self) -> str:
        return str(self.ask("POST", "/ticket", json={"Queue": "Social", "Subject": "an older ticket"})["id"])

    def delete(self, ticket: str) -> None:
        self.ask("DELETE", f"/ticket/{ticket}")


class RealDjangoHelpdesk(RealDesk):
    """django-helpdesk."""

    rest = "/helpdesk/api"

    @property
    def options(self) -> dict[str, Any]:
        return {
            "url": f"{self.url}/helpdesk",
            "token": self.tokens["bridge"],
            "queue": 1,
            "hook_secret": SECRET,
            "fields": {"mention_url": "permalink"},
            "people": {"2": "Kim"},
        }

    def install(self) -> None:
        """Make its environment (once) and its database."""
        self._python = environment_for(HERE / "requirements.txt", "django-helpdesk") / "bin" / "python"
        seeded = _run([*self._run_it(), "seed"], self._environment())
        self.tokens = json.loads(seeded.splitlines()[-1])

    def _run_it(self) -> list[str]:
        return [str(self._python), str(HERE / "django_desk.py"), str(self.folder), f"{self.hook}?secret={SECRET}"]

    def _command(self) -> list[str]:
        return [*self._run_it(), "serve", str(self.port)]

    def _environment(self) -> dict[str, str]:
        return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}

    def _as_kim(self) -> dict[str, str]:
        return {"authorization": f"Token {self.tokens['kim']}"}

    def _ticket(self, ticket: str) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("GET", f"/tickets/{ticket}/")
        return found

    def tickets(self) -> list[str]:
        return [str(each["id"]) for each in self.ask("GET", "/tickets/", params={"page_size": 100})["results"]]

    def lines(self, ticket: str) -> list[tuple[str, str]]:
        told = [(each["user"], each["comment"]) for each in self._ticket(ticket)["followup_set"]]
        return [("mentionbridge" if user == 1 else "kim", text) for user, text in told if "[mb:tkt_" not in text]

    def words(self, ticket: str) -> list[str]:
        return [text for who, text in self.lines(ticket) if who == "mentionbridge"]

    def status(self, ticket: str) -> str:
        return {1: "open", 2: "open", 3: "resolved", 4: "resolved"}[self._ticket(ticket)["status"]]

    def answer(self, ticket: str, text: str) -> None:
        self._follow_up(ticket, comment=text, public=True)

    def note(self, ticket: str, text: str) -> None:
        self._follow_up(ticket, comment=text, public=False)

    def solve(self, ticket: str) -> None:
        self._follow_up(ticket, comment="", public=False, new_status=3)

    def _follow_up(self, ticket: str, **facts: Any) -> None:
        # While nobody listens to its webhooks it answers 500 to what it has carried out.
        answer = self.call("POST", "/followups/", json={"ticket": int(ticket), **facts})
        assert answer.status_code in (201, 500), answer.text

    def merge(self, ticket: str, into: str) -> None:
        self.ask("PATCH", f"/tickets/{ticket}/", json={"merged_to": int(into), "status": 5})

    def open_another(self) -> str:
        made = {"queue": 1, "title": "an older ticket", "description": "older", "submitter_email": "", "priority": 3}
        return str(self.ask("POST", "/tickets/", json=made)["id"])

    def delete(self, ticket: str) -> None:
        self.ask("DELETE", f"/tickets/{ticket}/")


KINDS = {"rt": RealRt, "django_helpdesk": RealDjangoHelpdesk}


@contextmanager
def running(kind: str, folder: Path, hook: str) -> Iterator[Any]:
    """Install if need be, start, and stop what was started."""
    desk = KINDS[kind](kind, folder, hook)
    desk.install()
    desk.start()
    try:
        yield desk
    finally:
        desk.stop()


def environment_for(requirements: Path, name: str) -> Path:
    """Return an environment of its own with these packages, made once and kept."""
    cache = Path(os.environ.get("MENTIONBRIDGE_LIVE_CACHE") or Path.home() / ".cache" / "mentionbridge-live")
    mark = hashlib.sha256(requirements.read_bytes()).hexdigest()[:12]
    folder = cache / f"{name}-{mark}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / ".installed").exists():
            shutil.rmtree(folder / "venv", ignore_errors=True)
            _run([sys.executable, "-m", "venv", str(folder / "venv")], dict(os.environ))
            pip = [str(folder / "venv" / "bin" / "python"), "-m", "pip", "install", "--quiet", "--require-hashes"]
            _run([*pip, "--disable-pip-version-check", "-r", str(requirements)], dict(os.environ))
            (folder / ".installed").touch()
    return folder / "venv"


def _run(command: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
    if done.returncode:
        pytest.fail(f"{' '.join(command)[:300]} failed:\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}")
    return done.stdout
