"""What follows from a verdict."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentionbridge.domain.account import Thresholds
from mentionbridge.domain.mention import Surface
from mentionbridge.domain.verdict import Label, Severity, Verdict
from mentionbridge.rules.routing import Handling, MentionFacts, decide, speaks_by_picture

TAGGED = MentionFacts(surface=Surface.PUBLIC, tagged=True)
UNTAGGED = replace(TAGGED, tagged=False)
PICTURED = replace(TAGGED, pictured=True)
AUTO, REVIEW = Thresholds().auto_from, Thresholds().review_from


def verdict(label: Label, complaint: float, *, risky: bool = False, actor: str | None = None) -> Verdict:
    return Verdict(label, complaint, Severity.NORMAL, (), "en", (), "rules", "1", risky, actor)


@pytest.mark.parametrize(
    ("label", "complaint", "facts", "ticket", "handling"),
    [
        (Label.COMPLAINT, AUTO, TAGGED, True, Handling.AUTO),
        (Label.COMPLAINT, 0.99, UNTAGGED, True, Handling.AUTO),
        (Label.COMPLAINT, AUTO - 0.0001, TAGGED, True, Handling.REVIEW),
        (Label.OTHER, REVIEW, UNTAGGED, True, Handling.REVIEW),
        (Label.OTHER, REVIEW - 0.0001, TAGGED, False, Handling.NONE),
        (Label.QUESTION, 0.01, TAGGED, True, Handling.REVIEW),
        (Label.QUESTION, 0.01, UNTAGGED, False, Handling.NONE),
        (Label.PRAISE, 0.01, TAGGED, False, Handling.NONE),
        (Label.SPAM, 0.1, TAGGED, False, Handling.NONE),
        (Label.OTHER, 0.01, PICTURED, True, Handling.REVIEW),
        (Label.OTHER, 0.01, replace(PICTURED, tagged=False), False, Handling.NONE),
        (Label.PRAISE, 0.01, PICTURED, False, Handling.NONE),
        (Label.SPAM, 0.1, PICTURED, False, Handling.NONE),
    ],
)
def test_the_table(label: Label, complaint: float, facts: MentionFacts, ticket: bool, handling: Handling) -> None:
    decision = decide(verdict(label, complaint), facts)
    assert (decision.opens_ticket, decision.acknowledge) == (ticket, handling)
    assert decision.why


def test_a_picture_speaks_where_words_hardly_do() -> None:
    assert speaks_by_picture("@acme Harbour Park https://pic.example/1", has_media=True)
    assert speaks_by_picture("", has_media=True)
    assert not speaks_by_picture("@acme Harbour Park", has_media=False)
    assert not speaks_by_picture("@acme what a lovely day at the harbour", has_media=True)


def test_an_account_has_thresholds_of_its_own() -> None:
    own = Thresholds(review_from=0.3, auto_from=0.9)
    found = [decide(verdict(Label.COMPLAINT, complaint), TAGGED, own).acknowledge for complaint in (0.95, 0.85, 0.25)]
    assert found == [Handling.AUTO, Handling.REVIEW, Handling.NONE]


def test_risk_goes_to_a_person_whatever_the_number() -> None:
    for complaint in (0.01, 0.4, 0.99):
        decision = decide(verdict(Label.OTHER, complaint, risky=True), UNTAGGED)
        assert (decision.opens_ticket, decision.acknowledge) == (True, Handling.REVIEW)


def test_a_private_message_opens_a_ticket_and_is_not_answered_in_public() -> None:
    private = MentionFacts(surface=Surface.PRIVATE, tagged=True)
    for label in (Label.COMPLAINT, Label.OTHER, Label.PRAISE, Label.QUESTION):
        decision = decide(verdict(label, 0.6 if label is Label.COMPLAINT else 0.1), private)
        assert (decision.opens_ticket, decision.acknowledge) == (True, Handling.NONE)
    assert not decide(verdict(Label.SPAM, 0.1), private).opens_ticket


@pytest.mark.parametrize("facts", [replace(TAGGED, is_bot=True), replace(TAGGED, silent=True)])
def test_bots_and_imports_get_a_ticket_and_no_answer(facts: MentionFacts) -> None:
    decision = decide(verdict(Label.COMPLAINT, 0.9), facts)
    assert (decision.opens_ticket, decision.acknowledge) == (True, Handling.NONE)
    assert "nobody is answered" in decision.why


@pytest.mark.parametrize("facts", [replace(TAGGED, is_own=True), replace(TAGGED, is_repost=True)])
def test_our_own_words_and_reposts_are_no_story(facts: MentionFacts) -> None:
    assert not decide(verdict(Label.COMPLAINT, 0.99, risky=True), facts).opens_ticket


def test_a_label_by_a_person_overrules_the_number() -> None:
    yes = decide(verdict(Label.COMPLAINT, 0.02, actor="Mo"), TAGGED)
    no = decide(verdict(Label.PRAISE, 0.98, risky=True, actor="Mo"), TAGGED)
    risky = decide(verdict(Label.COMPLAINT, 0.02, risky=True, actor="Mo"), TAGGED)
    assert (yes.opens_ticket, yes.acknowledge, yes.why) == (True, Handling.AUTO, "a complaint, says Mo")
    assert not no.opens_ticket
    assert risky.acknowledge is Handling.REVIEW


FLAGS = st.booleans()
FACTS = st.builds(MentionFacts, st.sampled_from(Surface), FLAGS, FLAGS, FLAGS, FLAGS, FLAGS)
VERDICTS = st.builds(verdict, st.sampled_from(Label), st.floats(0, 1), risky=FLAGS, actor=st.sampled_from([None, "Mo"]))


@given(VERDICTS, FACTS)
def test_nobody_is_answered_who_must_not_be(given_verdict: Verdict, facts: MentionFacts) -> None:
    decision = decide(given_verdict, facts)
    if decision.acknowledge is not Handling.NONE:
        assert decision.opens_ticket
        assert facts.surface is Surface.PUBLIC
        assert not (facts.is_bot or facts.is_own or facts.is_repost or facts.silent)
    if decision.acknowledge is Handling.AUTO:
        assert not given_verdict.risky
