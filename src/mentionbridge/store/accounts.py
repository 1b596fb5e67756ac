"""Our accounts as they are doing: cursor, health, gaps, what we said ourselves, and the big red switch."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from mentionbridge.domain.account import Account, AccountHealth, AccountState, Allowance, Identity
from mentionbridge.domain.errors import NotFound
from mentionbridge.domain.mention import Mention, Surface
from mentionbridge.domain.reply import OwnPost
from mentionbridge.store import tables as t
from mentionbridge.store.failover import has_forked
from mentionbridge.store.families import FAMILY
from mentionbridge.store.listening import StoredListening
from mentionbridge.store.rows import insert, is_row, key_of_row, row_of

_PAUSE = "paused_everywhere"
_NOTED_EVERY = timedelta(minutes=1)
_FACTS = [
    c
    for c in t.accounts.c
    if c.name not in ("secret", "secret_version", "due", "lease_until", "lease_token", "attempts")
]

_SAME = sa.and_(t.gaps.c.brand_id == t.accounts.c.brand_id, t.gaps.c.account_id == t.accounts.c.id)
# An account that is blind is also quiet: what it is blind by comes first.
_OPEN_GAPS = sa.select(t.gaps.c.cause).where(_SAME, t.gaps.c.closed_at.is_(None)).order_by(t.gaps.c.kind)
_GAP = _OPEN_GAPS.limit(1).scalar_subquery()
_EVERY = sa.select(*_FACTS, _GAP.label("open_gap"))
_OURS = sa.select(t.accounts.c.brand_id, t.accounts.c.id).where(
    *(t.accounts.c[name] == sa.bindparam(name) for name in ("platform", "network_id"))
)
_HEALTH = _EVERY.where(row_of(t.accounts))


def answered(
    brand: sa.ColumnElement[str],
    platform: sa.ColumnElement[str],
    story: sa.Select[Any],
    author: sa.ColumnElement[str],
) -> sa.Exists:
    """True when an account of ours there has answered this author in this story (the ids of its tickets)."""
    said = t.mentions.alias("said").c
    theirs = (said.brand_id == brand, said.platform == platform, said.ticket_id.in_(story), said.author_id == author)
    ours = sa.select(t.accounts.c.id).where(t.accounts.c.brand_id == brand, t.accounts.c.platform == platform)
    own = t.own_posts.c
    answer = (own.brand_id == brand, own.account_id.in_(ours), own.parent_id == said.external_id)
    return sa.exists().where(*theirs, *answer)


def typed_below(mentions: sa.FromClause) -> sa.ColumnElement[bool]:
    """Say which posts of ours stand below a mention and have not been heard yet."""
    said, own = mentions.c, t.own_posts.c
    ours = sa.select(t.accounts.c.id).where(
        t.accounts.c.brand_id == said.brand_id, t.accounts.c.platform == said.platform
    )
    there = (own.account_id.in_(ours.correlate(mentions)), own.parent_id == said.external_id)
    return sa.and_(own.brand_id == said.brand_id, *there, own.text.isnot(None))


SPEND_DAYS = 31
_SAID_BELOW = (
    sa.select(t.own_posts)
    .join_from(t.own_posts, t.mentions, typed_below(t.mentions))
    .where(row_of(t.mentions))
    .order_by(t.own_posts.c.occurred_at, t.own_posts.c.external_id)
)
_ANSWERED = sa.select(answered(sa.bindparam("brand"), sa.bindparam("platform"), FAMILY, sa.bindparam("author")))


@dataclass(frozen=True, slots=True)
class StoredAccounts(StoredListening):
    """The `accounts`, `gaps`, `own_posts` and `switches` tables within one transaction."""

    async def ensure(self, account: Account, now: datetime) -> None:
        row = {
            "brand_id": account.brand_id,
            "id": account.id,
            "platform": account.platform,
            "state": AccountState.RECONCILE,
            "connected_at": now,
            "due": now,
        }
        await self.connection.execute(insert(self.connection, t.accounts).values(**row).on_conflict_do_nothing())

    async def health(self, brand_id: str, account_id: str) -> AccountHealth:
        row = (await self.connection.execute(_HEALTH, key_of_row(brand_id, account_id))).first()
        if row is None:
            raise NotFound(f"There is no account {account_id!r} in the database yet; start the service once.")
        return _health(row)

    async def all(self, brand_ids: Sequence[str] | None = None) -> Sequence[AccountHealth]:
        query = _EVERY.order_by(t.accounts.c.brand_id, t.accounts.c.id)
        if brand_ids is not None:
            query = query.where(t.accounts.c.brand_id.in_(brand_ids))
        return [_health(row) for row in await self.connection.execute(query)]

    async def polled(self, account: Account, cursor: str | None, seen_at: datetime | None, now: datetime) -> None:
        changes: dict[str, Any] = {"last_polled_at": now}
        if cursor is not None:
            changes["cursor"] = cursor
        if seen_at is not None:
            known, seen = t.accounts.c.last_seen_at, sa.literal(seen_at, t.Instant)
            changes["last_seen_at"] = sa.case((known > seen, known), else_=seen)
        await self._change(account, **changes)

    async def failed(self, account: Account, sentence: str, now: datetime) -> int:
        query = (
            sa.update(t.accounts)
            .where(is_row(t.accounts, account.brand_id, account.id))
            .values(failures=t.accounts.c.failures + 1, last_error=sentence[:500])
            .returning(t.accounts.c.failures)
        )
        return int((await self.connection.execute(query)).scalar_one())

    async def well(self, account: Account, now: datetime) -> None:
        await self._change(account, failures=0, last_error=None, read_to=now)

    async def allowed(self, account: Account, allowance: Allowance) -> None:
        told = {"limit": allowance.limit, "left": allowance.left, "resets_at": allowance.resets_at.isoformat()}
        await self._change(account, allowance=told)

    async def identified(self, account: Account, identity: Identity) -> None:
        await self._change(account, network_id=identity.external_id, handle=identity.handle)

    async def left(self, brand_id: str, account_id: str, sentence: str) -> None:
        here = is_row(t.accounts, brand_id, account_id)
        gone = {"last_error": sentence, "due": None, "lease_until": None, "lease_token": None}
        await self.connection.execute(sa.update(t.accounts).where(here).values(**gone))

    async def ours(self, platform: str, network_id: str) -> Sequence[tuple[str, str]]:
        person = {"platform": platform, "network_id": network_id}
        return [(row.brand_id, row.id) for row in await self.connection.execute(_OURS, person)]

    async def set_state(
        self,
        account: Account,
        state: AccountState,
        actor: str | None = None,
        *,
        only_from: Collection[AccountState] = tuple(AccountState),
    ) -> bool:
        was = [other for other in only_from if other is not state]
        query = (
            sa.update(t.accounts)
            .where(is_row(t.accounts, account.brand_id, account.id), t.accounts.c.state.in_(was))
            .values(state=state, paused_by=actor if state is AccountState.PAUSED else None)
        )
        return (await self.connection.execute(query)).rowcount == 1

    async def reconcile_after_failover(self) -> bool:
        if not await has_forked(self.connection):
            return False
        await self.reconcile_active()
        return True

    async def reconcile_active(self) -> None:
        active = t.accounts.c.state == AccountState.ACTIVE
        await self.connection.execute(sa.update(t.accounts).where(active).values(state=AccountState.RECONCILE))

    async def alive(self, account_keys: Sequence[tuple[str, str]], now: datetime) -> None:
        key = sa.tuple_(t.accounts.c.brand_id, t.accounts.c.id)
        await self.connection.execute(sa.update(t.accounts).where(key.in_(list(account_keys))).values(alive_at=now))

    async def schedule(self, account: Account, due: datetime) -> None:
        later = sa.or_(t.accounts.c.due.is_(None), t.accounts.c.due > due)
        here = is_row(t.accounts, account.brand_id, account.id)
        await self.connection.execute(sa.update(t.accounts).where(here, later).values(due=due))

    async def hook_heard(self, account: Account, now: datetime) -> None:
        await self._note(account, t.accounts.c.hook_heard_at, now)

    async def hook_refused(self, account: Account, because: str, now: datetime) -> None:
        await self._note(account, t.accounts.c.hook_refused_at, now, hook_refused_because=because[:500])

    async def _note(self, account: Account, when: sa.Column[Any], now: datetime, **more: Any) -> None:
        stale = sa.or_(when.is_(None), when <= sa.literal(now - _NOTED_EVERY, t.Instant))
        here = is_row(t.accounts, account.brand_id, account.id)
        await self.connection.execute(sa.update(t.accounts).where(here, stale).values({when.name: now, **more}))

    async def wake(self, account: Account, now: datetime) -> None:
        later = sa.or_(t.accounts.c.due.is_(None), t.accounts.c.due > now, t.accounts.c.lease_until > now)
        here = is_row(t.accounts, account.brand_id, account.id)
        await self.connection.execute(sa.update(t.accounts).where(here, later).values(due=now))

    async def woken_since(self, account: Account, at: datetime) -> bool:
        # A row is claimed when it is due: whatever made it due since then came after.
        query = sa.select(t.accounts.c.due > sa.literal(at, t.Instant))
        here = is_row(t.accounts, account.brand_id, account.id)
        return bool((await self.connection.execute(query.where(here))).scalar())

    async def begin_anew(self, account: Account, now: datetime) -> None:
        await self._change(account, cursor=None)
        await self.schedule(account, now)

    async def remember_own(self, brand_id: str, account_id: str, post: OwnPost) -> None:
        row = {
            "brand_id": brand_id,
            "account_id": account_id,
            "external_id": post.external_id,
            "parent_id": post.parent_id,
            "thread_id": post.thread_id,
            "permalink": post.permalink,
            "occurred_at": post.created_at,
            "text": post.text,
            "surface": post.surface,
        }
        await self.connection.execute(insert(self.connection, t.own_posts).values(**row).on_conflict_do_nothing())

    async def said_below(self, mention: Mention) -> Sequence[tuple[str, OwnPost]]:
        rows = await self.connection.execute(_SAID_BELOW, key_of_row(mention.brand_id, mention.id))
        return [(row.account_id, _own(row)) for row in rows]

    async def heard_own(self, brand_id: str, account_id: str, external_id: str) -> None:
        own = t.own_posts.c
        here = (own.brand_id == brand_id, own.account_id == account_id, own.external_id == external_id)
        await self.connection.execute(sa.update(t.own_posts).where(*here).values(text=None))

    async def answered_story(self, brand_id: str, platform: str, ticket_id: str, author_id: str) -> bool:
        story = {"brand": brand_id, "platform": platform, "ticket": ticket_id, "author": author_id}
        return bool((await self.connection.execute(_ANSWERED, story)).scalar_one())

    async def add_spend(self, account: Account, spent: Mapping[tuple[date, str], int]) -> None:
        for (day, what), micros in spent.items():
            row = {"brand_id": account.brand_id, "account_id": account.id, "day": day, "what": what, "micros": micros}
            once = insert(self.connection, t.account_spend).values(**row)
            more = {"micros": t.account_spend.c.micros + once.excluded.micros}
            same = ["brand_id", "account_id", "day", "what"]
            await self.connection.execute(once.on_conflict_do_update(index_elements=same, set_=more))

    async def hold(self, account: Account) -> None:
        here = is_row(t.accounts, account.brand_id, account.id)
        await self.connection.execute(sa.select(t.accounts.c.id).where(here).with_for_update())

    async def spent_on(self, account: Account, day: date) -> int:
        that = t.account_spend.c
        here = (that.brand_id == account.brand_id, that.account_id == account.id, that.day == day)
        query = sa.select(sa.func.coalesce(sa.func.sum(that.micros), 0)).where(*here)
        return int((await self.connection.execute(query)).scalar_one())

    async def spend(self, brand_id: str, account_id: str) -> Mapping[date, Mapping[str, int]]:
        """Return what was spent on each of the last `SPEND_DAYS` days with any, newest first."""
        that = t.account_spend.c
        query = sa.select(that.day, that.what, that.micros).order_by(that.day.desc(), that.what)
        here = query.where(that.brand_id == brand_id, that.account_id == account_id)
        days: dict[date, dict[str, int]] = {}
        for row in await self.connection.execute(here):
            if row.day in days or len(days) < SPEND_DAYS:
                days.setdefault(row.day, {})[row.what] = row.micros
        return days

    async def paused_everywhere(self) -> bool:
        query = sa.select(t.switches.c.state).where(t.switches.c.name == _PAUSE)
        return bool((await self.connection.execute(query)).scalar_one_or_none())

    async def pause_everywhere(self, on: bool, actor: str, now: datetime) -> bool:
        was = await self.paused_everywhere()
        row = {"name": _PAUSE, "state": on, "actor": actor, "changed_at": now}
        change = insert(self.connection, t.switches).values(**row)
        await self.connection.execute(change.on_conflict_do_update(index_elements=["name"], set_=row))
        return was != on

    async def _change(self, account: Account, **values: Any) -> None:
        here = is_row(t.accounts, account.brand_id, account.id)
        await self.connection.execute(sa.update(t.accounts).where(here).values(**values))


def _own(row: Any) -> OwnPost:
    said_at, surface = row.occurred_at, Surface(row.surface)
    return OwnPost(row.external_id, row.parent_id, row.thread_id, row.text, said_at, row.permalink, surface)


def _health(row: Any) -> AccountHealth:
    facts = dict(row._mapping)
    told = facts["allowance"]
    allowance = told and Allowance(told["limit"], told["left"], datetime.fromisoformat(told["resets_at"]))
    return AccountHealth(**{**facts, "state": AccountState(facts["state"]), "allowance": allowance})
