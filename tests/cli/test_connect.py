"""`connect` as an operator runs it, against scripted networks: nothing secret is printed, and history stays its own."""

import asyncio
import io
import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import sqlalchemy as sa

from cli.conftest import Cli
from fakes.x_server import US, user
from mentionbridge.bootstrap import wiring
from mentionbridge.cli.connect import Terminal
from mentionbridge.domain.errors import LoginNeeded, SetupError
from mentionbridge.net.call_back import address, waiting
from mentionbridge.net.client import Http
from mentionbridge.net.codes import Secrets, code_in, query_of

URL = "https://bridge.example/hooks/x/acme-x"
ON_X = """
[platforms.x]
client_id = "invented-client"
consumer_secret = "invented-consumer"
bearer_token = "invented-bearer"
"""
ACCOUNT = """
[brands.acme.accounts.acme-{platform}]
platform = "{platform}"
options = {options}
"""


class SignInServer:
    """X and Mastodon, as far as signing in goes: one server plays either."""

    def __init__(self) -> None:
        self.calls: list[httpx.Request] = []
        self.us, self.handle, self.challenge = US, "acme", ""
        self.scope = "tweet.read users.read tweet.write dm.read dm.write offline.access"
        self.webhooks: list[dict[str, Any]] = []
        self.subscribed: list[dict[str, Any]] = []
        self.refuses: dict[tuple[str, str], httpx.Response] = {}
        self.signed_in = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(request)
        where = (request.method, request.url.path)
        if where in self.refuses:
            return self.refuses[where]
        if where == ("POST", "/2/oauth2/token"):
            return self._token(parse_qs(request.content.decode()))
        answers: dict[tuple[str, str], Callable[[httpx.Request], Any]] = {
            ("GET", "/2/users/me"): lambda _: {"data": user(self.us, self.handle)},
            ("GET", "/2/webhooks"): lambda _: {"data": self.webhooks},
            ("POST", "/2/webhooks"): self._register,
            ("PUT", "/2/webhooks/77"): lambda _: {"data": {"valid": True}},
            ("GET", "/2/activity/subscriptions"): lambda _: {"data": self.subscribed},
            ("POST", "/2/activity/subscriptions"): self._subscribe,
            ("POST", "/api/v1/apps"): lambda _: {"client_id": "app-1", "client_secret": "invented-app-secret"},
            ("POST", "/oauth/token"): lambda _: {"access_token": "invented-access", "scope": "read write:statuses"},
            ("GET", "/api/v1/accounts/verify_credentials"): lambda _: {
                "id": "1001", "acct": self.handle, "display_name": "Acme", "url": "https://social.example/@acme",
                "bot": True,
            },
            ("GET", "/api/v2/instance"): lambda _: {"domain": "social.example", "version": "4.6.4"},
            ("GET", "/api/v2/notifications/policy"): lambda _: {"for_new_accounts": "drop"},
        }  # fmt: skip
        return httpx.Response(200, json=answers[where](request))

    def _token(self, form: dict[str, list[str]]) -> httpx.Response:
        if form["grant_type"] == ["authorization_code"]:
            assert Secrets("", form["code_verifier"][0]).challenge == self.challenge
        self.signed_in += 1
        number = self.signed_in
        told = {"access_token": f"invented-access-{number}", "refresh_token": f"invented-refresh-{number}"}
        return httpx.Response(200, json={**told, "expires_in": 7200, "scope": self.scope})

    def _register(self, request: httpx.Request) -> dict[str, Any]:
        self.webhooks.append({"id": "77", "valid": True, **json.loads(request.content)})
        return {"data": self.webhooks[-1]}

    def _subscribe(self, request: httpx.Request) -> dict[str, Any]:
        assert request.headers["authorization"] == f"Bearer invented-access-{self.signed_in}"
        self.subscribed.append(json.loads(request.content))
        return {"data": {"subscription_id": "1"}}

    def asked(self, verb: str, path: str) -> list[httpx.Request]:
        return [call for call in self.calls if (call.method, call.url.path) == (verb, path)]


