"""What the heart asks of memory about our accounts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from mentionbridge.domain.account import Account, AccountHealth, AccountState, Allowance, GapKind, Identity
from mentionbridge.domain.mention import Mention
from mentionbridge.domain.reply import OwnPost


@dataclass(frozen=True, slots=True)
class LastHeard:
    """The newest post an account heard: when it was said there, and when it came here."""

    external_id: str
    occurred_at: datetime
    received_at: datetime


class Accounts(Protocol):
    """Our accounts as they are doing."""

    async def ensure(self, account: Account, now: datetime) -> None:
        """Make the row on first sight; the account is `connected_at` now and starts in `reconcile`."""

    async def health(self, brand_id: str, account_id: str) -> AccountHealth: ...
    async def all(self, brand_ids: Sequence[str] | None = None) -> Sequence[AccountHealth]: ...
    async def polled(self, account: Account, cursor: str | None, seen_at: datetime | None, now: datetime) -> None:
        """A page was stored: keep its cursor (when it has one) and the newest time seen."""

    async def failed(self, account: Account, sentence: str, now: datetime) -> int:
        """Count one more failure in a row and return how many."""

    async def well(self, account: Account, now: datetime) -> None:
        """Everything the network shows was read until now: no failures any more."""

    async def allowed(self, account: Account, allowance: Allowance) -> None:
        """Keep what the network said it still lets this account ask."""

    async def identified(self, account: Account, identity: Identity) -> None: ...
    async def left(self, brand_id: str, account_id: str, sentence: str) -> None:
        """Say of an account that the config no longer has it; `well` takes that back."""

    async def ours(self, platform: str, network_id: str) -> Sequence[tuple[str, str]]:
        """Return the (brand id, account id) of every account of ours that is this person on the network."""

    async def set_state(
        self,
        account: Account,
        state: AccountState,
        actor: str | None = None,
        *,
        only_from: Collection[AccountState] = tuple(AccountState),
    ) -> bool:
        """Change the state; False when it was that already, or is none of `only_from`."""

    async def reconcile_after_failover(self) -> bool:
        """Send every active account through `reconcile` when a standby took over since this was last asked."""

    async def alive(self, account_keys: Sequence[tuple[str, str]], now: datetime) -> None:
        """Note that these accounts could speak until now; of what came before, their own posts are known."""

    async def open_gap(self, account: Account, cause: str, at: datetime, kind: GapKind = GapKind.BLIND) -> str | None:
        """Open a gap unless one of its kind is open; returns its id when it is new."""

    async def gap_since(self, account: Account, kind: GapKind = GapKind.BLIND) -> datetime | None:
        """Return when the account's open gap of this kind began; None when it has none."""

    async def close_gap(
        self, account: Account, repaired: str, at: datetime, kind: GapKind = GapKind.BLIND
    ) -> str | None: ...
    async def gaps(self, brand_id: str, account_id: str) -> Sequence[Mapping[str, Any]]: ...
    async def hook_heard(self, account: Account, now: datetime) -> None:
        """The network pushed something that is for this account; noted once a minute at most."""

    async def hook_refused(self, account: Account, because: str, now: datetime) -> None:
        """Something came to the account's address that was not believed; noted once a minute at most."""

    async def wake(self, account: Account, now: datetime) -> None:
        """Make the account due now; where it is being polled, due again as soon as that has ended."""

    async def woken_since(self, account: Account, at: datetime) -> bool:
        """Tell whether `wake` was called since then."""

    async def begin_anew(self, account: Account, now: datetime) -> None:
        """Forget our place in the network's list, and be due now: all it still shows is read again."""

    async def last_heard(self, brand_id: str, account_id: str) -> LastHeard | None:
        """Return the newest thing that came in by itself, by whatever door; history brought by hand is none."""

    async def heard(self, account: Account, since: datetime) -> Sequence[datetime]:
        """Return when each stretch of time (`kit.ids.STRETCH`) began in which anything came in by itself."""

    async def add_spend(self, account: Account, spent: Mapping[tuple[date, str], int]) -> None:
        """Add what was spent, in millionths of a dollar, by UTC day and by what it was for."""

    async def hold(self, account: Account) -> None:
        """Let no other transaction that holds this account go on before ours ends."""

    async def spent_on(self, account: Account, day: date) -> int:
        """Return what was spent that UTC day, in millionths of a dollar."""

    async def remember_own(self, brand_id: str, account_id: str, post: OwnPost) -> None:
        """Keep that an account of ours said this; its words only until `heard_own`."""

    async def said_below(self, mention: Mention) -> Sequence[tuple[str, OwnPost]]:
        """Return what accounts of ours said below this post and nobody has heard yet, with their ids, oldest first."""

    async def heard_own(self, brand_id: str, account_id: str, external_id: str) -> None:
        """Forget the words of a post of ours: whatever they meant was taken up."""

    async def answered_story(self, brand_id: str, platform: str, ticket_id: str, author_id: str) -> bool:
        """Tell whether anything this person said in this story has an answer among our own posts.

        Whichever account of the brand gave it, also one that is no longer in the config.
        """

    async def reconcile_active(self) -> None:
        """Send every active account through `reconcile`."""

    async def paused_everywhere(self) -> bool: ...
    async def pause_everywhere(self, on: bool, actor: str, now: datetime) -> bool: ...
    async def schedule(self, account: Account, due: datetime) -> None:
        """Make the account due for a poll no later than `due`."""
