"""How the company's records are asked, and what of their answers is taken."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook

from fakes.clock import HandClock
from mentionbridge.domain.errors import NoAnswer, PlatformDown, SetupError
from mentionbridge.domain.handoff import Proof
from mentionbridge.domain.mention import Author
from mentionbridge.domain.record import Held, RecordCheck
from mentionbridge.net.records import HttpRecords
from mentionbridge.net.signing import new_secret
from mentionbridge.ports.records import RecordAnswer

ROOT = Path(__file__).parents[3]
SECRET = new_secret()
AT = datetime(2026, 11, 22, 9, 14, tzinfo=UTC)
CHECK = RecordCheck("acme", "rec_1", "tkt_1", "frm_1", Proof.WEAK, Held.ASKED, {"order_number": "AC-4711"}, AT)
SAM = Author("u-7", "sam", "Sam")


async def answered(answer: httpx.Response | Exception, url: str = "https://crm.example/in?brand=acme") -> Any:
    """Ask records that answer so; returns the request they got and what was made of it."""
    seen: list[httpx.Request] = []

    def crm(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    records = HttpRecords(url, SECRET, HandClock(datetime.now(UTC)), transport=httpx.MockTransport(crm))
    try:
        return seen, await records.ask(CHECK, Proof.STRONG, "demo", SAM)
    finally:
        await records.aclose()


async def test_a_question_is_signed_and_holds_what_is_needed_and_no_more() -> None:
    (request,), _ = await answered(httpx.Response(200, json={"holds": True}))
    assert (request.method, str(request.url)) == ("POST", "https://crm.example/in?brand=acme")
    told = Webhook(SECRET).verify(request.content, dict(request.headers))
    assert told["type"] == "records.asked"
    assert told["data"] == {
        "brand_id": "acme",
        "ticket_id": "tkt_1",
        "check_id": "rec_1",
        "proof": "strong",
        "author": {"platform": "demo", "external_id": "u-7", "handle": "sam"},
        "details": {"order_number": "AC-4711"},
    }
    assert request.headers["webhook-id"] == "rec_1"


async def test_the_page_shows_such_a_question_and_such_an_answer() -> None:
    page = (ROOT / "docs" / "form.md").read_text(encoding="utf-8")
    shown, answer = (json.loads(each) for each in re.findall(r"```json\n(.+?)```", page, re.DOTALL))
    (request,), made = await answered(httpx.Response(200, json=answer))
    sent = json.loads(request.content)
    assert (shown["type"], set(shown["data"]), shown["data"]["author"]) == (
        sent["type"],
        set(sent["data"]),
        sent["data"]["author"],
    )
    assert made == RecordAnswer(Held.HOLDS, "customer 17")


@pytest.mark.parametrize(
    ("body", "made"),
    [
        ({"holds": True, "account": "customer 17"}, RecordAnswer(Held.HOLDS, "customer 17")),
        ({"holds": True, "account": "c" * 9999}, RecordAnswer(Held.HOLDS, "c" * 200)),
        ({"holds": True, "account": 17, "more": []}, RecordAnswer(Held.HOLDS)),
        ({"holds": False, "account": "somebody else's"}, RecordAnswer(Held.DOES_NOT)),
        ({"holds": None}, RecordAnswer(Held.UNKNOWN)),
    ],
)
async def test_answers_are_taken_at_their_word(body: Any, made: RecordAnswer) -> None:
    assert (await answered(httpx.Response(200, json=body)))[1] == made


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, json={}),
        httpx.Response(200, json={"holds": "yes"}),
        httpx.Response(200, json={"holds": 1}),
        httpx.Response(200, json=[True]),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, content=json.dumps({"holds": True, "x": "y" * 70_000})),
        httpx.Response(302, headers={"location": "https://elsewhere.example/"}),
        httpx.Response(404),
        httpx.Response(500),
        httpx.ReadTimeout("slow"),
    ],
)
async def test_whatever_else_comes_is_no_answer(answer: httpx.Response | Exception) -> None:
    with pytest.raises(NoAnswer):
        await answered(answer)


async def test_records_that_cannot_be_reached_are_down() -> None:
    with pytest.raises((PlatformDown, NoAnswer)):
        await answered(httpx.ConnectError("no"))


@pytest.mark.parametrize("url", ["crm.example", "ftp://crm.example/", "https://", "https://crm.example/#x"])
def test_an_address_that_cannot_be_asked_is_refused(url: str) -> None:
    with pytest.raises(SetupError, match=r"records\.url"):
        HttpRecords(url, SECRET, HandClock())


def test_a_secret_that_cannot_sign_is_refused() -> None:
    with pytest.raises(SetupError):
        HttpRecords("https://crm.example/", "whsec_%%%", HandClock())
