"""The platforms' webhooks: verified on the raw bytes, on disk before the answer, read later by a worker."""

from datetime import UTC, datetime, timedelta

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from mentionbridge.domain.account import Account
from mentionbridge.domain.mention import Origin
from mentionbridge.pipeline.hear_desk import hear_hook
from mentionbridge.ports.platform import Hook, HookRequest
from mentionbridge.ports.store import UnitOfWork
from mentionbridge.web.answers import bare_problems
from mentionbridge.web.door import Door
from mentionbridge.web.lists import door_of
from mentionbridge.web.problem import Problem

router = APIRouter(prefix="/hooks", tags=["hooks"])
_NOTE_EVERY = timedelta(minutes=1)
_ANSWERS = bare_problems(400, 401, 404, 413, 503)


@router.post("/helpdesk/{helpdesk}", responses=_ANSWERS, summary="Hear from a helpdesk that something changed")
async def hear_helpdesk(request: Request, helpdesk: str) -> Response:
    """Answers 2xx only when it is kept that the desk is to be asked; what the call itself says is not believed."""
    door = door_of(request)
    desk = door.desks.get(helpdesk)
    if desk is None or desk.hook is None:
        raise Problem("not_found", "No helpdesk here takes webhooks at this address; check its name in the config.")
    raw, now = await _raw(request), door.clock.now()
    if (wrong := desk.hook.verify(raw, now)) is not None:
        raise Problem("bad_signature", f"The webhook was not accepted: {wrong}.")
    heard = desk.hook.hear(raw.body)
    concerned = await door.writer.submit(lambda uow: hear_hook(uow, desk, heard, now))
    door.observer.saw("helpdesk.called", desk=desk.name, tickets=concerned)
    door.wake()
    return JSONResponse({"stored": True})


@router.get("/{platform}/{account_id}", responses=_ANSWERS, summary="Answer a platform's handshake")
async def shake_hands(request: Request, platform: str, account_id: str) -> Response:
    _, hook = _find(request, platform, account_id)
    if (answer := _handshake(hook, await _raw(request))) is not None:
        return answer
    raise Problem("not_a_handshake", "This is no handshake of this platform; webhooks are sent with POST.")


@router.post("/{platform}/{account_id}", responses=_ANSWERS, summary="Take a platform's webhook")
async def take_hook(request: Request, platform: str, account_id: str) -> Response:
    """Answers 2xx only when the body is on disk; the same body again is fine and changes nothing."""
    door = door_of(request)
    account, hook = _find(request, platform, account_id)
    raw = await _raw(request)
    if (answer := _handshake(hook, raw)) is not None:
        return answer
    now = door.clock.now()
    if (wrong := hook.verify(raw, now)) is not None:
        said = f"The webhook's signature was not accepted: {wrong}"
        await _note_refusal(door, account, wrong)
        raise Problem("bad_signature", said if said.endswith(".") else said + ".")

    async def keep(uow: UnitOfWork) -> tuple[str, bool]:
        return await uow.inbox.keep(account, Origin.HOOK, raw.body, now)

    _, new = await door.writer.submit(keep)
    door.observer.saw("hook.kept", platform=account.platform, account=account.id, new=new)
    door.wake()
    return JSONResponse({"stored": True, "new": new})


async def _note_refusal(door: Door, account: Account, wrong: str) -> None:
    """Keep that somebody was not believed, once a minute: a wrong secret looks like a quiet network."""
    now = door.clock.now()
    door.observer.saw("hook.refused", platform=account.platform, account=account.id, why=wrong)
    key = account.brand_id, account.id
    if now - door.refusals.get(key, datetime.min.replace(tzinfo=UTC)) < _NOTE_EVERY:
        return
    door.refusals[key] = now
    await door.writer.submit(lambda uow: uow.accounts.hook_refused(account, wrong, now))


def _find(request: Request, platform: str, account_id: str) -> tuple[Account, Hook]:
    found = door_of(request).hook_of(platform, account_id)
    if found is None:
        raise Problem("not_found", "No account here takes webhooks at this address; check its name in the config.")
    return found


async def _raw(request: Request) -> HookRequest:
    headers = {name.lower(): value for name, value in request.headers.items()}
    return HookRequest(request.method, headers, dict(request.query_params), await request.body())


def _handshake(hook: Hook, raw: HookRequest) -> Response | None:
    answer = hook.handshake(raw)
    return Response(answer.body, answer.status, media_type=answer.content_type) if answer is not None else None
