"""Secrets at rest: Fernet under a key file, old keys still open what they closed."""

import hashlib
import hmac
import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from mentionbridge.domain.errors import SetupError


class Sealer:
    """Seals and opens short texts; the first key seals, every key opens."""

    def __init__(self, keys: list[bytes]) -> None:
        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
            self._oldest = hashlib.sha256(b"fingerprint" + keys[-1]).digest()
        except ValueError as error:
            raise SetupError("The key file holds something that is not a key; restore it from your backup.") from error

    def seal(self, text: str) -> bytes:
        return self._fernet.encrypt(text.encode())

    def fingerprint(self, text: str) -> str:
        """Return what knows this text again without telling it; the oldest key makes it, so that a new one in front
        changes nothing.
        """
        return hmac.new(self._oldest, text.encode(), hashlib.sha256).hexdigest()

    def open(self, sealed: bytes) -> str:
        """Return the text; raises SetupError when none of our keys fits."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken as error:
            raise SetupError(
                "A stored secret was sealed with another key; point secrets.key_file at the key it was made with."
            ) from error


def momentary() -> Sealer:
    """Make a sealer whose key is kept nowhere, for those who seal nothing."""
    return Sealer([Fernet.generate_key()])


def load_or_make(path: Path, *, make: bool) -> Sealer:
    """Read one key a line from `path`; when `make`, a missing file is created with mode 0600."""
    if make and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(Fernet.generate_key() + b"\n")
    try:
        keys = [line.strip() for line in path.read_bytes().splitlines() if line.strip()]
    except OSError as error:
        raise SetupError(f"The key file {path} cannot be read ({error.strerror}); see secrets.key_file.") from error
    if not keys:
        raise SetupError(f"The key file {path} is empty; restore it from your backup.")
    return Sealer(keys)
