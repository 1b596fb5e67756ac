"""`classify`, `evaluate`, `train`: the judge by itself, measured, and taught."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from mentionbridge.bootstrap.judging import second_judge
from mentionbridge.classify import attempts, card, measuring, report
from mentionbridge.classify.learned import LearnedJudge
from mentionbridge.classify.model import Weights, read, shipped
from mentionbridge.classify.own_words import taught
from mentionbridge.classify.pictures import draw
from mentionbridge.classify.rows import Row
from mentionbridge.classify.rows import read as read_rows
from mentionbridge.classify.tuning import ENOUGH
from mentionbridge.cli.common import ConfigOption, JsonOption, note
from mentionbridge.cli.feedback import keep, learn_from_feedback
from mentionbridge.domain.errors import SetupError
from mentionbridge.domain.second import Second
from mentionbridge.domain.verdict import Topic

WeightsOption = Annotated[
    Path | None, typer.Option("--weights", metavar="FILE.npz", help="A weights file; unset takes the shipped one.")
]
TopicOption = Annotated[
    list[str] | None, typer.Option("--topic", metavar="KEY=WORD,WORD", help="A topic to look for; may be repeated.")
]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("classify")(classify)
    app.command("evaluate")(evaluate)
    app.command("train")(train)


def classify(
    weights: WeightsOption = None,
    topic: TopicOption = None,
    tier: Annotated[str, typer.Option("--tier", help="`default` or `accurate`.")] = "default",
) -> None:
    """Judge JSON lines of standard input, each with a "text" and perhaps "lang" and "id", to JSON lines.

    A line that cannot be read gets a line with its "error", and the exit code is 1 at the end.

    Example: mentionbridge classify < posts.jsonl
    """
    judge, topics = LearnedJudge(_weights(weights), _second(tier)), [_topic(given) for given in topic or ()]
    failed = False
    for number, line in enumerate(sys.stdin, start=1):
        if line.strip():
            answer = _classified(judge, topics, line, number)
            failed |= "error" in answer
            typer.echo(json.dumps(answer, ensure_ascii=False))
    if failed:
        raise typer.Exit(1)


def _second(tier: str) -> Second | None:
    if tier not in ("default", "accurate"):
        raise SetupError(f"--tier {tier!r} must be default or accurate.")
    return second_judge(tier)


def _classified(judge: LearnedJudge, topics: list[Topic], line: str, number: int) -> dict[str, Any]:
    try:
        asked = json.loads(line)
    except ValueError:
        asked = None
    if not isinstance(asked, dict) or not isinstance(asked.get("text"), str):
        return {"id": None, "error": f'line {number} is no JSON object with a "text"'}
    lang = asked.get("lang") if isinstance(asked.get("lang"), str) else None
    verdict = judge.judge(asked["text"], lang=lang, topics=topics, has_media=bool(asked.get("media")))
    return {
        "id": asked.get("id"),
        "label": verdict.label,
        "complaint": verdict.complaint,
        "severity": verdict.severity,
        "topics": list(verdict.topics),
        "lang": verdict.lang,
        "reasons": list(verdict.reasons),
        "risky": verdict.risky,
        "earlier_attempts": list(attempts.earlier(asked["text"], lang)),
        "model": verdict.model,
        "version": verdict.version,
    }


def _topic(given: str) -> Topic:
    key, _, words = given.partition("=")
    if not key or not words:
        raise SetupError(f"--topic {given!r} must look like parcel=parcel,package")
    return Topic(key, key, tuple(words.split(",")))


def evaluate(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv|jsonl", help="Rows with a text and a label.")],
    weights: WeightsOption = None,
    against: Annotated[
        Path | None, typer.Option("--against", metavar="OTHER.npz", help="Refuse this one when it is worse.")
    ] = None,
    cross_validate: Annotated[
        bool, typer.Option("--cross-validate", help="Judge each tenth by what the other nine teach, and each domain.")
    ] = False,
    lang: Annotated[
        str | None, typer.Option("--lang", help="Measure the whole judge on rows of this language.")
    ] = None,
    pictures: Annotated[
        Path | None, typer.Option("--pictures", metavar="FOLDER", help="With --cross-validate: draw it as SVG.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure the judge on labelled rows: accuracy, macro F1, AUC, calibration and speed, with 95 % intervals.

    With --against, two weights files are compared on the same rows; the exit code is 1 when the other is worse.

    Example: mentionbridge evaluate labelled.csv --cross-validate --pictures docs/judgement
    """
    rows = _rows(file)
    if against is not None:
        _compare(_weights(weights), _weights(against), rows, as_json)
    elif cross_validate:
        _cross_validate(rows, pictures, as_json)
    else:
        _evaluate(_weights(weights), rows, lang, as_json)


