"""The tier that posts are judged by: the one that is always there, or an installed one beside it."""

from importlib.metadata import entry_points

from mentionbridge.domain.account import Thresholds
from mentionbridge.domain.errors import SetupError
from mentionbridge.domain.second import Second

_GROUP = "mentionbridge.judges"


def second_judge(tier: str) -> Second | None:
    """Return the judge that is asked where the first is not sure; none in the default tier, which imports nothing."""
    if tier == "default":
        return None
    for entry in entry_points(group=_GROUP, name=tier):
        try:
            judge: Second = entry.load()()
        except ImportError as error:
            raise SetupError(f"The {tier} tier lacks something ({error}); install mentionbridge[{tier}].") from error
        return judge
    raise SetupError(f"The {tier} tier is not installed; install mentionbridge[{tier}], or leave `tier` alone.")


def usual_thresholds(second: Second | None) -> Thresholds:
    """Return the thresholds of an account whose config names none: each tier has its own."""
    return Thresholds() if second is None else Thresholds(*second.thresholds)


def told_of_tiers(tier: str) -> str:
    """Say which tier judges, and what it takes to be judged by the other."""
    if tier != "default":
        return f"The {tier} tier judges: an encoder is asked about English posts the default tier is not sure of."
    if entry_points(group=_GROUP, name="accurate"):
        return 'The default tier judges; the accurate one is installed: set tier = "accurate" under [judge] to ask it.'
    return "The default tier judges; the accurate one is not installed: it takes mentionbridge[accurate]."
