"""The private form: one plain page for a phone, without script, at `/h/{token}` and `/c/{brand}`."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from fastapi import APIRouter, Request
from jinja2 import Environment, PackageLoader
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response

from mentionbridge.domain.call import Slot
from mentionbridge.domain.errors import NotAllowed, NotFound, WrongValue
from mentionbridge.domain.handoff import PICTURES_A_LINE, QUESTIONS, Proof
from mentionbridge.domain.ticket import Outcome
from mentionbridge.pipeline.form import Sent, View
from mentionbridge.pipeline.verify import code_for
from mentionbridge.pipeline.visit import Where
from mentionbridge.rules.phrasings import shipped
from mentionbridge.rules.proof import sentence
from mentionbridge.web.caller import Meter
from mentionbridge.web.door import Door
from mentionbridge.web.form_words import language, words
from mentionbridge.web.lists import door_of
from mentionbridge.web.problem import Problem

router = APIRouter(include_in_schema=False)
COOKIE = "mb_form"
PLAIN = "#1f4e79"
_FIELDS = (*QUESTIONS, "call_when", "call_at", "message")
_SAYS_SOMETHING = ("write", "solved", "unsolved")
_LONGEST_FIELD = 20_000
_DAY = 86_400
_STATUS = {
    "": 200,
    "sent": 200,
    "gone": 404,
    "stale": 403,
    "too_often": 429,
    "bad_picture": 415,
    "too_many_pictures": 422,
    "empty": 422,
    "too_long": 422,
    "wrong_code": 422,
    "no_private": 409,
    "no_phone": 422,
    "slot_taken": 409,
    "not_now": 409,
    "needs_proof": 403,
}


@cache
def _page() -> Any:
    return Environment(loader=PackageLoader("mentionbridge.web", "pages"), autoescape=True).get_template("form.html")


@router.api_route("/h/{token}", methods=["GET", "HEAD"])
async def show_story(request: Request, token: str) -> Response:
    """Show the form of one invitation."""
    return await _show(request, token=token)


@router.api_route("/c/{brand_id}", methods=["GET", "HEAD"])
async def show_standing(request: Request, brand_id: str) -> Response:
    """Show a brand's own form."""
    return await _show(request, brand_id=brand_id)


@router.post("/h/{token}")
async def send_story(request: Request, token: str) -> Response:
    """Take what somebody writes or does in the form of one invitation."""
    return await _take(request, token=token)


@router.post("/c/{brand_id}")
async def send_standing(request: Request, brand_id: str) -> Response:
    """Take what somebody writes in a brand's own form."""
    return await _take(request, brand_id=brand_id)


async def _show(request: Request, **address: str) -> Response:
    door = door_of(request)
    try:
        where = await _find(request, door, **address)
    except (NotFound, Problem) as error:
        return _nothing(request, error)
    secret = request.cookies.get(COOKIE) or secrets.token_urlsafe(24)
    # Robots that look where a link leads name no language; browsers always do.
    if request.method == "GET" and request.headers.get("accept-language"):
        await door.forms.opened(where)
    await door.forms.lapse_renamed(where, secret)
    return await _shown(request, door, where, secret, "sent" if "sent" in request.query_params else "")


async def _find(request: Request, door: Door, **address: str) -> Where:
    """Return what stands at an address; raises NotFound, and a 429 problem for who asks too often."""
    state = request.app.state
    if not hasattr(state, "form_meter"):
        state.form_meter = Meter(door.clock, door.limits.form_requests_per_minute)
    state.form_meter.count(request.client.host if request.client else "")
    return await door.forms.find(**address)


async def _shown(
    request: Request, door: Door, where: Where, secret: str, notice: str, typed: Mapping[str, str] | None = None
) -> Response:
    view = await door.forms.look(where, secret)
    lang = language(request.headers.get("accept-language", ""), where.brand.lang)
    second = view.second_until is not None and door.clock.now() < view.second_until
    told: dict[str, Any] = {
        "view": view,
        "csrf": _csrf(secret),
        "typed": typed or {},
        "brand_id": where.brand.id,
        "second": second,
    }
    told["lines"] = [(_in_words(line.text, words(lang, "")), line.pictures) for line in view.lines]
    told["slots"] = [(slot.starts_at.isoformat(), _spoken(slot, lang)) for slot in view.slots]
    told["call"] = _spoken(view.call, lang) if view.call is not None else ""
    told["sentences"] = await _sentences(door, view, secret, lang)
    answer = _html(where.brand.name, where.terms.colour, lang, notice, **told)
    kept: dict[str, Any] = {"httponly": True, "samesite": "lax", "secure": door.forms.secure}
    answer.set_cookie(COOKIE, secret, max_age=_DAY, path=request.url.path, **kept)
    return answer


def _in_words(text: str, spoken: Mapping[str, str]) -> str:
    """Name the answers of a line as the page names its questions; the team reads them in English."""
    named = {f"{name.replace('_', ' ')}: ": f"{spoken[name]}: " for name in (*QUESTIONS, "call_when")}
    return "\n".join(_renamed(line, named) for line in text.split("\n"))


def _renamed(line: str, named: Mapping[str, str]) -> str:
    label = next((label for label in named if line.startswith(label)), "")
    return named.get(label, "") + line.removeprefix(label)


