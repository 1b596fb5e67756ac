"""Steer: what a person tells the bridge to do; a person outranks the machine."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from mentionbridge.domain.account import Account, AccountState
from mentionbridge.domain.errors import NotAllowed, NotFound
from mentionbridge.domain.events import EventType
from mentionbridge.domain.reply import SAID, Purpose, Reply, ReplyState, Sent
from mentionbridge.domain.ticket import TicketState
from mentionbridge.pipeline.bridge import Bridge
from mentionbridge.pipeline.ledger import done_with, record_sent, tell, tell_done
from mentionbridge.ports.store import UnitOfWork


async def pause(bridge: Bridge, account: Account | None, actor: str) -> bool:
    """Let no new public send start, for one account or for all; False when it was so already."""
    return await _switch(bridge, account, actor, on=True)


async def resume(bridge: Bridge, account: Account | None, actor: str) -> bool:
    """Speak again; an account first reads back what it said meanwhile."""
    return await _switch(bridge, account, actor, on=False)


async def _switch(bridge: Bridge, account: Account | None, actor: str, *, on: bool) -> bool:
    now = bridge.clock.now()
    state = AccountState.PAUSED if on else AccountState.RECONCILE
    async with bridge.store.writing() as uow:
        if account is None:
            changed = await uow.accounts.pause_everywhere(on, actor, now)
            concerned = [each.account for each in bridge.connected.values()]
            if not on:
                await _read_back_all(uow, concerned, now)
        else:
            changed = await _switch_account(uow, account, state, actor, now)
            concerned = [account]
        if changed:
            type_ = EventType.ACCOUNT_PAUSED if on else EventType.ACCOUNT_RESUMED
            for each in concerned:
                await uow.events.add(type_, each.brand_id, now, account_id=each.id, actor=actor)
    bridge.observer.saw("paused" if on else "resumed", account=account.id if account else "*", actor=actor)
    return changed


async def _switch_account(uow: UnitOfWork, account: Account, state: AccountState, actor: str, now: datetime) -> bool:
    await uow.accounts.health(account.brand_id, account.id)
    if state is not AccountState.RECONCILE:
        return await uow.accounts.set_state(account, state, actor)
    changed = await uow.accounts.set_state(account, state, actor, only_from=(AccountState.PAUSED,))
    await uow.accounts.schedule(account, now)
    return changed


async def _read_back_all(uow: UnitOfWork, accounts: Sequence[Account], now: datetime) -> None:
    await uow.accounts.reconcile_active()
    for account in accounts:
        await uow.accounts.schedule(account, now)


_WAITS_FOR_A_PERSON = (ReplyState.DRAFT, ReplyState.AWAITING_APPROVAL)
"""Only these are approved: what is being sent, or may be out, goes back to `queued` on the worker's evidence alone."""


async def approve(bridge: Bridge, brand_id: str, reply_id: str, actor: str) -> Reply:
    """Let a waiting reply out as it stands, bound to the version of the post it answers."""
    async with bridge.store.writing() as uow:
        reply = await _reply(uow, brand_id, reply_id)
        if reply.state not in _WAITS_FOR_A_PERSON:
            raise NotAllowed("reply_move", f"A reply that is {reply.state} waits for nobody's approval.")
        mention = await uow.mentions.get(brand_id, reply.mention_id)
        if mention is None or mention.deleted_at is not None:
            raise NotAllowed("target_gone", "The post this reply answers was deleted; reject the reply.")
        if mention.edit_version != reply.mention_edit_version:
            raise NotAllowed(
                "post_edited", "The post was edited after this reply was written; edit the reply, then approve it."
            )
        await _refuse_second_acknowledgement(uow, reply)
        await _refuse_untimely_closing(uow, reply)
        now = bridge.clock.now()
        approved = await uow.replies.move(reply, ReplyState.QUEUED, now, approved_by=actor, due=now, reason=None)
        # The words are said now, not when they were drafted, and that is the time they carry on the network.
        intent = replace(await uow.replies.intent(approved), created_at=now)
        platform = bridge.at(brand_id, reply.account_id).platform
        approved = await uow.replies.prepare(approved, platform.prepare(intent))
        await tell(uow, EventType.REPLY_APPROVED, approved, now, actor=actor)
    return approved


