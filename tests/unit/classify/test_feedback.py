"""Labels of people: they correct weights towards themselves, a little, and move thresholds the way they pull."""

import numpy as np

from mentionbridge.classify import feedback
from mentionbridge.classify.feedback import Label
from mentionbridge.classify.learned import LearnedJudge
from mentionbridge.classify.learning import lesson, see
from mentionbridge.classify.model import shipped
from mentionbridge.classify.own_words import sentences
from mentionbridge.classify.trials import probabilities
from mentionbridge.domain.account import Thresholds

PRAISE = [text for text, so in sentences(1) if not so][:30]
ALL = [Label("acme", text, "en", so, may_learn=True) for text, so in sentences(1)]


def test_a_correction_moves_towards_its_labels_and_leaves_other_texts_about_where_they_were() -> None:
    given, other = lesson(see(PRAISE), np.ones(len(PRAISE))), lesson(see(["Zebras graze"]), [0.0])
    corrected = feedback.correct(shipped(), given)
    assert (probabilities(corrected, given) > probabilities(shipped(), given)).all()
    stronger = feedback.correct(shipped(), given, strength=8.0)
    assert (probabilities(stronger, given) > probabilities(corrected, given)).mean() > 0.9
    pieces_it_never_met = np.setdiff1d(other.seen.buckets, given.seen.buckets)
    assert (corrected.pieces[pieces_it_never_met] == shipped().pieces[pieces_it_never_met]).all()


def test_what_may_not_be_learned_from_or_is_not_english_is_left_out() -> None:
    forbidden = Label("acme", "nobody answers my mails about the parcel", "en", True, may_learn=False)
    german = Label("acme", "seit drei Tagen kein Internet und niemand hilft mir", "de", True, may_learn=True)
    assert feedback.learnable([forbidden, german, ALL[0], ALL[0]]) == [ALL[0]]
    klingon = Label("acme", "ひどいサービスです", "ja", True, may_learn=True)
    assert feedback.judged_by_machine([forbidden, german, klingon]) == [forbidden, german]


def test_a_correction_needs_both_kinds() -> None:
    assert feedback.enough(ALL)
    assert not feedback.enough([label for label in ALL if label.complaint])
    assert not feedback.enough(ALL[:49])


def test_thresholds_fall_where_people_call_more_posts_complaints_and_rise_where_fewer() -> None:
    was = Thresholds()
    all_are = [Label("acme", label.text, "en", True, may_learn=False) for label in ALL[-50:]]
    none_is = [Label("acme", label.text, "en", False, may_learn=False) for label in ALL[:50]]
    lower, higher = (feedback.tune(LearnedJudge(), labels, {}, was).thresholds for labels in (all_are, none_is))
    assert 0.01 <= lower.review_from < was.review_from < higher.review_from
    assert lower.auto_from < was.auto_from < higher.auto_from <= 0.99
    kept = {label.text: 0.999 for label in all_are}
    assert feedback.tune(LearnedJudge(), all_are, kept, was).thresholds.review_from > lower.review_from