def _spoken(slot: Slot, lang: str) -> str:
    """Name a slot by its day and the clock: it is no more than a month ahead."""
    start, end = slot.starts_at, slot.ends_at
    return f"{shipped(lang).days[start.weekday()]} {start.day}, {start:%H:%M}–{end:%H:%M}"


async def _sentences(door: Door, view: View, secret: str, lang: str) -> list[tuple[str, str]]:
    """Return what may be posted where: the network's name, empty where there is one way only, and the words."""
    if view.code_until is None or door.clock.now() >= view.code_until or view.proof is not Proof.NONE:
        return []
    said = sentence(lang, view.where.brand.name, code_for(secret, view.code_turn))
    found = [(platform, f"@{handle} {said}") for platform, handle in await door.forms.handles_of(view.where)]
    return found if len(found) > 1 else [("", words) for _, words in found] or [("", said)]


def _html(brand: str, colour: str, lang: str, notice: str, **told: Any) -> HTMLResponse:
    nonce, spoken = secrets.token_urlsafe(12), words(lang, brand)
    seen = {"w": spoken, "lang": lang, "colour": colour, "ink": ink(colour), "nonce": nonce}
    page = _page().render(**seen, notice=spoken.get(notice, ""), wrong=notice != "sent", **told)
    policy = f"default-src 'none'; style-src 'nonce-{nonce}'; form-action 'self'; base-uri 'none'"
    headers = {
        "Content-Security-Policy": f"{policy}; frame-ancestors 'none'",
        "Cache-Control": "no-store",
        "X-Robots-Tag": "noindex, nofollow",
        "X-Frame-Options": "DENY",
        "Content-Language": lang,
        "Vary": "Accept-Language, Cookie",
    }
    return HTMLResponse(page, _STATUS[notice], headers)


def ink(colour: str) -> str:
    """Return black or white, whichever can be read better on this colour."""
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return "#000000" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 else "#ffffff"


def _linear(share: float) -> float:
    return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)


def _nothing(request: Request, error: Exception) -> Response:
    lang = language(request.headers.get("accept-language", ""), "en")
    return _html("", PLAIN, lang, "gone" if isinstance(error, NotFound) else "too_often", view=None)


def _csrf(secret: str) -> str:
    return hmac.new(secret.encode(), b"csrf", hashlib.sha256).hexdigest()


async def _take(request: Request, **address: str) -> Response:
    door = door_of(request)
    try:
        where = await _find(request, door, **address)
    except (NotFound, Problem) as error:
        return _nothing(request, error)
    secret, form = request.cookies.get(COOKIE, ""), await _read(request)
    if form is None or not secret or not hmac.compare_digest(_text(form, "csrf").encode(), _csrf(secret).encode()):
        return await _shown(request, door, where, secret or secrets.token_urlsafe(24), "stale")
    try:
        return await _answered(request, door, where, secret, form)
    finally:
        await form.close()


async def _answered(request: Request, door: Door, where: Where, secret: str, form: FormData) -> Response:
    typed = {name: _text(form, name) for name in _FIELDS}
    try:
        if not await _do(door, where, secret, form):
            return await _shown(request, door, where, secret, "wrong_code", typed)
    except (NotAllowed, WrongValue) as error:
        code = error.code if isinstance(error, NotAllowed) else str(error)
        return await _shown(request, door, where, secret, code if code in _STATUS else "not_now", typed)
    door.wake()
    sent = "?sent" if _text(form, "do") in _SAYS_SOMETHING else ""
    return RedirectResponse(f"{request.url.path}{sent}", 303, {"Cache-Control": "no-store"})


async def _read(request: Request) -> FormData | None:
    """Read a form of few fields and files; None when it is none."""
    try:
        return await request.form(max_files=PICTURES_A_LINE + 1, max_fields=20, max_part_size=_LONGEST_FIELD)
    except HTTPException:
        return None


async def _do(door: Door, where: Where, secret: str, form: FormData) -> bool:
    match _text(form, "do"):
        case "code":
            await door.forms.ask(where, secret)
        case "solved":
            await door.forms.tap(where, secret, Outcome.CONFIRMED)
        case "unsolved":
            await door.forms.tap(where, secret, Outcome.DENIED)
        case "second":
            await door.forms.ask_second(where, secret)
        case "confirm":
            proven = await door.forms.confirm(where, secret, _text(form, "second"))
            await door.forms.unite(where, secret)
            return proven
        case _:
            files = [await each.read() for each in form.getlist("photos") if isinstance(each, UploadFile)]
            answers = {name: _text(form, name) for name in (*QUESTIONS, "call_when")}
            sent = Sent(answers, _text(form, "message"), [each for each in files if each], _moment(form))
            await door.forms.write(where, secret, sent)
    return True


def _moment(form: FormData) -> datetime | None:
    """Return the slot that was chosen; raises WrongValue for what is none of those we offer."""
    told = _text(form, "call_at")
    try:
        chosen = datetime.fromisoformat(told) if told else None
    except ValueError:
        raise WrongValue("slot_taken") from None
    if chosen is not None and chosen.tzinfo is None:
        raise WrongValue("slot_taken")
    return chosen


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else ""
