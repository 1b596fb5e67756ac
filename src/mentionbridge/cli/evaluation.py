"""`evaluate`: how good the judge is on labelled rows, by tier, kept from the learner, or beside another version."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from mentionbridge.classify import card, measuring, report, tiers
from mentionbridge.classify.distilling import Teacher
from mentionbridge.classify.learned import LearnedJudge
from mentionbridge.classify.model import Weights
from mentionbridge.classify.own_words import taught
from mentionbridge.classify.pictures import draw
from mentionbridge.classify.rows import Row
from mentionbridge.classify.tuning import ENOUGH
from mentionbridge.cli.common import JsonOption, note
from mentionbridge.cli.given import (
    ScaleOption,
    TeacherOption,
    TierOption,
    WeightsOption,
    judge_of,
    rows_of,
    teacher_of,
    weights_of,
)
from mentionbridge.domain.errors import SetupError


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("evaluate")(evaluate)


def evaluate(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv|jsonl", help="Rows with a text and a label.")],
    weights: WeightsOption = None,
    tier: TierOption = "default",
    scale: ScaleOption = "all",
    against: Annotated[
        Path | None, typer.Option("--against", metavar="OTHER.npz", help="Refuse this one when it is worse.")
    ] = None,
    cross_validate: Annotated[
        bool, typer.Option("--cross-validate", help="Judge each tenth by what the other nine teach, and each domain.")
    ] = False,
    teacher: TeacherOption = None,
    lang: Annotated[
        str | None, typer.Option("--lang", help="Measure the whole judge on rows of this language.")
    ] = None,
    pictures: Annotated[
        Path | None, typer.Option("--pictures", metavar="FOLDER", help="With --cross-validate: draw it as SVG.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure the judge on labelled rows: accuracy, macro F1, AUC, calibration and speed, with 95 % intervals.

    With --tier accurate, what both tiers say together is measured, and how often the slower one was asked.
    With --against, two weights files are compared on the same rows; the exit code is 1 when the other is worse.

    Example: mentionbridge evaluate labelled.csv --cross-validate --pictures docs/judgement
    """
    judge = judge_of(weights, tier, scale)
    if (judge.second or judge.scale) and (cross_validate or against is not None):
        raise SetupError("--tier and --scale measure what is installed: not with --cross-validate or --against.")
    if teacher is not None and not cross_validate:
        raise SetupError("--teacher goes with --cross-validate.")
    rows = rows_of(file)
    if against is not None:
        _compare(judge.weights, weights_of(against), rows, as_json)
    elif cross_validate:
        _cross_validate(rows, teacher_of(teacher, rows), pictures, as_json)
    else:
        _evaluate(judge, rows, lang, as_json)


def _evaluate(judge: LearnedJudge, rows: list[Row], lang: str | None, as_json: bool) -> None:
    if card.knows(judge.weights, rows) or (judge.second is not None and card.learned_by(judge.second, rows)):
        advice = "Use --cross-validate" if judge.second is None else "Its card tells what rows kept from it gave"
        note(f"These very rows were learned from: the figures flatter. {advice}.")
    told = tiers.measure(judge, rows, lang)
    timed = report.speed(judge, [row.text for row in rows], _vader())
    if as_json:
        typer.echo(json.dumps({**told.as_dict(), "speed": timed}, indent=2))
        return
    for name, value in {**told.lines(), **timed}.items():
        typer.echo(f"{name:20} {value}")


def _compare(ours: Weights, other: Weights, rows: list[Row], as_json: bool) -> None:
    if card.knows(ours, rows) != card.knows(other, rows):
        note("One of the two learned from these very rows and the other did not: give rows that neither has seen.")
        raise typer.Exit(1)
    (truth, first), (_, second) = tiers.judged(ours, rows), tiers.judged(other, rows)
    found = {
        name: measuring.difference(truth, first, second, measuring.MEASURES[name]) for name in ("macro F1", "ROC AUC")
    }
    for name, each in found.items():
        said = {"measure": name, "difference": each.value, "low": each.low, "high": each.high, "is": each.verdict}
        typer.echo(
            json.dumps(said)
            if as_json
            else f"{name:20} {each.value:+.4f} [{each.low:+.4f} to {each.high:+.4f}] {each.verdict}"
        )
    if any(each.verdict == "worse" for each in found.values()):
        note(f"Version {other.version} is worse than {ours.version}: it is not promoted.")
        raise typer.Exit(1)


def _cross_validate(rows: list[Row], teacher: Teacher | None, pictures: Path | None, as_json: bool) -> None:
    told = report.examine(rows, taught(), teacher, _progress()).as_dict()
    if pictures is not None:
        pictures.mkdir(parents=True, exist_ok=True)
        for name, picture in draw(told).items():
            (pictures / name).write_text(picture, encoding="utf-8")
    if as_json:
        typer.echo(json.dumps(told, indent=1))
        return
    for line in _lines(told):
        typer.echo(line)


def _lines(told: dict[str, Any]) -> Iterator[str]:
    for part in ("all", "brands", "brands, own scale", "left out", "left out, own scale"):
        for name, each in told.get(part, {}).items():
            yield f"{part:9} {name:18} {each['value']:.4f} [{each['low']:.4f} to {each['high']:.4f}]"
    for part in ("policy", "left out policy"):
        for each in told.get(part, ()):
            yield f"{part}: " + ", ".join(f"{name} {value:.3f}" for name, value in each.items())
    for each in told.get("recovery", ()):
        told_of = " ".join(f"{name} {each[name]:.3f}" for name in ("at_home", "abroad", "tuned"))
        yield f"{each['domain']:12} rows {each['rows']:4} {told_of}"
    if "recovered share" in told:
        yield f"recovered by {ENOUGH} labels: {told['recovered share']:.0%} of the loss"


def _vader() -> Callable[[str], object] | None:
    try:
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
    except ImportError:
        note("vaderSentiment is not installed, so the speed has nothing to be compared with.")
        return None
    rival: Callable[[str], object] = SentimentIntensityAnalyzer().polarity_scores
    return rival


def _progress() -> Callable[[str, int, int], None]:
    def bar(what: str, done: int, of: int) -> None:
        print(f"\r{what}: {done}/{of} ", end="" if done < of else "\n", file=sys.stderr, flush=True)

    return bar if sys.stderr.isatty() else lambda what, done, of: None
