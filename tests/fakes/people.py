"""Invented people, their posts, and the rows that grow out of them."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from fakes.clock import START
from mentionbridge.domain.account import Account, AccountState, Mode
from mentionbridge.domain.mention import Author, MediaLink, Mention, Origin, Post, Surface, Visibility
from mentionbridge.domain.reply import Purpose, Reply, ReplyState
from mentionbridge.domain.ticket import Priority, Ticket, TicketState
from mentionbridge.domain.verdict import Label, Severity, Verdict
from mentionbridge.ports.store import Incoming, UnitOfWork

ACME = Account("acme", "acme-demo", "demo", Mode.AUTO, 15.0)
ACME_TWO = Account("acme", "acme-second", "demo", Mode.AUTO, 15.0)
OTHER = Account("borealis", "borealis-demo", "demo", Mode.AUTO, 15.0)
SAM = Author("u-7", "sam", "Sam Rivera", 412)


def post(external_id: str = "p-1", text: str = "@acme my parcel is three days late", **facts: Any) -> Post:
    plain = Post(external_id, SAM, text, START, thread_id=external_id, permalink=f"https://demo.example/{external_id}")
    return replace(plain, **facts)


def photo(url: str = "https://demo.example/swing.png") -> MediaLink:
    return MediaLink(url, "image", "a broken swing")


async def connect(uow: UnitOfWork, account: Account = ACME, state: AccountState = AccountState.ACTIVE) -> None:
    """Make the account's row, as it stands after its first probe."""
    await uow.accounts.ensure(account, START)
    await uow.accounts.set_state(account, state)


async def store_post(uow: UnitOfWork, a_post: Post, account: Account = ACME, origin: Origin = Origin.POLL) -> Mention:
    """Keep a post as a mention."""
    author_id = await seen(uow, a_post.author, account)
    new, old = await uow.mentions.add(account, [Incoming(a_post, author_id, silent=False)], origin, START)
    if a_post.external_id in old:
        return old[a_post.external_id]
    mention = await uow.mentions.get(account.brand_id, new[a_post.external_id])
    assert mention is not None
    return mention


async def seen(uow: UnitOfWork, author: Author, account: Account = ACME) -> str:
    """Keep one person and return our id for them."""
    return (await uow.authors.seen(account.brand_id, account.platform, [author], START))[author.external_id]


def verdict(**facts: Any) -> Verdict:
    plain = Verdict(Label.COMPLAINT, 0.91, Severity.NORMAL, ("parcel",), "en", ("says it is late",), "rules", "1")
    return replace(plain, **facts)


def ticket_for(mention: Mention, ticket_id: str = "tkt_1", now: datetime = START, **facts: Any) -> Ticket:
    plain = Ticket(
        brand_id=mention.brand_id,
        id=ticket_id,
        account_id=mention.account_id,
        platform=mention.platform,
        author_id=mention.author_id,
        thread_id=mention.thread_id,
        state=TicketState.NEW,
        priority=Priority.NORMAL,
        topic="parcel",
        surface=Surface.PUBLIC,
        opened_because="a complaint (0.91)",
        occurred_at=mention.occurred_at,
        received_at=now,
        updated_at=now,
        sequence=0,
    )
    return replace(plain, **facts)


def reply_for(ticket: Ticket, mention: Mention, reply_id: str = "rpl_1", now: datetime = START, **facts: Any) -> Reply:
    plain = Reply(
        brand_id=mention.brand_id,
        id=reply_id,
        ticket_id=ticket.id,
        account_id=mention.account_id,
        platform=mention.platform,
        mention_id=mention.id,
        author_id=mention.author_id,
        purpose=Purpose.ACKNOWLEDGE,
        surface=Surface.PUBLIC,
        state=ReplyState.QUEUED,
        text="Sorry about your parcel. Send us a private message and we look into it.",
        lang="en",
        links=(),
        key=f"key-{reply_id}",
        visibility=Visibility.PUBLIC,
        prepared={},
        created_at=now,
        updated_at=now,
        due=now,
    )
    return replace(plain, **facts)


async def story(uow: UnitOfWork, external_id: str = "p-1", account: Account = ACME, **reply_facts: Any) -> Reply:
    """Keep a whole story: the post, its ticket and a queued acknowledgement."""
    mention = await store_post(uow, post(external_id), account)
    ticket = ticket_for(mention, f"tkt_{account.brand_id}_{external_id}")
    await uow.tickets.open(ticket)
    await uow.tickets.bind(ticket, mention.thread_id, "the first word")
    await uow.mentions.join(account.brand_id, mention.id, ticket.id)
    reply = reply_for(ticket, mention, f"rpl_{account.brand_id}_{external_id}", **reply_facts)
    await uow.replies.add(reply, reply.purpose)
    return reply
