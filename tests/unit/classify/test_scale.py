"""Numbers may be told on the scale of posts said to brands; what is decided on them stays as it was."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.seconds import Sure
from mentionbridge.bootstrap.judging import make_judge
from mentionbridge.classify import measuring, trials
from mentionbridge.classify.learned import LearnedJudge
from mentionbridge.classify.model import shipped
from mentionbridge.classify.rows import Row
from mentionbridge.classify.scale import Scale, to_brands, usual_thresholds
from mentionbridge.domain.account import Thresholds
from mentionbridge.domain.verdict import Verdict
from mentionbridge.settings import JudgeSection

BRANDS = make_judge(JudgeSection(scale="brands"), shipped())
POSTS = (
    ("@acme where is the parcel", "en"),
    ("@acme third e-mail, the broadband has been down for days, nobody answers", "en"),
    ("@acme what a lovely shop and thank you", "en"),
    ("seit drei Tagen kein Internet und niemand antwortet", "de"),
)


def judged(judge: LearnedJudge, text: str, lang: str) -> Verdict:
    return judge.judge(text, lang=lang, topics=(), has_media=False)


@pytest.mark.parametrize(("text", "lang"), POSTS)
def test_numbers_and_the_usual_thresholds_move_together(text: str, lang: str) -> None:
    alone, moved = judged(LearnedJudge(), text, lang), judged(BRANDS, text, lang)
    assert BRANDS.scale is not None
    assert moved.complaint == round(BRANDS.scale.moved(alone.complaint), 4) >= alone.complaint
    assert moved.version == f"{alone.version}@brands"
    own, theirs = Thresholds(), usual_thresholds(None, BRANDS.scale)
    assert [alone.complaint >= each for each in (own.review_from, own.auto_from)] == [
        moved.complaint >= each for each in (theirs.review_from, theirs.auto_from)
    ]


def test_a_language_nobody_judges_still_goes_to_a_person() -> None:
    verdict = judged(BRANDS, "пакет так и не пришёл, никто не отвечает", "ru")
    assert "a person should read it" in verdict.reasons[0]
    usual = usual_thresholds(None, BRANDS.scale)
    assert usual.review_from < verdict.complaint < usual.auto_from


def test_the_tier_that_judges_brings_its_scale() -> None:
    second = Sure(0.5)
    assert to_brands(shipped(), second) == Scale(1.0, 1.0)
    assert to_brands(shipped(), None) == Scale(*shipped().to_brands)
    both = LearnedJudge(second=second, scale=to_brands(shipped(), second))
    assert judged(both, *POSTS[0]).complaint == both.again(POSTS[0][0], 0.7) == round(1 / (1 + np.exp(-1)), 4)


@given(st.floats(0, 1), st.floats(0, 1))
def test_what_was_higher_stays_higher(one: float, other: float) -> None:
    scale = to_brands(shipped(), None)
    low, high = sorted((one, other))
    assert 0 < scale.moved(low) <= scale.moved(high) < 1


def test_a_scale_learned_on_other_parts_makes_numbers_shares() -> None:
    rng = np.random.default_rng(1)
    odds = rng.normal(0, 2, 2000)
    truth = (rng.random(2000) < 1 / (1 + np.exp(-odds))).astype(float)
    rows = [Row("", bool(so), "shop") for so in truth]
    low = trials.Trial(rows, truth, 1 / (1 + np.exp(1 - odds)), ())
    mended = trials.rescaled(low, trials.folds(truth))
    assert measuring.calibration_error(truth, low.found) > 0.1
    assert measuring.calibration_error(truth, mended.found) < 0.03
    assert measuring.auc(truth, mended.found) == pytest.approx(measuring.auc(truth, low.found), abs=0.002)