class Browser(io.StringIO):
    """A person who opens the address that was printed, and pastes where the browser ends."""

    def __init__(self, server: SignInServer, printed: Callable[[], str]) -> None:
        super().__init__()
        self.server = server
        self.printed = printed
        self.ends_with = "code=invented-code"
        self.seen = ""

    def isatty(self) -> bool:
        return False

    def readline(self, *_: Any) -> str:
        self.seen = self.printed()
        opened = re.search(r"https://\S+authorize\S+", self.seen)
        assert opened, self.seen
        asked = parse_qs(urlsplit(opened.group()).query)
        self.server.challenge = asked.get("code_challenge", [""])[0]
        return f"{asked['redirect_uri'][0]}?{self.ends_with}&state={asked['state'][0]}\n"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> SignInServer:
    server = SignInServer()

    def http(base: str, **what: Any) -> Http:
        return Http(base, **{**what, "transport": httpx.MockTransport(server.handle_request)})

    monkeypatch.setattr(wiring, "Http", http)
    return server


@pytest.fixture
def browser(
    server: SignInServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Browser]:
    browser = Browser(server, lambda: capsys.readouterr().out)
    monkeypatch.setattr("sys.stdin", browser)
    yield browser


def on(config: str, platform: str, options: str = "{}", more: str = "") -> str:
    path = Path(config)
    path.write_text(
        '[server]\npublic_url = "https://bridge.example"\n'
        + path.read_text()
        + ACCOUNT.format(platform=platform, options=options)
        + more
    )
    return config


def kept(config: str) -> list[Any]:
    engine = sa.create_engine(f"sqlite:///{Path(config).parent}/bridge.sqlite")
    try:
        with engine.connect() as connection:
            return list(connection.exec_driver_sql("SELECT id, secret, network_id, connected_at FROM accounts"))
    finally:
        engine.dispose()


def test_x_is_signed_in_by_a_pasted_address_and_its_webhook_set_up(
    cli: Cli, config: str, server: SignInServer, browser: Browser
) -> None:
    ran = cli("connect", "x", "--paste", "-c", on(config, "x", more=ON_X))
    assert (ran.code, ran.err) == (0, "")
    assert "acme-x is signed in as @acme." in ran.out and f"X pushes to {URL}: registered" in ran.out
    assert [each["url"] for each in server.webhooks] == [URL]
    assert [each["event_type"] for each in server.subscribed] == [
        "post.mention.create", "post.reply.create", "post.quote.create", "dm.received",
    ]  # fmt: skip
    assert {each["webhook_id"] for each in server.subscribed} == {"77"}
    for secret in ("invented-access", "invented-refresh", "invented-code", "invented-consumer", "invented-bearer"):
        assert secret not in browser.seen + ran.out + ran.err
    [(name, sealed, network_id, _)] = kept(config)
    assert (name, network_id) == ("acme-x", US) and "invented" not in str(sealed)


def test_signing_in_again_keeps_the_account_and_does_not_register_twice(
    cli: Cli, config: str, server: SignInServer, browser: Browser
) -> None:
    on(config, "x", more=ON_X)
    assert cli("connect", "x", "--paste", "-c", config).code == 0
    before = kept(config)
    server.subscribed = [{**each, "webhook_id": "77"} for each in server.subscribed]
    server.webhooks[0]["valid"] = False
    assert cli("connect", "x", "--paste", "-c", config).code == 0
    [(name, sealed, network_id, since)] = kept(config)
    assert [(name, network_id, since)] == [(was[0], was[2], was[3]) for was in before] and sealed != before[0][1]
    assert len(server.asked("POST", "/2/webhooks")) == 1 and len(server.asked("PUT", "/2/webhooks/77")) == 1
    assert len(server.asked("POST", "/2/activity/subscriptions")) == 4


