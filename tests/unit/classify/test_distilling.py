"""The default tier learns what a teacher says of copies, and of no copy of a text that was kept from it."""

from pathlib import Path

import numpy as np
import pytest

from mentionbridge.classify import distilling, trials
from mentionbridge.classify.distilling import COUNT, LEFT_OUT, Copies, Teacher, copies, seen_copies
from mentionbridge.classify.learning import lesson, see
from mentionbridge.classify.own_words import sentences
from mentionbridge.classify.rows import Row

ROWS = [Row(f"{text} {number}", so, "ab"[number % 2]) for number, (text, so) in enumerate(sentences(1))]
WORDS = "my parcel never came and the driver was rude to all of us on the phone this very morning"


def teacher(rows: list[Row], *names: str) -> Teacher:
    said = np.repeat([3.0 if row.complaint else -3.0 for row in rows], len(LEFT_OUT))
    return Teacher("", dict.fromkeys(names, said))


def test_copies_lack_words_and_add_none() -> None:
    for copy in copies(WORDS):
        kept = iter(WORDS.split())
        assert all(word in kept for word in copy.split()), "the words that are left stand in their order"
    assert len(copies(WORDS)) == len(LEFT_OUT) == len(set(copies(WORDS)))
    assert copies(WORDS) == copies(WORDS)
    assert copies("no") == ["no"] * len(LEFT_OUT), "nothing is left out of nothing"
    assert copies("") == [""] * len(LEFT_OUT)


def test_about_the_share_is_left_out() -> None:
    left = [1 - len(copy.split()) / 500 for copy in copies("a " * 500)]
    assert left == pytest.approx(LEFT_OUT, abs=0.08)


def test_a_kept_row_is_in_no_copy_that_is_learned() -> None:
    chosen = np.array([0, 2, 5])
    whole = Copies(seen_copies(ROWS), teacher(ROWS, "0").parts["0"])
    learned = whole.of(chosen)
    expected = see([copy for at in chosen for copy in copies(ROWS[at].text)])
    assert np.array_equal(learned.seen.buckets, expected.buckets)
    assert len(learned.targets) == len(chosen) * len(LEFT_OUT)
    assert set(learned.counts) == {COUNT}
    again = whole.only(chosen).of(np.array([1]))
    assert np.array_equal(again.seen.buckets, see(copies(ROWS[2].text)).buckets)


def test_what_is_learned_beside_moves_the_judgement() -> None:
    given = lesson(see([row.text for row in ROWS]), [float(row.complaint) for row in ROWS])
    upside_down = Copies(seen_copies(ROWS), -teacher(ROWS, "0").parts["0"])
    plain, taught = (
        trials.probabilities(trials.calibrated_learn(given, {}, beside), given)
        for beside in (trials.NOTHING, trials.Beside(copies=upside_down))
    )
    truth = np.array([row.complaint for row in ROWS])
    assert plain[truth].mean() - plain[~truth].mean() > taught[truth].mean() - taught[~truth].mean() + 0.1


def test_one_tenth_alone_is_judged_as_among_all() -> None:
    told = teacher(ROWS, *map(str, range(trials.FOLDS)))
    whole = trials.cross_validate(ROWS, teacher=told)
    one = trials.cross_validate(ROWS, teacher=told, only=3)
    assert one.found.tolist() == whole.found[whole.parts[3]].tolist()
    assert [row.text for row in one.rows] == [ROWS[at].text for at in whole.parts[3]]


def test_domains_are_left_out_with_their_own_teacher() -> None:
    told = teacher(ROWS, "a", "b")
    assert len(trials.leave_domains_out(ROWS, teacher=told).rows) == len(ROWS)
    with pytest.raises(KeyError):
        trials.leave_domains_out(ROWS, teacher=teacher(ROWS, "a"))


def test_numbers_are_kept_to_a_sixteenth_and_say_whose_they_are(tmp_path: Path) -> None:
    file = tmp_path / "teacher.npz"
    said = np.array([0.03, -0.04, 5.5, -99.0])
    distilling.write(file, ROWS, {"0": said})
    kept = distilling.read(file)
    assert kept.parts["0"].tolist() == [0.0, -0.0625, 5.5, -127 / 16]
    assert kept.fits(ROWS)
    assert not kept.fits(ROWS[::-1]), "another order is another file"
    assert not kept.fits([*ROWS[:-1], Row(ROWS[-1].text, not ROWS[-1].complaint)])
    np.savez(tmp_path / "other.npz", x=said)
    with pytest.raises(ValueError, match="which rows"):
        distilling.read(tmp_path / "other.npz")
