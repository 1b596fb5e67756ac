"""The tier that posts are judged by: the one that is always there, or an installed one beside it."""

from importlib.metadata import entry_points

from mentionbridge.domain.errors import SetupError
from mentionbridge.domain.second import Second

_GROUP = "mentionbridge.judges"


def second_judge(tier: str) -> Second | None:
    """Return the judge that is asked where the first is not sure; none in the default tier, which imports nothing."""
    if tier == "default":
        return None
    for entry in entry_points(group=_GROUP, name=tier):
        judge: Second = entry.load()()
        return judge
    raise SetupError(f"The {tier} tier is not installed; install mentionbridge[{tier}], or leave `tier` alone.")
