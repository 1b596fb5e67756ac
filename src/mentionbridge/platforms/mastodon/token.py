"""The token of an account: the config's, or the one `connect` put into the vault. It lives until it is revoked."""

import json

from mentionbridge.domain.errors import LoginNeeded
from mentionbridge.ports.vault import Vault

_NONE = "This account is not signed in yet; run `mentionbridge connect mastodon`, or give us a token of it."


class Token:
    """Hands it out; a kept token is shown to the server that gave it only."""

    def __init__(self, configured: str, server: str, vault: Vault) -> None:
        self._configured = configured
        self._server = server
        self._vault = vault
        self._known = configured

    async def current(self) -> str:
        """Return it; raises LoginNeeded when there is none."""
        if not self._known:
            self._known = _read((await self._vault.read())[0], self._server)
        if not self._known:
            raise LoginNeeded(_NONE)
        return self._known

    def refused(self) -> None:
        """Look for another one next time: somebody may have signed in again meanwhile."""
        self._known = self._configured


async def keep(vault: Vault, server: str, token: str) -> bool:
    """Put a token into the vault; False when there is no place for it."""
    _, version = await vault.read()
    return await vault.swap(json.dumps({"server": server, "token": token}), version)


def _read(secret: str | None, server: str) -> str:
    try:
        told = json.loads(secret or "null")
        return str(told["token"]) if told and told["server"] == server else ""
    except (ValueError, TypeError, KeyError):
        return ""