def test_a_webhook_of_another_account_of_ours_serves_this_one_too(
    cli: Cli, config: str, server: SignInServer, browser: Browser
) -> None:
    server.webhooks = [
        {"id": "9", "valid": True, "url": "https://elsewhere.example/hooks/x/acme-x"},
        {"id": "77", "valid": True, "url": "https://bridge.example/hooks/x/acme-care"},
    ]
    ran = cli("connect", "x", "--paste", "-c", on(config, "x", more=ON_X))
    assert ran.code == 0 and "X pushes to https://bridge.example/hooks/x/acme-care" in ran.out
    assert server.asked("POST", "/2/webhooks") == []
    assert {each["webhook_id"] for each in server.subscribed} == {"77"}


def test_another_account_is_not_taken_for_the_one_that_was(
    cli: Cli, config: str, server: SignInServer, browser: Browser
) -> None:
    on(config, "x", more=ON_X)
    assert cli("connect", "x", "--paste", "-c", config).code == 0
    before = kept(config)
    server.us, server.handle = "2000000009", "other"
    ran = cli("connect", "x", "--paste", "-c", config)
    assert ran.code == 2 and "You signed in as @other, but acme-x is @acme." in ran.err
    assert kept(config) == before


def test_a_spare_sign_in_lies_beside_the_one_in_use(
    cli: Cli, config: str, server: SignInServer, browser: Browser
) -> None:
    on(config, "x", more=ON_X)
    first = cli("connect", "x", "--paste", "-c", config)
    assert "No spare sign-in is kept" in first.out
    ran = cli("connect", "x", "--paste", "--spare", "-c", config)
    assert ran.code == 0 and "has a spare sign-in" in ran.out and "No spare" not in ran.out


def test_what_is_missing_is_said_in_plain_words(cli: Cli, config: str, server: SignInServer, browser: Browser) -> None:
    server.scope = "tweet.read users.read offline.access"
    server.refuses["POST", "/2/webhooks"] = httpx.Response(400, json={"errors": [{"message": "CrcValidationFailed"}]})
    ran = cli("connect", "x", "--paste", "-c", on(config, "x", more=ON_X))
    assert ran.code == 0
    assert "the right tweet.write; nothing can be answered" in ran.out
    assert "CrcValidationFailed" in ran.out and "The service must be running" in ran.out
    assert server.subscribed == []


def test_who_says_no_changes_nothing(cli: Cli, config: str, server: SignInServer, browser: Browser) -> None:
    browser.ends_with = "error=access_denied"
    ran = cli("connect", "x", "--paste", "-c", on(config, "x", more=ON_X))
    assert ran.code == 1 and "access_denied" in ran.err
    assert [row[1] for row in kept(config)] == [None] and server.calls == []


def test_mastodon_gets_an_app_and_a_token_that_only_its_server_sees(
    cli: Cli, config: str, server: SignInServer, browser: Browser
) -> None:
    ran = cli("connect", "mastodon", "--paste", "-c", on(config, "mastodon", '{ server = "https://social.example" }'))
    assert (ran.code, ran.err) == (0, "")
    assert "acme-mastodon is signed in as @acme@social.example." in ran.out
    assert "throws mentions away from new accounts" in ran.out
    assert "invented" not in browser.seen + ran.out
    assert "invented" not in str(kept(config)[0][1])
    last = server.asked("GET", "/api/v1/accounts/verify_credentials")[-1]
    assert last.headers["authorization"] == "Bearer invented-access"
    moved = Path(config)
    moved.write_text(moved.read_text().replace("social.example", "elsewhere.example"))
    asked = len(server.calls)
    told = cli("doctor", "-c", config)
    assert "run `mentionbridge connect mastodon`" in told.out and len(server.calls) == asked


def test_a_configured_token_is_checked_and_not_replaced(cli: Cli, config: str, server: SignInServer) -> None:
    options = '{ server = "https://social.example", token = "invented-token" }'
    ran = cli("connect", "mastodon", "-c", on(config, "mastodon", options))
    assert ran.code == 0 and "The config holds this account's token" in ran.out
    assert "signed in as @acme@social.example" in ran.out and server.asked("POST", "/api/v1/apps") == []


