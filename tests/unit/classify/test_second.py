"""The second judge is asked only where the first is not sure, and a verdict names both."""

import sys
from importlib import import_module
from types import SimpleNamespace

import pytest

from fakes.seconds import Sure
from mentionbridge.bootstrap.judging import second_judge
from mentionbridge.classify import tiers
from mentionbridge.classify.feedback import Label as Told
from mentionbridge.classify.feedback import tune
from mentionbridge.classify.learned import LearnedJudge
from mentionbridge.classify.rows import Row
from mentionbridge.classify.scale import usual_thresholds
from mentionbridge.domain.account import Thresholds
from mentionbridge.domain.errors import SetupError
from mentionbridge.domain.verdict import Label, Verdict

UNSURE = "@acme where is the parcel"


def judged(text: str, second: Sure | None, lang: str = "en") -> Verdict:
    return LearnedJudge(second=second).judge(text, lang=lang, topics=(), has_media=False)


def test_where_the_first_is_sure_nobody_else_is_asked() -> None:
    second = Sure(0.01)
    verdict = judged("my broadband has been down for days, third e-mail, nobody answers", second)
    assert verdict.complaint > 0.8
    assert (second.asked, verdict.model) == ([], "learned")


@pytest.mark.parametrize(("says", "so"), [(0.97, True), (0.03, False)])
def test_where_it_is_not_the_second_decides_and_is_named(says: float, so: bool) -> None:
    first, second = judged(UNSURE, None), Sure(says)
    verdict = judged(UNSURE, second)
    assert 0.2 <= first.complaint <= 0.8
    assert second.asked == [(f" {UNSURE.replace('@acme', '@user')} ", first.complaint)]
    assert (verdict.complaint, verdict.label is Label.COMPLAINT) == (says, so)
    assert (verdict.model, verdict.version) == ("accurate", f"{first.version}+9")
    assert verdict.reasons == first.reasons


def test_other_languages_are_left_to_the_rules() -> None:
    second = Sure(0.97)
    assert judged("das Paket ist da", second, "de").model == "rules"
    assert second.asked == []


def test_the_default_tier_imports_nothing_and_a_missing_one_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    before = set(sys.modules)
    assert second_judge("default") is None
    assert set(sys.modules) == before
    monkeypatch.setattr("mentionbridge.bootstrap.judging.entry_points", lambda **asked: ())
    with pytest.raises(SetupError, match=r"not installed; install mentionbridge\[accurate\]"):
        second_judge("accurate")


def test_a_tier_that_lacks_a_library_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    lame = SimpleNamespace(load=lambda: import_module("mentionbridge_nothing"))
    monkeypatch.setattr("mentionbridge.bootstrap.judging.entry_points", lambda **asked: (lame,))
    with pytest.raises(SetupError, match=r"lacks something .*mentionbridge_nothing.*install mentionbridge\[accurate\]"):
        second_judge("accurate")


def test_each_tier_has_its_own_usual_thresholds() -> None:
    assert usual_thresholds(None, None) == Thresholds()
    assert usual_thresholds(Sure(0.9), None) == Thresholds(0.08, 0.77)


def test_what_both_tiers_say_is_measured_and_told_apart() -> None:
    rows = [Row(UNSURE, True), Row("@acme what a lovely shop and thank you", False)]
    for lang in (None, "en"):
        second = Sure(0.01)
        told = tiers.measure(LearnedJudge(second=second), rows, lang)
        assert (told.tier, told.version, told.asked) == ("accurate", "2+9", 0.5)
        assert (told.found[0], len(second.asked)) == (0.01, 1)
        assert told.policy.reaching == 0.0
        assert told.as_dict()["asked about"] == 0.5
    alone = tiers.measure(LearnedJudge(), rows, None)
    assert (alone.tier, alone.version, alone.asked) == ("default", "2", 0.0)
    assert "asked about" not in alone.lines()


def test_labels_move_the_thresholds_of_what_both_say() -> None:
    labels = [Told("acme", f"{UNSURE} {turn}", "en", complaint=True, may_learn=False) for turn in range(20)]
    judge = LearnedJudge(second=Sure(0.1))
    alone, both = (tune(one, labels, {}, Thresholds()) for one in (LearnedJudge(), judge))
    assert both.thresholds.auto_from < alone.thresholds.auto_from
    kept = {label.text: 0.5 for label in labels}
    assert tune(judge, labels, kept, Thresholds()) == both
