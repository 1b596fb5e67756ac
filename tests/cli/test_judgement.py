"""`classify`, `evaluate` and `train`, called as a person calls them."""

import io
import json
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from cli.conftest import Cli
from mentionbridge.classify import model
from mentionbridge.classify.own_words import sentences
from mentionbridge.classify.pictures import draw


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made-up rows of two domains."""
    file = tmp_path_factory.mktemp("rows") / "rows.jsonl"
    rows = [
        {"text": f"{text} {turn}", "label": int(so), "domain": "ab"[number % 2]}
        for turn in ("today", "really")
        for number, (text, so) in enumerate(sentences(1))
    ]
    file.write_text("\n".join(json.dumps(row) for row in rows))
    return file


@pytest.fixture
def trained(cli: Cli, labelled: Path, tmp_path: Path) -> Path:
    assert cli("train", str(labelled), "--out", "own.npz", "--version", "9").code == 0
    return tmp_path / "own.npz"


def test_lines_are_judged_and_a_bad_one_is_told(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = '{"text": "my parcel is late, third e-mail", "id": 7, "lang": "en"}\n\nno json\n{"text": 3}\n'
    monkeypatch.setattr(sys, "stdin", io.StringIO(asked))
    ran = cli("classify", "--topic", "parcel=parcel,package")
    first, *bad = [json.loads(line) for line in ran.out.splitlines()]
    assert (first["id"], first["label"], first["severity"], first["topics"]) == (7, "complaint", "high", ["parcel"])
    assert (first["earlier_attempts"], first["model"], first["lang"]) == (["third e-mail"], "learned", "en")
    assert 0.5 <= first["complaint"] <= 1
    assert ["line" in each["error"] for each in bad] == [True, True]
    assert ran.code == 1


def test_a_topic_needs_its_words(cli: Cli) -> None:
    ran = cli("classify", "--topic", "parcel")
    assert (ran.code, "parcel=parcel,package" in ran.err) == (2, True)


def test_training_twice_gives_the_same_file(cli: Cli, labelled: Path, trained: Path, tmp_path: Path) -> None:
    cli("train", str(labelled), "--out", "again.npz", "--version", "9")
    assert (tmp_path / "again.npz").read_bytes() == trained.read_bytes()
    card = json.loads(trained.with_suffix(".json").read_text())
    assert (card["version"], card["rows"]) == ("9", len(labelled.read_text().splitlines()))
    assert "words" not in card


def test_evaluation_says_when_it_flatters(cli: Cli, labelled: Path, trained: Path) -> None:
    seen = cli("evaluate", str(labelled), "--weights", str(trained), "--json")
    assert "figures flatter" in seen.err
    told = json.loads(seen.out)
    assert told["macro F1"]["low"] <= told["macro F1"]["value"] <= told["macro F1"]["high"]
    assert told["speed"]["verdicts a second"] > 0
    assert "figures flatter" not in cli("evaluate", str(labelled)).err


def test_the_whole_judge_is_measured_in_a_language(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "de.csv").write_text("text,label\nseit drei Tagen kein Internet,1\ntolle neue Filiale danke,0\n")
    told = json.loads(cli("evaluate", "de.csv", "--lang", "de", "--json").out)
    assert told["accuracy"]["value"] == 1.0


def test_a_worse_version_is_refused(cli: Cli, labelled: Path, tmp_path: Path) -> None:
    good = model.shipped()
    contrary = model.Weights(
        -good.pieces, good.sizes, -good.style, -good.bias, 1.0, 0.0, {**good.facts, "version": "bad"}
    )
    contrary.save(tmp_path / "bad.npz")
    ran = cli("evaluate", str(labelled), "--against", "bad.npz")
    assert (ran.code, "bad is worse than 2: it is not promoted" in ran.err) == (1, True)


def test_a_version_that_is_as_good_is_a_tie(cli: Cli, labelled: Path, tmp_path: Path) -> None:
    model.shipped().save(tmp_path / "same.npz")
    ran = cli("evaluate", str(labelled), "--against", "same.npz", "--json")
    assert ran.code == 0
    assert [json.loads(line)["is"] for line in ran.out.splitlines()] == ["tie", "tie"]


def test_rows_that_one_of_two_has_seen_compare_nothing(cli: Cli, labelled: Path, trained: Path) -> None:
    ran = cli("evaluate", str(labelled), "--against", str(trained))
    assert (ran.code, "neither has seen" in ran.err) == (1, True)


def test_one_command_validates_and_draws(cli: Cli, labelled: Path, tmp_path: Path) -> None:
    ran = cli("evaluate", str(labelled), "--cross-validate", "--pictures", "drawn")
    assert ran.code == 0
    assert {"all       macro F1", "left out  macro F1"} <= {line[:18] for line in ran.out.splitlines()}
    assert [path.name for path in sorted((tmp_path / "drawn").iterdir())] == [
        "domains.svg",
        "mistakes.svg",
        "policy.svg",
        "reliability.svg",
    ]
    for path in (tmp_path / "drawn").iterdir():
        assert ElementTree.parse(path).getroot().tag.endswith("svg")


def test_pictures_are_the_same_for_the_same_numbers() -> None:
    told = {
        "reliability": [{"share": 1.0, "said": 0.5, "was": 0.25}],
        "curve": [{"auto_from": 0.5, "reaching": 0.9, "answered": 0.4, "right": 0.8}],
        "mistakes": [{"name": "asks <this>", "texts": 50, "missed": 0.5, "alarmed": 0.25}],
        "recovery": [{"domain": "<a>", "at_home": 0.8, "abroad": 0.7, "tuned": 0.75}],
    }
    drawn = draw(told)
    assert drawn == draw(told)
    assert 'cx="206.0" cy="286.0"' in drawn["reliability.svg"]
    assert "&lt;a&gt;" in drawn["domains.svg"]
    assert 'width="208.0"' in drawn["mistakes.svg"] and 'width="104.0"' in drawn["mistakes.svg"]
    assert "asks &lt;this&gt; (50)" in drawn["mistakes.svg"]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.csv", "text,label\nhello,maybe\n", "line 2 has the label 'maybe'"),
        ("a.csv", "words\nhello\n", "line 2 needs a text"),
        ("a.jsonl", "{\n", "line 1 is not JSON"),
        ("a.jsonl", "[]\n", "line 1 is not a JSON object"),
    ],
)
def test_rows_that_cannot_be_read_are_a_sentence(cli: Cli, tmp_path: Path, name: str, content: str, says: str) -> None:
    (tmp_path / name).write_text(content)
    ran = cli("evaluate", name)
    assert (ran.code, says in ran.err) == (2, True)


def test_what_is_missing_or_no_weights_is_a_sentence(cli: Cli, labelled: Path, tmp_path: Path) -> None:
    assert "There is no file" in cli("train", "nowhere.csv").err
    (tmp_path / "odd.npz").write_bytes(b"odd")
    assert "cannot be read" in cli("evaluate", str(labelled), "--weights", "odd.npz").err
    (tmp_path / "one.csv").write_text("text,label\nlate,1\n")
    assert "Both complaints and other posts" in cli("train", "one.csv").err
