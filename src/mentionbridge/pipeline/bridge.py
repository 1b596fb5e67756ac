"""What every use case is handed: the outside as ports, the operator's words as dataclasses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from mentionbridge.domain.account import Account, Brand
from mentionbridge.domain.errors import NotFound
from mentionbridge.domain.mention import Origin
from mentionbridge.kit.clock import Clock
from mentionbridge.kit.ids import Ids
from mentionbridge.ports.feed import Courier
from mentionbridge.ports.helpdesk import DeskHook, Helpdesk
from mentionbridge.ports.judge import Judge
from mentionbridge.ports.media import MediaFetcher
from mentionbridge.ports.observer import Observer
from mentionbridge.ports.platform import Hook, Platform
from mentionbridge.ports.records import Records
from mentionbridge.ports.store import Store
from mentionbridge.rules.waits import Timing


@dataclass(frozen=True, slots=True)
class Connected:
    """One configured account with its platform and the way its network pushes."""

    account: Account
    platform: Platform
    hook: Hook | None = None


@dataclass(frozen=True, slots=True)
class LinkedDesk:
    """One configured helpdesk: the brand whose tickets it mirrors, its name with us, and which kind it is."""

    brand_id: str
    name: str
    kind: str
    helpdesk: Helpdesk
    poll_seconds: float
    look_seconds: float
    hook: DeskHook | None = None


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long words, raw payloads and what is settled are kept; None is for good."""

    words: timedelta | None = None
    payloads: timedelta | None = None
    settled: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Bridge:
    """The whole bridge without its doors."""

    store: Store
    clock: Clock
    ids: Ids
    judge: Judge
    courier: Courier
    media: MediaFetcher
    observer: Observer
    brands: Mapping[str, Brand]
    connected: Mapping[tuple[str, str], Connected]
    public_url: str = ""
    replies_to_history: bool = False
    timing: Mapping[str, Timing] = field(default_factory=dict)
    keeping: Mapping[str, Keeping] = field(default_factory=dict)
    desks: Mapping[tuple[str, str], LinkedDesk] = field(default_factory=dict)
    records: Mapping[str, Records] = field(default_factory=dict)

    def answers_until(self, account: Account, origin: Origin) -> timedelta:
        """Return up to which age a post is answered without a person; history replayed to be answered may be old."""
        replayed = origin is Origin.REPLAY and self.replies_to_history
        return timedelta.max if replayed else timedelta(hours=account.max_ack_age_hours)

    def accounts_on(self, brand_id: str, platform: str) -> list[Account]:
        """Return a brand's configured accounts on one network, in the order of the config."""
        ours = (connected.account for connected in self.connected.values())
        return [account for account in ours if (account.brand_id, account.platform) == (brand_id, platform)]

    def brand(self, brand_id: str) -> Brand:
        """Return a brand; one that has left the config, and still has rows, has no words of its own any more."""
        return self.brands.get(brand_id) or Brand(brand_id, brand_id)

    def find(self, brand_id: str, account_id: str) -> Connected | None:
        """Return an account, or None when the config no longer has it."""
        return self.connected.get((brand_id, account_id))

    def at(self, brand_id: str, account_id: str) -> Connected:
        """Return a configured account; raises NotFound when the config no longer has it."""
        found = self.find(brand_id, account_id)
        if found is None:
            raise NotFound(f"The account {account_id!r} of {brand_id!r} is no longer in the config.")
        return found

    def keeps(self, brand_id: str) -> Keeping:
        """Return how long a brand keeps words; one whose config says nothing keeps them."""
        return self.keeping.get(brand_id) or Keeping()

    def timing_of(self, brand_id: str) -> Timing:
        """Return a brand's working hours and targets; one whose config says nothing works around the clock."""
        return self.timing.get(brand_id) or Timing()
