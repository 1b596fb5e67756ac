"""The tier that posts are judged by: the one that is always there, or an installed one beside it."""

from importlib.metadata import entry_points

from mentionbridge.classify.learned import LearnedJudge
from mentionbridge.classify.model import Weights
from mentionbridge.classify.scale import to_brands
from mentionbridge.domain.errors import SetupError
from mentionbridge.domain.second import Second
from mentionbridge.settings import JudgeSection

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


def make_judge(section: JudgeSection, weights: Weights) -> LearnedJudge:
    """Return the judge of a config, which judges by these weights."""
    second = second_judge(section.tier)
    return LearnedJudge(weights, second, to_brands(weights, second) if section.scale == "brands" else None)


def told_of_tiers(tier: str) -> str:
    """Say which tier judges, and what it takes to be judged by the other."""
    if tier != "default":
        return f"The {tier} tier judges: an encoder is asked about English posts the default tier is not sure of."
    if entry_points(group=_GROUP, name="accurate"):
        return 'The default tier judges; the accurate one is installed: set tier = "accurate" under [judge] to ask it.'
    return "The default tier judges; the accurate one is not installed: it takes mentionbridge[accurate]."
