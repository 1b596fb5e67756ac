"""Spend: what a network charges is kept by day, and no account spends more than its day is worth.

Reading stops first, so that there is something left to answer with.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from mentionbridge.domain.account import Account
from mentionbridge.domain.errors import DaySpent
from mentionbridge.domain.events import EventType
from mentionbridge.pipeline.bridge import Bridge, Connected
from mentionbridge.ports.platform import spender_of
from mentionbridge.ports.store import UnitOfWork

_DOLLAR = 1_000_000
READING = 0.8
"""The part of a day's money after which nothing is read any more."""
ANSWERING = 1.0
WARNING = 0.6
"""The part of a day's money after which we say that it runs out."""


async def keep_spend(bridge: Bridge) -> None:
    """Keep what every account has spent since this was last done."""
    for connected in bridge.connected.values():
        await keep_spend_of(bridge, connected)


async def keep_spend_of(bridge: Bridge, connected: Connected) -> None:
    """Keep what one account has spent; for whoever asks its network beside a worker."""
    spender = spender_of(connected.platform)
    if spender is None or not (spent := spender.spent()):
        return
    account = connected.account
    async with bridge.store.writing() as uow:
        # Two workers that add at once would both, or neither, see their sum pass the mark.
        await uow.accounts.hold(account)
        await uow.accounts.add_spend(account, spent)
        await _warn(uow, account, spent, bridge.clock.now())
    spender.kept(spent)
    for (_, what), micros in spent.items():
        bridge.observer.saw("spend", platform=account.platform, account=account.id, what=what, micros=micros)


async def _warn(uow: UnitOfWork, account: Account, spent: Mapping[tuple[date, str], int], now: datetime) -> None:
    """Tell, once a day, that most of it is spent."""
    worth, today = account.most_spent_a_day, now.astimezone(UTC).date()
    if worth is None or not (more := _of(today, spent)):
        return
    total = await uow.accounts.spent_on(account, today)
    if total - more < worth * WARNING <= total:
        await uow.events.add(
            EventType.ACCOUNT_SPEND_HIGH,
            account.brand_id,
            now,
            account_id=account.id,
            day=today.isoformat(),
            spent=total / _DOLLAR,
            reading_stops=worth * READING / _DOLLAR,
            of=worth / _DOLLAR,
        )


async def check_spend(bridge: Bridge, connected: Connected, part: float) -> None:
    """Raise DaySpent once this part of the account's day is spent, until the next day begins."""
    until = await spent_until(bridge, connected, part)
    if until is not None:
        raise DaySpent(until)


async def spent_until(bridge: Bridge, connected: Connected, part: float) -> datetime | None:
    """Return when the account may spend again, if this part of its day is spent."""
    account, spender = connected.account, spender_of(connected.platform)
    if spender is None or account.most_spent_a_day is None:
        return None
    now = bridge.clock.now().astimezone(UTC)
    today = now.date()
    async with bridge.store.reading() as uow:
        known = await uow.accounts.spent_on(account, today)
    spent = known + _of(today, spender.spent())
    return _tomorrow(now) if spent >= account.most_spent_a_day * part else None


def day_worth(account: Account) -> float | None:
    """Return what an account's day is worth, in dollars."""
    return account.most_spent_a_day / _DOLLAR if account.most_spent_a_day is not None else None


def _of(day: date, spent: Mapping[tuple[date, str], int]) -> int:
    return sum(micros for (when, _), micros in spent.items() if when == day)


def _tomorrow(now: datetime) -> datetime:
    return datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), UTC)
