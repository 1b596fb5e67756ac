"""What `doctor` looks at: config, key, database, subscribers and every account at its network."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import make_url

from mentionbridge.bootstrap.judging import told_of_tiers
from mentionbridge.bootstrap.wiring import build, key_path
from mentionbridge.domain.account import Account, AccountHealth, AccountState
from mentionbridge.domain.capabilities import Support
from mentionbridge.domain.errors import MentionbridgeError, RunsElsewhere, SetupError
from mentionbridge.kit.clock import SystemClock
from mentionbridge.pipeline.bridge import Bridge, Connected, LinkedDesk
from mentionbridge.pipeline.spend import READING, day_worth, spent_until
from mentionbridge.platforms import named
from mentionbridge.ports.platform import spender_of
from mentionbridge.settings import Settings
from mentionbridge.store.engines import Engine
from mentionbridge.store.migrate import require_head
from mentionbridge.store.sealed import load_or_make

PROBE_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: how it is (`ok`, `warning` or `problem`) and a sentence with the next step."""

    what: str
    state: str
    sentence: str


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Look at everything a running service needs; each look is its own finding, and none changes anything."""
    if missing := _missing_file(settings):
        # Opening it would make it.
        yield Finding("database", "problem", f"There is no database at {missing} yet; run `mentionbridge migrate`.")
        return
    engine = Engine(settings.database.url)
    try:
        try:
            await require_head(settings.database.url)
            yield Finding("database", "ok", f"{engine.raw.dialect.name}, at the newest revision.")
        except Exception as error:
            yield Finding("database", "problem", _sentence(error))
            return
        if standby := await _standby(engine):
            yield standby
        try:
            app = build(settings, engine, SystemClock(), looking=True)
        except (MentionbridgeError, ValueError) as error:
            yield Finding("config", "problem", str(error))
            return
        async for finding in _wired(settings, app.bridge):
            yield finding
        await app.courier.aclose()
        for connected in app.bridge.connected.values():
            await connected.platform.aclose()
        for desk in app.bridge.desks.values():
            await desk.helpdesk.aclose()
        for network in app.networks.values():
            await network.aclose()
    finally:
        await engine.aclose()


def _missing_file(settings: Settings) -> Path | None:
    url = make_url(settings.database.url)
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return None
    path = Path(url.database)
    return None if path.exists() else path


async def _wired(settings: Settings, bridge: Bridge) -> AsyncIterator[Finding]:
    yield _key(settings)
    yield _address(settings)
    yield Finding("judge", "ok", told_of_tiers(settings.judge.tier))
    if not bridge.connected:
        yield Finding("accounts", "problem", "No account is configured; add [brands.NAME.accounts.NAME] to the config.")
    for connected in bridge.connected.values():
        async for finding in _account(bridge, connected):
            yield finding
        async for finding in look_for_gap(bridge, connected.account):
            yield finding
    for desk in bridge.desks.values():
        async for finding in look_at_desk(bridge, desk):
            yield finding


async def _standby(engine: Engine) -> Finding | None:
    if engine.embedded:
        return None
    async with engine.reading() as connection:
        states = list((await connection.execute(sa.text("SELECT sync_state FROM pg_stat_replication"))).scalars())
    if not states or {"sync", "quorum"} & set(states):
        return Finding("standby", "ok", "None." if not states else "Synchronous.")
    return Finding(
        "standby",
        "problem",
        "The standby is asynchronous: a failover could forget what was said and say it again."
        ' Set synchronous_standby_names, or switch every account to mode = "approve".',
    )


def _key(settings: Settings) -> Finding:
    path = key_path(settings)
    if not path.exists():
        advice = f"There is none yet; `mentionbridge serve` makes {path}, beside the database."
        return Finding("key file", "warning", advice)
    if path.stat().st_mode & 0o077:
        return Finding("key file", "problem", f"Others can read {path}; run `chmod 600 {path}`.")
    beside = settings.secrets.key_file is None
    advice = (
        "It lies beside the database: a backup of both together opens every sealed secret." if beside else "Sealed."
    )
    return Finding("key file", "warning" if beside else "ok", advice)


def _address(settings: Settings) -> Finding:
    url = settings.server.public_url
    if url.startswith("https://"):
        return Finding("public address", "ok", url)
    local = "127.0.0.1" in url or "localhost" in url
    state = "warning" if local else "problem"
    return Finding("public address", state, f"{url} is not https; networks push only to https addresses.")


def _named(account: Account) -> str:
    return f"account {account.id} ({account.platform})"


async def _account(bridge: Bridge, connected: Connected) -> AsyncIterator[Finding]:
    account = connected.account
    what = _named(account)
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            identity = await connected.platform.probe()
        async with bridge.store.reading() as uow:
            known = {(health.brand_id, health.id): health for health in await uow.accounts.all()}
    except RunsElsewhere:
        yield Finding(what, "ok", "Its network runs inside another process, as it should beside a running service.")
        return
    except MentionbridgeError as error:
        yield Finding(what, "problem", str(error))
        return
    except TimeoutError:
        yield Finding(what, "problem", f"The network did not answer within {PROBE_SECONDS} seconds.")
        return
    health = known.get((account.brand_id, account.id))
    now = f", now {health.state}" if health is not None and health.state is not AccountState.ACTIVE else ""
    page = f" ({identity.profile_url})" if identity.profile_url else ""
    yield Finding(what, "ok", f"Signed in as @{identity.handle}{page}, mode {account.mode}{now}.")
    for hint in identity.hints:
        yield Finding(what, "warning", hint)
    if (refused := _refused(health)) is not None:
        yield Finding(f"{what}: webhook", "warning", refused)
    async for finding in _spend(bridge, connected, what):
        yield finding
    if named(account.platform).capabilities.support is Support.EXPERIMENTAL:
        yield Finding(what, "warning", "Support for this network is experimental.")


def _refused(health: AccountHealth | None) -> str | None:
    """Say that a webhook was refused and none accepted since; strangers alone are no reason to warn."""
    if health is None or health.hook_refused_at is None:
        return None
    if health.hook_heard_at is not None and health.hook_heard_at > health.hook_refused_at:
        return None
    at = health.hook_refused_at.astimezone(UTC)
    return (
        f"One was refused at {at:%Y-%m-%d %H:%M} UTC ({health.hook_refused_because}), and none was taken since;"
        " check the secret the network signs with."
    )


async def look_for_gap(bridge: Bridge, account: Account) -> AsyncIterator[Finding]:
    """Tell since when and why nothing is heard of an account; nothing when it is heard."""
    async with bridge.store.reading() as uow:
        gaps = await uow.accounts.gaps(account.brand_id, account.id)
    for gap in gaps:
        if gap["closed_at"] is None:
            since = gap["opened_at"].astimezone(UTC)
            yield Finding(
                f"{_named(account)}: gap",
                "warning",
                f"{gap['kind'].capitalize()} since {since:%Y-%m-%d %H:%M} UTC: {gap['cause']}.",
            )


async def _spend(bridge: Bridge, connected: Connected, what: str) -> AsyncIterator[Finding]:
    if spender_of(connected.platform) is None:
        return
    account = connected.account
    async with bridge.store.reading() as uow:
        spent = await uow.accounts.spent_on(account, bridge.clock.now().astimezone(UTC).date()) / 1_000_000
    if (worth := day_worth(account)) is None:
        advice = "Its calls cost money and nothing ends that; set spend_per_day."
        yield Finding(f"{what}: spend", "warning", f"${spent:.2f} today. {advice}")
        return
    last = await spent_until(bridge, connected, READING)
    ended = f" Reading goes on at {last:%H:%M} UTC." if last is not None else ""
    yield Finding(f"{what}: spend", "warning" if last else "ok", f"${spent:.2f} of ${worth:.2f} today.{ended}")


async def look_at_desk(bridge: Bridge, desk: LinkedDesk) -> AsyncIterator[Finding]:
    """Check one helpdesk: its credentials, queue, fields and states, and the mirrors that wait for a person."""
    what = f"helpdesk {desk.name} ({desk.kind})"
    try:
        for found in await desk.helpdesk.check():
            yield Finding(f"{what}: {found.what}", "ok" if found.ok else "problem", found.sentence)
        async with bridge.store.reading() as uow:
            parked = await uow.mirrors.parked(desk.brand_id, desk.name)
    except MentionbridgeError as error:
        yield Finding(what, "problem", f"{error}.".replace("..", "."))
        return
    if parked:
        again = f"`mentionbridge helpdesks parked {desk.name}` says why"
        yield Finding(f"{what}: mirrors", "warning", f"{len(parked)} wait for a person; {again}.")
    if desk.hook is None:
        yield Finding(f"{what}: webhook", "ok", f"None; it is asked every {desk.poll_seconds:g} s.")


def _sentence(error: Exception) -> str:
    if isinstance(error, MentionbridgeError):
        return str(error)
    return f"The database cannot be opened ({type(error).__name__}); check database.url and that the server runs."


def make_key(path: Path) -> None:
    """Make a new key file with mode 0600; raises SetupError when the file exists."""
    if path.exists():
        raise SetupError(f"{path} exists already; a key file is never overwritten.")
    load_or_make(path, make=True)