async def _refuse_second_acknowledgement(uow: UnitOfWork, reply: Reply) -> None:
    """A person may have two in one story once it was merged; only one of them may be said."""
    if reply.purpose is not Purpose.ACKNOWLEDGE:
        return
    family = await uow.acts.family(reply.brand_id, reply.ticket_id)
    person = await uow.authors.same_person(reply.brand_id, reply.author_id)
    states = await uow.replies.states_in(reply.brand_id, family, person, reply.purpose)
    if any(state in SAID or state is ReplyState.QUEUED for state in states):
        raise NotAllowed("already_said", "This person has an acknowledgement in this story already; reject this one.")


async def _refuse_untimely_closing(uow: UnitOfWork, reply: Reply) -> None:
    """A merge may have brought it to a story that goes on."""
    ticket = await uow.tickets.get(reply.brand_id, reply.ticket_id) if reply.purpose is Purpose.RESOLVE else None
    if ticket is not None and ticket.state not in (TicketState.SOLVED, TicketState.CLOSED):
        raise NotAllowed("not_solved", f"This says that it is solved, and the ticket is {ticket.state}; reject it.")


async def reject(bridge: Bridge, brand_id: str, reply_id: str, actor: str, reason: str) -> Reply:
    """Decide that a waiting reply is not said."""
    async with bridge.store.writing() as uow:
        reply = await _reply(uow, brand_id, reply_id)
        now = bridge.clock.now()
        rejected = await uow.replies.move(reply, ReplyState.REJECTED, now, approved_by=actor, reason=reason, due=None)
        await tell(uow, EventType.REPLY_REJECTED, rejected, now, actor=actor)
    return rejected


async def edit(bridge: Bridge, brand_id: str, reply_id: str, text: str, actor: str) -> Reply:
    """Change the words of a waiting reply; it returns to review and answers the post as it stands now."""
    async with bridge.store.writing() as uow:
        reply = await _reply(uow, brand_id, reply_id)
        if reply.state not in (ReplyState.DRAFT, ReplyState.AWAITING_APPROVAL, ReplyState.QUEUED):
            raise NotAllowed("reply_move", f"A reply that is {reply.state} can no longer be edited.")
        if reply.may_be_out:
            raise NotAllowed("may_be_out", "These words may be out already; edit them once their fate is settled.")
        connected = bridge.at(brand_id, reply.account_id)
        limit = connected.platform.capabilities.max_length
        if connected.platform.count(text) > limit:
            raise NotAllowed("too_long", f"This network takes at most {limit} characters; shorten the text.")
        mention = await uow.mentions.get(brand_id, reply.mention_id)
        now = bridge.clock.now()
        edited = await uow.replies.rewrite(reply, text, actor, mention.edit_version if mention else "", now)
        intent = await uow.replies.intent(edited)
        return await uow.replies.prepare(edited, connected.platform.prepare(intent))


async def settle_by_hand(
    bridge: Bridge,
    brand_id: str,
    reply_id: str,
    *,
    sent: bool,
    external_id: str | None,
    actor: str,
    permalink: str | None = None,
) -> Reply:
    """A person looked at the network and says whether an unknown (or manual) reply is out."""
    async with bridge.store.writing() as uow:
        reply = await _reply(uow, brand_id, reply_id)
        now = bridge.clock.now()
        await uow.replies.note(brand_id, reply_id, "settle", "sent" if sent else "not sent", f"said by {actor}", now)
        if sent:
            proof = Sent(external_id or "", permalink, evidence=f"person: {actor}")
            settled = await record_sent(bridge, uow, reply, proof, now, actor=actor)
        else:
            state = ReplyState.CANCELLED if reply.state is ReplyState.MANUAL else ReplyState.NOT_SENT
            proven = {"evidence": f"person: {actor}", "due": None, "lease_token": None, **done_with(reply, now, actor)}
            settled = await uow.replies.move(reply, state, now, **proven)
            await tell_done(uow, reply, now, "dropped", actor)
        await tell(uow, EventType.REPLY_SETTLED, settled, now, settled_to=settled.state, actor=actor)
    return settled


async def _reply(uow: UnitOfWork, brand_id: str, reply_id: str) -> Reply:
    reply = await uow.replies.get(brand_id, reply_id)
    if reply is None:
        raise NotFound(f"There is no reply {reply_id}.")
    return reply
