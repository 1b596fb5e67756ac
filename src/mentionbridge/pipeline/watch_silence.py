"""Watches for accounts that are quiet beyond belief: a network that stops telling looks as if nobody had spoken."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from mentionbridge.domain.account import Account, GapKind
from mentionbridge.domain.errors import PlatformError
from mentionbridge.domain.events import EventType
from mentionbridge.domain.mention import Post
from mentionbridge.pipeline.bridge import Bridge, Connected
from mentionbridge.pipeline.collect import store_page
from mentionbridge.pipeline.spend import READING, check_spend
from mentionbridge.pipeline.take_in import Result
from mentionbridge.ports.accounts import LastHeard
from mentionbridge.ports.platform import newest_of
from mentionbridge.ports.store import UnitOfWork
from mentionbridge.rules.silence import LEARNED_FROM, Rhythm, Window, learned

LEARN_AGAIN = timedelta(hours=6)
LOOK_AGAIN = timedelta(hours=24)
"""A look past our place in a network's list may cost money, so a silence gets one a day."""

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Heard:
    """What is known of an account at the moment: the newest it heard, and since when which gaps are open."""

    last: LastHeard | None
    silent_since: datetime | None
    blind_since: datetime | None


@dataclass(slots=True)
class SilenceWatch:
    """Remembers each account's rhythm for some hours, and when it last looked past its place."""

    bridge: Bridge
    _rhythms: dict[Key, tuple[datetime, Rhythm | None]] = field(default_factory=dict)
    _looked: dict[Key, datetime] = field(default_factory=dict)

    async def watch(self) -> None:
        """Open a gap where it is too quiet, look whether the network holds something back, and close what has ended."""
        for connected in self.bridge.connected.values():
            await self._watch(connected)

    async def _watch(self, connected: Connected) -> None:
        account, now = connected.account, self.bridge.clock.now()
        heard = await self._heard(account)
        if heard.last is None:
            return
        if heard.silent_since is not None and heard.last.received_at > heard.silent_since:
            await self._hear_again(account, heard.last, now)
            return
        if heard.blind_since is not None:
            return
        if heard.silent_since is None:
            rhythm = await self._rhythm(account, now)
            if rhythm is None or not rhythm.finds_strange((heard.last.received_at, now)):
                return
            await self._fall_silent(account, heard.last.received_at, now)
        await self._look_past(connected, now)

    async def _heard(self, account: Account) -> Heard:
        async with self.bridge.store.reading() as uow:
            return Heard(
                await uow.accounts.last_heard(account.brand_id, account.id),
                await uow.accounts.gap_since(account, GapKind.SILENCE),
                await uow.accounts.gap_since(account),
            )

    async def _rhythm(self, account: Account, now: datetime) -> Rhythm | None:
        key = account.brand_id, account.id
        known = self._rhythms.get(key)
        if known is None or now - known[0] >= LEARN_AGAIN:
            known = self._rhythms[key] = now, await self._learn(account, now)
        return known[1]

    async def _learn(self, account: Account, now: datetime) -> Rhythm | None:
        async with self.bridge.store.reading() as uow:
            heard = await uow.accounts.heard(account, now - LEARNED_FROM)
            gaps = await uow.accounts.gaps(account.brand_id, account.id)
        blind: Sequence[Window] = [(gap["opened_at"], gap["closed_at"] or now) for gap in gaps]
        # The silence that lasts now must not teach that silences are usual.
        return learned(heard, heard[-1], blind) if heard else None

    async def _fall_silent(self, account: Account, since: datetime, now: datetime) -> None:
        cause = f"nothing was heard since {_minute(since)}, and at such hours this account is hardly ever quiet so long"
        async with self.bridge.store.writing() as uow:
            if await uow.accounts.open_gap(account, cause, now, GapKind.SILENCE) is not None:
                await uow.events.add(
                    EventType.GAP_OPENED,
                    account.brand_id,
                    now,
                    account_id=account.id,
                    kind=GapKind.SILENCE,
                    cause=cause,
                )
        self.bridge.observer.saw("silence.noticed", platform=account.platform, account=account.id)

    async def _hear_again(self, account: Account, last: LastHeard, now: datetime) -> None:
        async with self.bridge.store.writing() as uow:
            await _close(uow, account, f"heard again at {_minute(last.received_at)}", now)

    async def _look_past(self, connected: Connected, now: datetime) -> None:
        """Read the newest the network shows, wherever our place in its list is; if we passed any, read all anew."""
        account, key = connected.account, (connected.account.brand_id, connected.account.id)
        looker = newest_of(connected.platform)
        if looker is None or now - self._looked.get(key, datetime.min.replace(tzinfo=UTC)) < LOOK_AGAIN:
            return
        self._looked[key] = now
        try:
            await check_spend(self.bridge, connected, READING)
            items = await looker.newest()
        except PlatformError as error:
            self.bridge.observer.saw("silence.not_looked", account=account.id, why=str(error))
            return
        async with self.bridge.store.reading() as uow:
            known = await uow.accounts.health(*key)
        # What was said since we last read to the end would have come by itself.
        older = [item for item in items if isinstance(item, Post) and known.read_to and item.created_at < known.read_to]
        taken = await store_page(self.bridge, account, older, None, known)
        passed = sum(each.result is Result.CREATED for each in taken)
        self.bridge.observer.saw("silence.looked", account=account.id, passed=passed)
        if not passed:
            return
        repaired = f"our place in the network's list had passed {passed} posts; all it still shows is read anew"
        async with self.bridge.store.writing() as uow:
            await uow.accounts.begin_anew(account, now)
            await _close(uow, account, repaired, now)


async def _close(uow: UnitOfWork, account: Account, repaired: str, now: datetime) -> None:
    if await uow.accounts.close_gap(account, repaired, now, GapKind.SILENCE) is not None:
        await uow.events.add(
            EventType.GAP_CLOSED,
            account.brand_id,
            now,
            account_id=account.id,
            kind=GapKind.SILENCE,
            repaired=repaired,
        )


def _minute(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