def test_bluesky_is_checked_with_its_app_password(cli: Cli, config: str, server: SignInServer) -> None:
    server.refuses["POST", "/xrpc/com.atproto.server.createSession"] = httpx.Response(
        401, json={"error": "AuthenticationRequired", "message": "Invalid identifier or password"}
    )
    options = '{ identifier = "acme.example", app_password = "invented-password" }'
    ran = cli("connect", "bluesky", "-c", on(config, "bluesky", options))
    assert ran.code == 1 and "app password" in ran.err and "invented-password" not in ran.out + ran.err


def test_an_account_the_config_does_not_have_is_told_how_to_add(cli: Cli, config: str) -> None:
    ran = cli("connect", "x", "-c", config)
    assert ran.code == 2 and 'platform = "x"' in ran.err


async def test_the_browser_comes_back_to_this_machine_and_strangers_change_nothing(unused_tcp_port: int) -> None:
    async with waiting(unused_tcp_port, "ours") as back, httpx.AsyncClient(trust_env=False) as browser:
        here = address(unused_tcp_port)
        stranger = await browser.get(here, params={"state": "theirs", "code": "planted"})
        elsewhere = await browser.get(here.replace("callback", "favicon.ico"))
        assert (stranger.status_code, elsewhere.status_code) == (400, 404)
        done = await browser.get(here, params={"state": "ours", "code": "invented-code"})
        assert done.status_code == 200 and done.headers["cache-control"] == "no-store"
        assert await back.code() == "invented-code"


async def test_nobody_comes_back_or_the_port_is_taken(unused_tcp_port: int) -> None:
    async with waiting(unused_tcp_port, "ours") as back:
        with pytest.raises(SetupError, match="--paste"):
            await back.code(patience=0.01)
        with pytest.raises(SetupError, match="--port"):
            async with waiting(unused_tcp_port, "ours"):
                await asyncio.sleep(0)


def test_a_challenge_is_the_standards_own() -> None:
    # The example of RFC 7636, appendix B.
    secrets = Secrets("", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    assert secrets.challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_an_answer_to_another_question_is_none() -> None:
    with pytest.raises(SetupError, match="another sign-in"):
        code_in(query_of("http://127.0.0.1:8721/callback?code=c&state=other"), "ours")
    with pytest.raises(LoginNeeded, match="access_denied"):
        code_in({"state": "ours", "error": "access_denied"}, "ours")
    assert query_of("http://[") == {}


async def test_the_terminal_waits_for_the_browser_and_shows_no_code(
    unused_tcp_port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal = Terminal(unused_tcp_port, paste=False)
    coming = asyncio.ensure_future(terminal.code("https://x.example/authorize", "ours"))
    async with httpx.AsyncClient(trust_env=False) as browser:
        for _ in range(50):
            with suppress(httpx.ConnectError):
                await browser.get(terminal.redirect, params={"state": "ours", "code": "invented-code"})
                break
            await asyncio.sleep(0.02)
    assert await coming == "invented-code"
    told = capsys.readouterr().out
    assert "https://x.example/authorize" in told and "invented-code" not in told


def test_a_spare_given_after_the_sign_in_was_lost_takes_over(
    cli: Cli, config: str, server: SignInServer, browser: Browser
) -> None:
    on(config, "x", more=ON_X)
    server.refuses["GET", "/2/users/me"] = httpx.Response(401, json={"title": "Unauthorized", "status": 401})
    assert cli("connect", "x", "--paste", "-c", config).code == 1
    assert [row[1] for row in kept(config)] == [None]
    asked = len(server.calls)
    assert "run `mentionbridge connect`" in cli("doctor", "-c", config).out and len(server.calls) == asked
    server.refuses.clear()
    ran = cli("connect", "x", "--paste", "--spare", "-c", config)
    assert ran.code == 0 and "has a spare sign-in and is @acme" in ran.out
