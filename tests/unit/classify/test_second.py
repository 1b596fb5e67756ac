"""The second judge is asked only where the first is not sure, and a verdict names both."""

import sys

import pytest

from mentionbridge.bootstrap.judging import second_judge
from mentionbridge.classify.learned import LearnedJudge
from mentionbridge.domain.errors import SetupError
from mentionbridge.domain.verdict import Label, Verdict


class Sure:
    """Says what it is told to, and remembers what it was asked."""

    version = "9"
    unsure = (0.2, 0.8)

    def __init__(self, says: float) -> None:
        self.says = says
        self.asked: list[tuple[str, float]] = []

    def second(self, said: str, first: float) -> float:
        self.asked.append((said, first))
        return self.says


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