def _evaluate(weights: Weights, rows: list[Row], lang: str | None, as_json: bool) -> None:
    if card.knows(weights, rows):
        note("These very rows were learned from: the figures flatter. Use --cross-validate.")
    found = report.judged(weights, rows) if lang is None else report.judged_whole(LearnedJudge(weights), rows, lang)
    figures: dict[str, Any] = dict(measuring.table(*found))
    told = {name: {"value": each.value, "low": each.low, "high": each.high} for name, each in figures.items()}
    timed = report.speed(LearnedJudge(weights), [row.text for row in rows], _vader())
    if as_json:
        typer.echo(json.dumps({"rows": len(rows), "version": weights.version, **told, "speed": timed}, indent=2))
        return
    for name, value in {"rows": len(rows), "version": weights.version, **figures, **timed}.items():
        typer.echo(f"{name:20} {value}")


def _compare(ours: Weights, other: Weights, rows: list[Row], as_json: bool) -> None:
    if card.knows(ours, rows) != card.knows(other, rows):
        note("One of the two learned from these very rows and the other did not: give rows that neither has seen.")
        raise typer.Exit(1)
    (truth, first), (_, second) = report.judged(ours, rows), report.judged(other, rows)
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


def _cross_validate(rows: list[Row], pictures: Path | None, as_json: bool) -> None:
    told = report.examine(rows, taught(), _progress()).as_dict()
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
    for part in ("all", "brands", "left out"):
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


def train(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="FILE…", help="Rows with a text and a label.", show_default=False)
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="The weights file to write.")] = Path("weights.npz"),
    version: Annotated[
        str | None, typer.Option("--version", help="What verdicts by it are marked with; `1` for rows of files.")
    ] = None,
    from_feedback: Annotated[
        bool, typer.Option("--from-feedback", help="Learn from what the team labelled instead of files.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Learn a weights file from labelled rows and our own sentences, with its card beside it.

    The same rows give the same file. It takes a minute on one core for a few thousand rows.
    With --from-feedback, the team's labels correct the weights in use and move each brand's thresholds, in seconds;
    what judges labels kept from it worse is not written, and the exit code is 1.

    Example: mentionbridge train labelled.csv --version 2 --out better.npz
    """
    if from_feedback == bool(files):
        raise SetupError("Give files with labelled rows, or --from-feedback; one of the two.")
    if from_feedback:
        learn_from_feedback(config, out, version)
        return
    _train(files or [], out, version or "1")


def _train(files: list[Path], out: Path, version: str) -> None:
    rows = [row for file in files for row in _rows(file)]
    if len({row.complaint for row in rows}) < 2:
        raise SetupError("Both complaints and other posts are needed to learn from.")
    typer.echo(json.dumps(keep(card.train(rows, version), out)))


def _rows(file: Path) -> list[Row]:
    if not file.is_file():
        raise SetupError(f"There is no file {file}.")
    try:
        return read_rows(file)
    except (ValueError, UnicodeDecodeError) as error:
        raise SetupError(f"{file}: {error}.") from error


def _weights(file: Path | None) -> Weights:
    if file is None:
        return shipped()
    try:
        return read(file)
    except (ValueError, OSError) as error:
        raise SetupError(f"{file} cannot be read: {error}.") from error


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
