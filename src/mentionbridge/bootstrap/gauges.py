"""What `/metrics` tells of every account, read from the database when somebody asks."""

from datetime import UTC, date

from mentionbridge.bootstrap.wiring import App
from mentionbridge.domain.account import Account, AccountState
from mentionbridge.domain.errors import StoreDown
from mentionbridge.ports.desk import AccountView
from mentionbridge.store.reading import StoredDesk
from mentionbridge.telemetry.metrics import AccountGauges


async def metrics(app: App) -> bytes:
    """Return the exposition text; without a database the accounts are left out, not told as they once were."""
    bridge = app.bridge
    today = bridge.clock.now().astimezone(UTC).date()
    try:
        views = await StoredDesk(app.store).accounts(list(bridge.brands))
    except StoreDown:
        views = ()
    known = {key: connected.account for key, connected in bridge.connected.items()}
    told = [(view, known.get((view.health.brand_id, view.health.id))) for view in views]
    app.metrics.tell([_gauges(view, account, today) for view, account in told if account is not None])
    return app.metrics.render()


def _gauges(view: AccountView, account: Account, today: date) -> AccountGauges:
    health, left, worth = view.health, view.health.allowance, account.most_spent_a_day
    spent = sum(view.spend.get(today, {}).values())
    return AccountGauges(
        brand=health.brand_id,
        platform=health.platform,
        account=health.id,
        active=health.state is AccountState.ACTIVE,
        failures=health.failures,
        open_gaps=[gap["kind"] for gap in view.gaps if gap["closed_at"] is None],
        lag=view.lag,
        heard_at=view.last.received_at.timestamp() if view.last else None,
        streaming=view.stream.since is not None if view.stream else None,
        allowance_left=left.left / left.limit if left else None,
        day_left=1 - spent / worth if worth else None,
    )
