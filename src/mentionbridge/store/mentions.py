"""Posts that concern us, their verdicts, sightings and pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from mentionbridge.domain.account import Account
from mentionbridge.domain.mention import Author, MediaLink, Mention, MentionState, Origin, Post, Surface, Visibility
from mentionbridge.domain.verdict import Label, Severity, Verdict
from mentionbridge.kit.ids import Ids
from mentionbridge.ports.media import Picture
from mentionbridge.ports.store import Incoming, InHand, Lease
from mentionbridge.store import search
from mentionbridge.store import tables as t
from mentionbridge.store.accounts import typed_below
from mentionbridge.store.claims import lost
from mentionbridge.store.rows import is_row, key_of_row, once, row_of, set_row, where

_OWN = [c for c in t.mentions.c if c.name not in ("due", "lease_until", "lease_token", "attempts", "raw")]
_AUTHOR = ("external_id", "handle", "name", "followers", "is_bot")
SELECT = sa.select(*_OWN, *(t.authors.c[name].label(f"author__{name}") for name in _AUTHOR)).join_from(
    t.mentions,
    t.authors,
    sa.and_(t.authors.c.brand_id == t.mentions.c.brand_id, t.authors.c.id == t.mentions.c.author_id),
)

_BY_KEY = SELECT.where(row_of(t.mentions))
_ADD_VERDICT = sa.insert(t.verdicts)
_VERDICT = where(t.verdicts, "brand_id", "mention_id").order_by(t.verdicts.c.id.desc()).limit(1)
_HUMAN_VERDICT = _VERDICT.where(t.verdicts.c.actor.isnot(None))


def _of_mention(table: sa.Table) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.brand_id == t.mentions.c.brand_id, table.c.mention_id == t.mentions.c.id)


_OURS = sa.and_(t.accounts.c.platform == t.mentions.c.platform, t.accounts.c.network_id == t.authors.c.external_id)
_BESIDES = {
    "has_media": sa.exists().where(_of_mention(t.media)),
    "labelled": sa.exists().where(_of_mention(t.verdicts), t.verdicts.c.actor.isnot(None)),
    "ours": sa.exists().where(_OURS),
    "wave": sa.exists().where(t.incidents.c.brand_id == t.mentions.c.brand_id, t.incidents.c.state == "open"),
    "answered": sa.exists().where(typed_below(t.mentions)),
}
_IN_HAND = (
    SELECT.add_columns(*(known.label(name) for name, known in _BESIDES.items()))
    .where(row_of(t.mentions), t.mentions.c.lease_token == sa.bindparam("lease"))
    .with_for_update(of=t.mentions)
)
_BY_EXTERNAL_IDS = SELECT.where(
    t.mentions.c.brand_id == sa.bindparam("brand_id"),
    t.mentions.c.platform == sa.bindparam("platform"),
    t.mentions.c.external_id.in_(sa.bindparam("external_ids", expanding=True)),
)
_IN_ORDER = (t.mentions.c.occurred_at, t.mentions.c.id)


@dataclass(frozen=True, slots=True)
class StoredMentions:
    """The `mentions`, `sightings`, `verdicts`, `media` and `rechecks` tables within one transaction."""

    connection: AsyncConnection
    ids: Ids

    async def add(
        self, account: Account, incoming: Sequence[Incoming], origin: Origin, now: datetime
    ) -> tuple[Mapping[str, str], Mapping[str, Mention]]:
        old = await self._known(account, [each.post.external_id for each in incoming])
        rows = [self._row(account, each, origin, now) for each in incoming if each.post.external_id not in old]
        if not rows:
            return {}, old
        ours = {row["external_id"]: row["id"] for row in rows}
        if (await self.connection.execute(once(self.connection, t.mentions), rows)).rowcount == len(rows):
            return ours, old
        # Somebody else has stored some of them since we looked, and we have waited for their commit.
        there = await self._known(account, list(ours))
        new = {key: id_ for key, id_ in ours.items() if there[key].id == id_}
        return new, old | {key: mention for key, mention in there.items() if key not in new}

    async def _known(self, account: Account, external_ids: Sequence[str]) -> dict[str, Mention]:
        those = {"brand_id": account.brand_id, "platform": account.platform, "external_ids": external_ids}
        return {row.external_id: as_mention(row) for row in await self.connection.execute(_BY_EXTERNAL_IDS, those)}

    def _row(self, account: Account, incoming: Incoming, origin: Origin, now: datetime) -> dict[str, Any]:
        post = incoming.post
        return {
            "brand_id": account.brand_id,
            "id": self.ids.new("mnt"),
            "platform": account.platform,
            "account_id": account.id,
            "author_id": incoming.author_id,
            "occurred_at": post.created_at,
            "received_at": now,
            "origin": origin,
            "silent": incoming.silent,
            "state": MentionState.RECEIVED,
            "due": now,
            "external_id": post.external_id,
            **_place(post),
            **_words(post),
        }

    async def sighted(
        self, brand_id: str, mention_ids: Sequence[str], account_id: str, origin: Origin, now: datetime
    ) -> None:
        seen = {"brand_id": brand_id, "account_id": account_id, "origin": origin, "seen_at": now}
        rows = [{**seen, "mention_id": mention_id} for mention_id in mention_ids]
        await self.connection.execute(once(self.connection, t.sightings), rows)

    async def get(self, brand_id: str, mention_id: str) -> Mention | None:
        row = (await self.connection.execute(_BY_KEY, key_of_row(brand_id, mention_id))).first()
        return as_mention(row) if row is not None else None

    async def hold(self, brand_id: str, mention_id: str) -> Mention | None:
        held = sa.select(t.mentions.c.id).where(is_row(t.mentions, brand_id, mention_id)).with_for_update()
        await self.connection.execute(held)
        return await self.get(brand_id, mention_id)

    async def in_hand(self, lease: Lease) -> InHand:
        key = {**key_of_row(lease.brand_id, lease.id), "lease": lease.token}
        row = (await self.connection.execute(_IN_HAND, key)).first()
        if row is None:
            raise lost(lease)
        facts = dict(row._mapping)
        besides = {name: bool(facts.pop(name)) for name in _BESIDES}
        return InHand(mention_of(facts), **besides)

    async def newest_of(self, brand_id: str, ticket_id: str, surface: Surface | None = None) -> Mention | None:
        newest = _standing(brand_id, ticket_id, surface).order_by(*(each.desc() for each in _IN_ORDER)).limit(1)
        row = (await self.connection.execute(newest)).first()
        return as_mention(row) if row is not None else None

    async def newest_public(self, brand_id: str, ticket_id: str) -> Sequence[Mention]:
        query = _standing(brand_id, ticket_id, Surface.PUBLIC).order_by(*_IN_ORDER)
        said = map(as_mention, await self.connection.execute(query))
        return list({mention.author_id: mention for mention in said}.values())

    async def first_after(self, brand_id: str, ticket_id: str, at: datetime) -> Mention | None:
        later = _standing(brand_id, ticket_id).where(t.mentions.c.occurred_at > at).order_by(*_IN_ORDER).limit(1)
        row = (await self.connection.execute(later)).first()
        return as_mention(row) if row is not None else None

    async def alone_in_thread(self, brand_id: str, platform: str, thread_id: str) -> Mention | None:
        said = t.mentions.c
        here = (said.brand_id == brand_id, said.platform == platform, said.thread_id == thread_id)
        query = SELECT.where(*here, said.ticket_id.isnot(None)).order_by(said.id)
        found = list(map(as_mention, await self.connection.execute(query)))
        return found[-1] if len({(mention.ticket_id, mention.author_id) for mention in found}) == 1 else None

    async def by_external_id(self, brand_id: str, platform: str, external_id: str) -> Mention | None:
        that = {"brand_id": brand_id, "platform": platform, "external_ids": [external_id]}
        row = (await self.connection.execute(_BY_EXTERNAL_IDS, that)).first()
        return as_mention(row) if row is not None else None

    async def edit(self, mention: Mention, post: Post, now: datetime) -> bool:
        same = (t.mentions.c.edit_version == mention.edit_version, t.mentions.c.text == mention.text)
        again = {"state": MentionState.RECEIVED, "due": now, "lease_until": None, "lease_token": None}
        changed = await self._change(mention, *same, t.mentions.c.deleted_at.is_(None), **again, **_words(post))
        await self._search_anew(mention)
        return changed

    async def take_over(
        self,
        mention: Mention,
        account: Account,
        shown: Incoming,
        origin: Origin,
        *,
        anew: bool,
        detached: bool,
        now: datetime,
    ) -> Mention:
        changes: dict[str, Any] = {
            "author_id": shown.author_id,
            "origin": origin,
            "silent": shown.silent,
            "occurred_at": shown.post.created_at,
            **_place(shown.post),
            **_words(shown.post),
        }
        if detached:
            changes |= {"ticket_id": None}
        if detached or mention.ticket_id is None:
            changes |= {"account_id": account.id}
        if anew:
            changes |= {"state": MentionState.RECEIVED, "due": now, "lease_until": None, "lease_token": None}
        await self._change(mention, **changes)
        await self._replace_media(mention, shown.post.media, now)
        if mention.ticket_id is not None:
            await search.refresh(self.connection, mention.brand_id, mention.ticket_id)
        taken = await self.get(mention.brand_id, mention.id)
        assert taken is not None
        return taken

    async def _replace_media(self, mention: Mention, links: Sequence[MediaLink], now: datetime) -> None:
        here = (t.media.c.brand_id == mention.brand_id, t.media.c.mention_id == mention.id)
        known = sa.select(t.media.c.url).where(*here).order_by(t.media.c.position)
        if list((await self.connection.execute(known)).scalars()) != [link.url for link in links]:
            await self.connection.execute(sa.delete(t.media).where(*here))
            await self.add_media(mention.brand_id, {mention.id: links}, now)

    async def hand_to(self, mention: Mention, account_id: str, *, tagged: bool, silent: bool) -> Mention:
        changes: dict[str, Any] = {"account_id": account_id, "tagged": tagged, "silent": silent}
        await self._set(mention, **changes)
        return replace(mention, **changes)

    async def delete(self, mention: Mention, at: datetime) -> bool:
        gone = {"deleted_at": at, "text": "", "raw": sa.null(), "redacted": True, "metrics": {}, "due": None}
        changed = await self._change(mention, t.mentions.c.deleted_at.is_(None), **gone)
        for table in (t.media, t.contexts):
            here = (table.c.brand_id == mention.brand_id, table.c.mention_id == mention.id)
            await self.connection.execute(sa.delete(table).where(*here))
        await self._search_anew(mention)
        return changed

    async def _search_anew(self, mention: Mention) -> None:
        joined = sa.select(t.mentions.c.ticket_id).where(is_row(t.mentions, mention.brand_id, mention.id))
        if ticket_id := (await self.connection.execute(joined)).scalar_one_or_none():
            await search.refresh(self.connection, mention.brand_id, ticket_id)

    async def judged(self, mention: Mention, verdict: Verdict, decided: str, verdict_id: str, now: datetime) -> None:
        await self.add_verdict(mention, verdict, decided, verdict_id, now)
        await self._set(mention, state=MentionState.JUDGED)

    async def add_verdict(
        self, mention: Mention, verdict: Verdict, decided: str, verdict_id: str, now: datetime
    ) -> None:
        row = {
            "brand_id": mention.brand_id,
            "id": verdict_id,
            "mention_id": mention.id,
            "label": verdict.label,
            "complaint": verdict.complaint,
            "severity": verdict.severity,
            "topics": list(verdict.topics),
            "lang": verdict.lang,
            "reasons": list(verdict.reasons),
            "risky": verdict.risky,
            "model": verdict.model,
            "version": verdict.version,
            "actor": verdict.actor,
            "decided": decided,
            "created_at": now,
        }
        await self.connection.execute(_ADD_VERDICT, row)

    async def verdict(self, brand_id: str, mention_id: str) -> Verdict | None:
        return await self._verdict(_VERDICT, brand_id, mention_id)

    async def human_verdict(self, brand_id: str, mention_id: str) -> Verdict | None:
        return await self._verdict(_HUMAN_VERDICT, brand_id, mention_id)

    async def _verdict(self, query: sa.Select[Any], brand_id: str, mention_id: str) -> Verdict | None:
        row = (await self.connection.execute(query, {"brand_id": brand_id, "mention_id": mention_id})).first()
        return as_verdict(row) if row is not None else None

    async def join(self, brand_id: str, mention_id: str, ticket_id: str) -> None:
        await set_row(self.connection, t.mentions, brand_id, mention_id, {"ticket_id": ticket_id})

    async def add_media(self, brand_id: str, media: Mapping[str, Sequence[MediaLink]], now: datetime) -> None:
        rows = [
            {
                "brand_id": brand_id,
                "id": self.ids.new("med"),
                "mention_id": mention_id,
                "position": position,
                "url": link.url,
                "type": link.type,
                "alt": link.alt,
                "state": "wanted" if link.type == "image" else "linked",
                "due": now if link.type == "image" else None,
            }
            for mention_id, links in media.items()
            for position, link in enumerate(links)
        ]
        if rows:
            await self.connection.execute(once(self.connection, t.media), rows)

    async def media_link(self, brand_id: str, media_id: str) -> MediaLink | None:
        query = sa.select(t.media.c.url, t.media.c.type, t.media.c.alt).where(is_row(t.media, brand_id, media_id))
        row = (await self.connection.execute(query)).first()
        return MediaLink(row.url, row.type, row.alt) if row is not None else None

    async def keep_picture(self, brand_id: str, media_id: str, picture: Picture) -> None:
        kept = {
            "state": "kept",
            "mime": picture.mime,
            "body": picture.body,
            "width": picture.width,
            "height": picture.height,
        }
        await self.connection.execute(sa.update(t.media).where(is_row(t.media, brand_id, media_id)).values(**kept))

    async def refuse_picture(self, brand_id: str, media_id: str, reason: str) -> None:
        refused = {"state": "refused", "reason": reason[:500]}
        await self.connection.execute(sa.update(t.media).where(is_row(t.media, brand_id, media_id)).values(**refused))

    async def newest_in_thread(self, mention: Mention) -> str | None:
        column = t.mentions.c
        here = (column.brand_id == mention.brand_id, column.ticket_id == mention.ticket_id)
        told = column.origin.in_([origin for origin in Origin if origin.fetched])
        query = sa.select(column.id).where(*here, column.thread_id == mention.thread_id, told)
        newest = query.where(column.deleted_at.is_(None)).order_by(column.occurred_at.desc(), column.id.desc())
        return (await self.connection.execute(newest.limit(1))).scalar_one_or_none()

    async def plan_recheck(self, mention: Mention, due: datetime, until: datetime) -> None:
        row = {
            "brand_id": mention.brand_id,
            "id": mention.id,
            "account_id": mention.account_id,
            "until": until,
            "due": due,
        }
        await self.connection.execute(once(self.connection, t.rechecks), row)

    async def look_again(self, mention: Mention, now: datetime, until: datetime) -> None:
        await self.plan_recheck(mention, now, until)
        free = {"due": now, "lease_until": None, "lease_token": None}
        here = is_row(t.rechecks, mention.brand_id, mention.id)
        await self.connection.execute(sa.update(t.rechecks).where(here).values(**free))

    async def recheck_until(self, brand_id: str, mention_id: str) -> datetime | None:
        query = sa.select(t.rechecks.c.until).where(is_row(t.rechecks, brand_id, mention_id))
        return (await self.connection.execute(query)).scalar_one_or_none()

    async def _set(self, mention: Mention, **values: Any) -> None:
        await set_row(self.connection, t.mentions, mention.brand_id, mention.id, values)

    async def _change(self, mention: Mention, *only: sa.ColumnElement[bool], **values: Any) -> bool:
        here = is_row(t.mentions, mention.brand_id, mention.id)
        changed = await self.connection.execute(sa.update(t.mentions).where(here, *only).values(**values))
        return changed.rowcount == 1


def _place(post: Post) -> dict[str, Any]:
    return {
        "thread_id": post.thread_id,
        "parent_id": post.parent_id,
        "tagged": post.tagged,
        "is_repost": post.is_repost,
        "is_quote": post.is_quote,
        "quoted_id": post.quoted_id,
        "visibility": post.visibility,
    }


def _words(post: Post) -> dict[str, Any]:
    return {
        "text": post.text,
        "lang": post.lang,
        "permalink": post.permalink,
        "edit_version": post.edit_version,
        "addressed": list(post.addressed),
        "ref": dict(post.ref),
        "metrics": dict(post.metrics),
        "raw": dict(post.raw) or sa.null(),
    }


def as_mention(row: Any) -> Mention:
    """Turn a row of `SELECT` into a mention."""
    return mention_of(dict(row._mapping))


def mention_of(facts: dict[str, Any]) -> Mention:
    """Turn the columns of `SELECT` into a mention."""
    author = Author(**{name: facts.pop(f"author__{name}") for name in _AUTHOR})
    enums = {
        "visibility": Visibility(facts["visibility"]),
        "origin": Origin(facts["origin"]),
        "state": MentionState(facts["state"]),
    }
    return Mention(**{**facts, **enums, "author": author, "addressed": tuple(facts["addressed"])})


def as_verdict(row: Any) -> Verdict:
    """Turn a row of `verdicts` into a verdict."""
    return Verdict(
        label=Label(row.label),
        complaint=row.complaint,
        severity=Severity(row.severity),
        topics=tuple(row.topics),
        lang=row.lang,
        reasons=tuple(row.reasons),
        model=row.model,
        version=row.version,
        risky=row.risky,
        actor=row.actor,
    )


def _standing(brand_id: str, ticket_id: str, surface: Surface | None = None) -> sa.Select[Any]:
    here = (t.mentions.c.brand_id == brand_id, t.mentions.c.ticket_id == ticket_id, t.mentions.c.deleted_at.is_(None))
    there = [visibility for visibility in Visibility if surface in (None, visibility.surface)]
    return SELECT.where(*here, t.mentions.c.visibility.in_(there))
