"""`classify` and `train`: the judge by itself, and taught."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from mentionbridge.classify import attempts, card
from mentionbridge.classify.learned import LearnedJudge
from mentionbridge.cli.common import ConfigOption
from mentionbridge.cli.feedback import keep, learn_from_feedback
from mentionbridge.cli.given import (
    ScaleOption,
    TeacherOption,
    TierOption,
    WeightsOption,
    judge_of,
    rows_of,
    teacher_of,
)
from mentionbridge.domain.errors import SetupError
from mentionbridge.domain.verdict import Topic

TopicOption = Annotated[
    list[str] | None, typer.Option("--topic", metavar="KEY=WORD,WORD", help="A topic to look for; may be repeated.")
]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command("classify")(classify)
    app.command("train")(train)


def classify(
    weights: WeightsOption = None,
    topic: TopicOption = None,
    tier: TierOption = "default",
    scale: ScaleOption = "all",
) -> None:
    """Judge JSON lines of standard input, each with a "text" and perhaps "lang" and "id", to JSON lines.

    A line that cannot be read gets a line with its "error", and the exit code is 1 at the end.

    Example: mentionbridge classify < posts.jsonl
    """
    judge, topics = judge_of(weights, tier, scale), [_topic(given) for given in topic or ()]
    failed = False
    for number, line in enumerate(sys.stdin, start=1):
        if line.strip():
            answer = _classified(judge, topics, line, number)
            failed |= "error" in answer
            typer.echo(json.dumps(answer, ensure_ascii=False))
    if failed:
        raise typer.Exit(1)


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
    teacher: TeacherOption = None,
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
    if from_feedback and teacher is not None:
        raise SetupError("--teacher goes with files of labelled rows, not with --from-feedback.")
    if from_feedback:
        learn_from_feedback(config, out, version)
        return
    _train(files or [], out, version or "1", teacher)


def _train(files: list[Path], out: Path, version: str, teacher: Path | None) -> None:
    rows = [row for file in files for row in rows_of(file)]
    if len({row.complaint for row in rows}) < 2:
        raise SetupError("Both complaints and other posts are needed to learn from.")
    typer.echo(json.dumps(keep(card.train(rows, version, teacher_of(teacher, rows)), out)))
