"""An authorization code of OAuth 2.0: the secrets it is asked with, and how it is read from an address. Pure."""

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from urllib.parse import parse_qsl, urlsplit

from mentionbridge.domain.errors import LoginNeeded, SetupError


@dataclass(frozen=True, slots=True)
class Secrets:
    """What ties an answer to our question: `state` comes back with the code, `verifier` is shown only at the trade."""

    state: str
    verifier: str = field(repr=False)

    @property
    def challenge(self) -> str:
        """What of the verifier may be seen by everybody (PKCE, S256)."""
        return urlsafe_b64encode(sha256(self.verifier.encode()).digest()).decode().rstrip("=")


def code_in(told: Mapping[str, str], state: str) -> str:
    """Return the code the network sent the browser back with.

    Raises SetupError for an answer to another question, LoginNeeded when the person or the network said no.
    """
    if told.get("state") != state:
        raise SetupError("That answers another sign-in, or none; start again with the address shown now.")
    if told.get("code"):
        return told["code"]
    raise LoginNeeded(f"The network did not sign us in ({told.get('error', 'no reason given')[:80]}).")


def query_of(address: str) -> Mapping[str, str]:
    """Read the parameters of an address as a browser shows it."""
    try:
        return dict(parse_qsl(urlsplit(address.strip()).query))
    except ValueError:
        return {}
