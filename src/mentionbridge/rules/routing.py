"""What follows from a verdict: a ticket or none, and who lets an acknowledgement out. Pure.

| what it is                                     | ticket | acknowledgement |
|------------------------------------------------|--------|-----------------|
| our own post, a repost, spam                   | no     | none            |
| imported as a ticket by a person or desk       | yes    | none            |
| a private message (unless spam)                | yes    | none in public  |
| risky: safety, law, press, a person in need    | yes    | a person        |
| complaint, p ≥ `auto_from`                     | yes    | by itself       |
| perhaps one, `review_from` ≤ p < `auto_from`   | yes    | a person        |
| a question that tags us                        | yes    | a person        |
| a picture with hardly a word that tags us      | yes    | a person        |
| anything else                                  | no     | none            |

Posts of bots and silent imports get their ticket, and no answer. A label given by a person overrules the number.
The thresholds are an account's own; docs/judgement.md shows the curve their defaults were chosen on.
"""

from dataclasses import dataclass
from enum import StrEnum

from mentionbridge.domain.account import Thresholds
from mentionbridge.domain.mention import Surface
from mentionbridge.domain.verdict import Label, Verdict
from mentionbridge.text.words import own_words

DEFAULTS = Thresholds()
FEW_WORDS = 4
OURS = "our own post"


class Handling(StrEnum):
    """How an acknowledgement comes about: by itself, after a person's look, or not at all."""

    AUTO = "auto"
    REVIEW = "review"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class MentionFacts:
    """What routing must know of a mention besides its verdict; `pictured` says what it means by a picture alone."""

    surface: Surface
    tagged: bool
    is_repost: bool = False
    is_own: bool = False
    is_bot: bool = False
    silent: bool = False
    imported: bool = False
    pictured: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do with a mention, and why in words a person can read."""

    opens_ticket: bool
    acknowledge: Handling
    why: str


def decide(verdict: Verdict, facts: MentionFacts, thresholds: Thresholds = DEFAULTS) -> Decision:
    """Decide what follows from a verdict."""
    if facts.is_own:
        return _nothing(OURS)
    if facts.is_repost:
        return _nothing("a repost of somebody else's words")
    if facts.imported:
        return Decision(True, Handling.NONE, "imported as a ticket, so nobody is answered")
    if facts.surface is not Surface.PUBLIC:
        return _private(verdict)
    decision = _by_verdict(verdict, facts, thresholds)
    mute = (
        "from an automated account" if facts.is_bot else "imported or older than the connection" if facts.silent else ""
    )
    if mute and decision.acknowledge is not Handling.NONE:
        return Decision(decision.opens_ticket, Handling.NONE, f"{decision.why}; {mute}, so nobody is answered")
    return decision


def _private(verdict: Verdict) -> Decision:
    if _is(verdict, Label.SPAM):
        return _nothing("spam, sent in private")
    return Decision(True, Handling.NONE, "said in private, so it is never answered in public")


def _by_verdict(verdict: Verdict, facts: MentionFacts, thresholds: Thresholds) -> Decision:
    if verdict.actor is not None:
        return _by_person(verdict, facts.tagged)
    if verdict.risky:
        return Decision(True, Handling.REVIEW, "touches safety, the law, the press or a person in need")
    if _is(verdict, Label.SPAM):
        return _nothing("spam")
    if verdict.complaint >= thresholds.auto_from:
        return Decision(True, Handling.AUTO, f"a complaint ({verdict.complaint:.0%} sure)")
    if verdict.complaint >= thresholds.review_from:
        return Decision(True, Handling.REVIEW, f"perhaps a complaint ({verdict.complaint:.0%} sure)")
    if facts.pictured and facts.tagged and _is(verdict, Label.OTHER):
        return Decision(True, Handling.REVIEW, "a picture shown to us with hardly a word")
    return _question_or_nothing(verdict, facts.tagged)


def speaks_by_picture(text: str, has_media: bool) -> bool:
    """True for a picture whose few words, a place perhaps, tell a reader of words nothing."""
    return has_media and len(own_words(text)) <= FEW_WORDS


def _by_person(verdict: Verdict, tagged: bool) -> Decision:
    if _is(verdict, Label.COMPLAINT):
        handling = Handling.REVIEW if verdict.risky else Handling.AUTO
        return Decision(True, handling, f"a complaint, says {verdict.actor}")
    return _question_or_nothing(verdict, tagged)


def _question_or_nothing(verdict: Verdict, tagged: bool) -> Decision:
    if _is(verdict, Label.QUESTION) and tagged:
        return Decision(True, Handling.REVIEW, "a question put to us")
    return _nothing("a question, but not to us" if _is(verdict, Label.QUESTION) else f"no complaint ({verdict.label})")


def _is(verdict: Verdict, label: Label) -> bool:
    return verdict.label is label


def _nothing(why: str) -> Decision:
    return Decision(False, Handling.NONE, why)
