"""How long the deep runs are, and which dice they throw."""

import os

SHARE = float(os.environ.get("MENTIONBRIDGE_DEEP_SHARE", "1.0"))
SEED = int(os.environ.get("MENTIONBRIDGE_SEED", "20261122"))


def share(count: int) -> int:
    """How many of a deep test's `count` rounds to play."""
    return max(1, round(count * SHARE))
