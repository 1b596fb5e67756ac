"""Choose which account answers a mention, before anything is written under its name."""

from mentionbridge.domain.account import Account, AccountHealth
from mentionbridge.domain.mention import Mention, Origin, Visibility
from mentionbridge.pipeline.bridge import Bridge
from mentionbridge.ports.store import UnitOfWork
from mentionbridge.rules.answering import Ours, Seen, answering


async def choose_account(bridge: Bridge, uow: UnitOfWork, mention: Mention) -> Mention:
    """Hand the mention to the account that answers it, in the caller's transaction; once it has a story it stays."""
    ours = bridge.accounts_on(mention.brand_id, mention.platform)
    if mention.ticket_id is not None or [each.id for each in ours] == [mention.account_id]:
        return mention
    known = {health.id: health for health in await uow.accounts.all([mention.brand_id])}
    chosen = answering(_seen(mention), [_as_ours(account, known) for account in ours])
    if chosen is None or chosen == mention.account_id:
        return mention
    return await _hand_to(uow, mention, known[chosen])


def _seen(mention: Mention) -> Seen:
    bound = mention.visibility is Visibility.DIRECT or not mention.origin.fetched
    return Seen(by=mention.account_id, addressed=mention.addressed, bound=bound)


def _as_ours(account: Account, known: dict[str, AccountHealth]) -> Ours:
    health = known.get(account.id)
    return Ours(account.id, health.network_id if health else None)


async def _hand_to(uow: UnitOfWork, mention: Mention, health: AccountHealth) -> Mention:
    tagged = health.network_id in mention.addressed if mention.addressed else mention.tagged
    history = mention.origin in (Origin.REPLAY, Origin.IMPORT)
    silent = mention.silent if history else mention.occurred_at < health.connected_at
    return await uow.mentions.hand_to(mention, health.id, tagged=tagged, silent=silent)
