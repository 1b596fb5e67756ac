"""`train --from-feedback`: what the team labelled moves thresholds and corrects the weights."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer

from mentionbridge.bootstrap import opened
from mentionbridge.bootstrap.judging import make_judge
from mentionbridge.bootstrap.wiring import read_weights
from mentionbridge.classify import feedback
from mentionbridge.classify.feedback import Label, Learned
from mentionbridge.classify.learned import LearnedJudge
from mentionbridge.classify.model import Weights
from mentionbridge.classify.scale import usual_thresholds
from mentionbridge.classify.tuning import ENOUGH
from mentionbridge.cli.common import note, run, settings_from
from mentionbridge.domain import verdict
from mentionbridge.domain.errors import SetupError
from mentionbridge.domain.mention import Mention
from mentionbridge.platforms import discover
from mentionbridge.settings import Settings
from mentionbridge.store.labelled import labelled

Brands = Mapping[str, Sequence[Label]]


def learn_from_feedback(config: Path | None, out: Path, version: str | None) -> None:
    """Print what the labels change as JSON; corrected weights are written to `out` unless they judge worse."""
    settings = settings_from(config, logs={"level": "warning"})
    weights = read_weights(settings.judge.weights)
    brands = _with_enough(run(_labels(settings)))
    learned = _learned(weights, brands, version)
    better = learned if learned is not None and not learned.worse else None
    judge = make_judge(settings.judge, better.weights if better else weights)
    told: dict[str, Any] = {"brands": _tuned(judge, brands, better)}
    if learned is not None:
        told |= {"labels": learned.labels, "gains": {name: asdict(gain) for name, gain in learned.gains.items()}}
    if better is not None:
        told |= keep(better.weights, out)
    typer.echo(json.dumps(told))
    if better is not learned:
        note("Labels kept from the corrected weights were judged worse by them: they are not written.")
        raise typer.Exit(1)


async def _labels(settings: Settings) -> Brands:
    async with opened(settings) as app, app.engine.reading() as connection:
        return {brand_id: _of_brand(brand_id, await labelled(connection, brand_id)) for brand_id in app.bridge.brands}


def _of_brand(brand_id: str, posts: Sequence[tuple[Mention, verdict.Label]]) -> list[Label]:
    may = {name: plug.capabilities.may_train for name, plug in discover().items()}
    found = [
        Label(brand_id, mention.text, mention.lang, label is verdict.Label.COMPLAINT, may.get(mention.platform, False))
        for mention, label in posts
    ]
    return feedback.judged_by_machine(found)


def _with_enough(brands: Brands) -> Brands:
    few = [f"{name} has {len(labels)}" for name, labels in brands.items() if len(labels) < ENOUGH]
    sentence = f"A brand needs {ENOUGH} posts labelled by people in languages we judge; {', '.join(few)}."
    if len(few) == len(brands):
        raise SetupError(sentence if brands else "No brand is configured, so nothing is labelled.")
    if few:
        note(sentence)
    return {name: labels for name, labels in brands.items() if len(labels) >= ENOUGH}


def _learned(weights: Weights, brands: Brands, version: str | None) -> Learned | None:
    labels = feedback.learnable([label for each in brands.values() for label in each])
    if not feedback.enough(labels):
        note(
            f"{len(labels)} English labels may be learned from; it takes {ENOUGH}, complaints and others among them: "
            "only thresholds are moved."
        )
        return None
    return feedback.learn_from(weights, labels, version, _bar if sys.stderr.isatty() else _quiet)


def _tuned(judge: LearnedJudge, brands: Brands, learned: Learned | None) -> dict[str, Any]:
    kept, usual = learned.kept if learned else {}, usual_thresholds(judge.second, judge.scale)
    found = {name: feedback.tune(judge, labels, kept, usual) for name, labels in brands.items()}
    return {
        name: {
            **asdict(tuned.thresholds),
            "labels": tuned.labels,
            **_effect("before", tuned),
            **_effect("after", tuned),
        }
        for name, tuned in found.items()
    }


def _effect(when: str, tuned: feedback.Tuned) -> dict[str, Any]:
    return {when: {name: round(value, 3) for name, value in asdict(getattr(tuned, when)).items()}}


def keep(weights: Weights, out: Path) -> dict[str, Any]:
    """Write a weights file with its card beside it, and return what to tell of it."""
    weights.save(out)
    facts = {name: value for name, value in weights.facts.items() if name != "words"}
    out.with_suffix(".json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    return {"file": str(out), "bytes": out.stat().st_size, **facts}


def _bar(done: int) -> None:
    print(f"\rparts judged: {done} ", end="", file=sys.stderr, flush=True)


def _quiet(done: int) -> None:
    """Nobody watches."""
