"""Keep a picture: fetch what came with a mention through the guard and store it beside the words."""

from datetime import timedelta

from mentionbridge.domain.errors import MentionbridgeError
from mentionbridge.kit.backoff import delay
from mentionbridge.pipeline.bridge import Bridge
from mentionbridge.ports.media import MediaRefused, Picture
from mentionbridge.ports.store import Lease

TRIES = 8


async def keep_picture(bridge: Bridge, lease: Lease) -> None:
    """Fetch one picture; refused ones keep their link and the reason."""
    async with bridge.store.reading() as uow:
        link = await uow.mentions.media_link(lease.brand_id, lease.id)
    if link is None:
        return
    refusal, picture = "", None
    try:
        picture = await bridge.media.fetch(link.url)
    except MediaRefused as error:
        refusal = str(error)
    except MentionbridgeError as error:
        if lease.attempts < TRIES:
            await _later(bridge, lease)
            return
        refusal = f"given up after {TRIES} tries: {error}"
    await _keep(bridge, lease, picture, refusal)


async def _keep(bridge: Bridge, lease: Lease, picture: Picture | None, refusal: str) -> None:
    async with bridge.store.writing() as uow:
        if picture is not None:
            await uow.mentions.keep_picture(lease.brand_id, lease.id, picture)
        else:
            await uow.mentions.refuse_picture(lease.brand_id, lease.id, refusal)
        await uow.claims.done(lease)
    bridge.observer.saw("picture.kept" if picture else "picture.refused", id=lease.id, why=refusal)


async def _later(bridge: Bridge, lease: Lease) -> None:
    async with bridge.store.writing() as uow:
        wait = delay(lease.attempts, first=2, cap=600) + timedelta(seconds=1)
        await uow.claims.done(lease, bridge.clock.now() + wait)
