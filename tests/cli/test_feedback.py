"""`train --from-feedback`: what people labelled moves thresholds and corrects weights, and never where it may not."""

import asyncio
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from cli.conftest import Cli
from mentionbridge.bootstrap import opened
from mentionbridge.classify import model
from mentionbridge.classify.own_words import sentences
from mentionbridge.domain.verdict import Correction, Label
from mentionbridge.pipeline.relabel import relabel
from mentionbridge.settings import load

SAID = sorted((text, so) for text, so in sentences(1) if len(text) > 15)


async def label(config: str, contrary: bool) -> None:
    async with opened(load(Path(config))) as app:
        async with app.engine.reading() as connection:
            rows = (await connection.exec_driver_sql("SELECT id, text FROM mentions")).all()
        so = dict(SAID)
        for mention_id, text in rows:
            what = Label.COMPLAINT if so[text] is not contrary else Label.OTHER
            await relabel(app.bridge, "acme", mention_id, Correction(what, "lee"))


def labelled(cli: Cli, config: str, count: int, *, contrary: bool = False) -> None:
    """Put made-up posts before a person, who says what they are."""
    posts = [
        {
            "platform": "demo",
            "account": "acme",
            "external_id": f"p-{number}",
            "author": {"external_id": f"u-{number}", "handle": f"person{number}"},
            "text": text,
            "lang": "en",
            "created_at": "2026-11-01T08:00:00Z",
        }
        for number, (text, _) in enumerate(SAID[:count])
    ]
    Path("history.jsonl").write_text("\n".join(map(json.dumps, posts)))
    assert cli("replay", "history.jsonl", "-c", config).code == 0
    asyncio.run(label(config, contrary))


def told(out: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(out)
    return found


def test_few_labels_are_one_sentence(cli: Cli, config: str) -> None:
    labelled(cli, config, 12)
    ran = cli("train", "--from-feedback", "-c", config)
    assert (ran.code, ran.out) == (2, "")
    assert "A brand needs 50 posts labelled by people" in ran.err and "acme has 12" in ran.err


def test_labels_correct_the_weights_that_the_service_then_judges_by(cli: Cli, config: str, tmp_path: Path) -> None:
    labelled(cli, config, 60, contrary=True)
    ran = cli("train", "--from-feedback", "-o", "own.npz", "-c", config)
    assert ran.code == 0, ran.err
    found = told(ran.out)
    assert (found["labels"], found["feedback"], found["corrects"]) == (60, 60, model.shipped().version)
    assert list(found["gains"]) == ["macro F1", "ROC AUC"]
    assert found["brands"]["acme"]["labels"] == 60
    assert found["version"] != model.shipped().version
    with Path(config).open("a") as file:
        file.write('\n[judge]\nweights = "own.npz"\n')
    posts = [json.loads(line) for line in Path("history.jsonl").read_text().splitlines()][:1]
    posts[0] |= {"external_id": "new", "text": "my parcel is still not here and nobody answers me"}
    Path("new.jsonl").write_text(json.dumps(posts[0]))
    assert cli("replay", "new.jsonl", "-c", config).code == 0
    with sqlite3.connect(tmp_path / "bridge.sqlite") as database:
        by = database.execute("SELECT model, version FROM verdicts WHERE actor IS NULL ORDER BY id DESC").fetchone()
    database.close()
    assert by == ("learned", found["version"])


def test_labels_on_posts_nobody_may_train_on_only_move_thresholds(cli: Cli, config: str, tmp_path: Path) -> None:
    labelled(cli, config, 60, contrary=True)
    with sqlite3.connect(tmp_path / "bridge.sqlite") as database:
        database.execute("UPDATE mentions SET platform = 'x'")
    database.close()
    ran = cli("train", "--from-feedback", "-o", "own.npz", "-c", config)
    assert ran.code == 0, ran.err
    assert "0 English labels may be learned from" in ran.err
    assert list(told(ran.out)) == ["brands"]
    tuned = told(ran.out)["brands"]["acme"]
    assert tuned["review_from"] != 0.09 and tuned["review_from"] < tuned["auto_from"]
    assert not (tmp_path / "own.npz").exists()


def test_a_correction_that_judges_worse_is_not_written(
    cli: Cli, config: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labelled(cli, config, 60)
    good = model.shipped()
    monkeypatch.setattr(
        "mentionbridge.classify.feedback.correct",
        lambda weights, given: model.Weights(-good.pieces, good.sizes, -good.style, -good.bias, 1.0, 0.0, good.facts),
    )
    ran = cli("train", "--from-feedback", "-o", "own.npz", "-c", config)
    assert (ran.code, "they are not written" in ran.err) == (1, True)
    assert not (tmp_path / "own.npz").exists()
    assert told(ran.out)["brands"]["acme"]["labels"] == 60


def test_words_that_are_gone_teach_nothing(cli: Cli, config: str) -> None:
    labelled(cli, config, 50)
    with sqlite3.connect("bridge.sqlite") as database:
        database.execute("UPDATE mentions SET visibility = 'direct' WHERE external_id = 'p-4'")
        database.execute("UPDATE mentions SET redacted = 1, text = '' WHERE external_id = 'p-3'")
    database.close()
    assert "acme has 48" in cli("train", "--from-feedback", "-c", config).err


def test_rows_and_feedback_are_not_mixed(cli: Cli, config: str) -> None:
    assert "one of the two" in cli("train", "rows.csv", "--from-feedback", "-c", config).err
    assert cli("train", "-c", config).code == 2


def test_weights_that_cannot_be_read_are_a_sentence(cli: Cli, config: str) -> None:
    Path("odd.npz").write_bytes(b"odd")
    with Path(config).open("a") as file:
        file.write('\n[judge]\nweights = "odd.npz"\n')
    Path("history.jsonl").write_text("")
    ran = cli("replay", "history.jsonl", "-c", config)
    assert (ran.code, "The weights file odd.npz cannot be read" in ran.err) == (2, True)
