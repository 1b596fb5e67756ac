"""Signing an account in at its network, and looking what it may do there."""

from mentionbridge.bootstrap.wiring import App
from mentionbridge.domain.account import Account, Identity
from mentionbridge.domain.errors import SetupError
from mentionbridge.pipeline.bridge import Connected
from mentionbridge.platforms import named
from mentionbridge.platforms.plug import Operator, SigningIn, SignsIn
from mentionbridge.settings import plug_options
from mentionbridge.store.vault import AccountVault


def account_on(app: App, platform: str, name: str | None) -> Connected:
    """Return the account to sign in; raises SetupError when the config has none, or several and no name was given."""
    label = named(platform).name
    found = [each for each in app.bridge.connected.values() if each.account.platform == label]
    if name is not None:
        found = [each for each in found if each.account.id == name]
    if len(found) == 1:
        return found[0]
    if len(found) > 1:
        names = ", ".join(sorted(each.account.id for each in found))
        raise SetupError(f"The config has several accounts on {label}; say which: {names}.")
    section = f"[brands.BRAND.accounts.{name or 'NAME'}]"
    raise SetupError(f'The config has no such account on {label}: add {section} with platform = "{label}".')


async def join(app: App, connected: Connected, operator: Operator, *, spare: bool = False) -> Identity:
    """Sign it in as the network wants it, and return who it is there; what it said and heard before stays its own."""
    account, network = connected.account, app.networks[connected.account.platform]
    now = app.bridge.clock.now()
    async with app.bridge.store.writing() as uow:
        await uow.accounts.ensure(account, now)
        known = await uow.accounts.health(account.brand_id, account.id)
    options = plug_options(named(account.platform).account_options, dict(account.options), _where(account))
    vault = AccountVault(app.engine, app.sealer, account.brand_id, account.id)
    who = SigningIn(account, options, vault, operator, known.network_id, known.handle, spare)
    if isinstance(network, SignsIn):
        await network.sign_in(who)
    elif spare:
        raise SetupError(f"{named(account.platform).label} knows no second sign-in.")
    identity = await connected.platform.probe()
    who.must_be_the_same(identity)
    async with app.bridge.store.writing() as uow:
        await uow.accounts.identified(account, identity)
        # An account that waits for a sign-in is looked at now, and not at its next turn.
        await uow.accounts.schedule(account, app.bridge.clock.now())
    return identity


def _where(account: Account) -> str:
    return f"brands.{account.brand_id}.accounts.{account.id}.options"
