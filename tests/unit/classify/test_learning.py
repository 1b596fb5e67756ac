"""Learning: numbers from texts, weights from numbers, and a file that judges the same after a journey."""

import io
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentionbridge.classify import learning, model, style
from mentionbridge.classify.card import shared_words, train
from mentionbridge.classify.features import BUCKETS, Pieces, plain
from mentionbridge.classify.model import Weights
from mentionbridge.classify.own_words import sentences, taught
from mentionbridge.classify.rows import Row
from mentionbridge.classify.solver import minimise

TEXTS = [text for text, _ in sentences(1)]
TRUTH = np.array([float(so) for _, so in sentences(1)])


@pytest.fixture(scope="module")
def learned() -> Weights:
    return learning.learn(learning.lesson(learning.see(TEXTS), TRUTH), {"version": "t", "words": []})


def test_names_and_addresses_do_not_count() -> None:
    assert plain("@Acme_Help  LOOK https://a.example/x?y=1 now") == " @user look http now "


def test_the_same_word_falls_in_the_same_bucket_wherever_it_stands() -> None:
    first, second = Pieces(plain("late parcel")), Pieces(plain("my parcel was late"))
    assert set(first.words[:2]) <= set(second.words[:4])
    assert not set(first.words[2:]) & set(second.words)


@given(st.text(st.characters(codec=None, categories=None), max_size=300))
def test_any_text_becomes_buckets(text: str) -> None:
    pieces = Pieces(plain(text))
    assert all(0 <= bucket < BUCKETS for bucket in pieces.all)
    assert len(pieces.words) == max(0, 2 * len(pieces.words_said) - 1)
    assert len(pieces.runs) == sum(max(0, len(pieces.said) - n + 1) for n in (3, 4, 5))


def test_the_solver_finds_the_bottom_of_a_bowl() -> None:
    bottom = np.array([1.0, -2.0, 30.0])

    def bowl(at: np.ndarray) -> tuple[float, np.ndarray]:
        return float(((at - bottom) ** 4).sum() + ((at - bottom) ** 2).sum()), 4 * (at - bottom) ** 3 + 2 * (
            at - bottom
        )

    assert minimise(bowl, np.zeros(3)) == pytest.approx(bottom, abs=1e-3)


def test_what_was_taught_is_known(learned: Weights) -> None:
    found = learning.scores(learned, learning.see(TEXTS))
    assert ((found > 0) == (TRUTH > 0.5)).mean() > 0.97


def test_one_text_scores_as_it_does_among_many(learned: Weights) -> None:
    seen = learning.see(TEXTS[:20])
    found = [Pieces(plain(text)).all for text in TEXTS[:20]]
    alone = [learned.score(learned.weigh(each), row) for each, row in zip(found, seen.style, strict=True)]
    assert alone == pytest.approx(learning.scores(learned, seen), abs=1e-3)


def test_learning_twice_gives_the_same(learned: Weights) -> None:
    again = learning.learn(learning.lesson(learning.see(TEXTS), TRUTH), {"version": "t", "words": []})
    assert (again.pieces == learned.pieces).all()
    assert again.bias == learned.bias


def test_a_file_judges_as_what_it_was_written_from(learned: Weights) -> None:
    file = io.BytesIO()
    learned.save(file)
    file.seek(0)
    seen = learning.see(TEXTS)
    assert learning.scores(model.read(file), seen) == pytest.approx(learning.scores(learned, seen), abs=0.02)


def test_another_file_is_refused() -> None:
    file = io.BytesIO()
    np.savez(file, pieces=np.zeros(3))
    file.seek(0)
    with pytest.raises(ValueError, match="not a weights file"):
        model.read(file)


def test_a_word_is_told_its_part(learned: Weights) -> None:
    pieces = Pieces(plain("my parcel is broken"))
    parts = dict(learned.by_word(pieces, learned.weigh(pieces.all)[1]))
    assert max(parts, key=lambda word: parts[word]) == "broken"


def test_the_parts_of_the_words_hold_nearly_all_of_the_score(learned: Weights) -> None:
    bare = replace(learned, style=np.zeros(len(style.NAMES), np.float32), bias=0.0)
    pieces = Pieces(plain("broken again"))
    weighed = bare.weigh(pieces.all)
    score = bare.score(weighed, [0.0] * len(style.NAMES))
    assert sum(part for _, part in bare.by_word(pieces, weighed[1])) == pytest.approx(score, rel=0.35)


def test_calibration_turns_scores_into_shares() -> None:
    rng = np.random.default_rng(1)
    scores = rng.normal(0, 3, 4000)
    truth = (rng.random(4000) < 1 / (1 + np.exp(-(0.5 * scores - 1)))).astype(float)
    assert learning.calibration(scores, truth) == pytest.approx((0.5, -1.0), abs=0.1)


def test_only_words_many_share_may_be_quoted() -> None:
    words = shared_words(["zeppelin late", "Quentin is here"] * 12 + ["rare"])
    assert {"zeppelin", "late", "here"} <= set(words)
    assert not {"quentin", "rare", "user"} & set(words)


def test_a_weights_file_is_trained_from_rows() -> None:
    weights = train([Row(text, bool(so)) for text, so in zip(TEXTS, TRUTH, strict=True)], "7")
    assert (weights.version, weights.facts["rows"]) == ("7", len(TEXTS))
    assert weights.slope > 0
    assert weights.to_brands == weights.facts["to_brands"] and weights.to_brands[0] > 0


def test_our_own_sentences_hold_no_placeholder() -> None:
    assert not [text for text, _ in sentences() if "<" in text.replace("<3", "")]
    assert 0.3 < taught().targets.mean() < 0.7


def test_the_shipped_file_is_small_and_names_itself() -> None:
    weights = model.shipped()
    assert weights.pieces.shape == (BUCKETS,)
    assert weights.style.shape == (len(style.NAMES),)
    assert weights.facts["rows"] > 3000
