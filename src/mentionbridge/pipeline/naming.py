"""Naming: what a send is called, so that it is recognised again."""

import hashlib

from mentionbridge.domain.account import Account
from mentionbridge.domain.reply import Purpose


def key_of(account: Account, external_id: str, purpose: Purpose) -> str:
    """Name one send by (account, post, purpose), so that the name survives a lost database."""
    return hashlib.sha256("\n".join((account.platform, account.id, external_id, purpose)).encode()).hexdigest()[:32]
