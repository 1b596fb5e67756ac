"""Write what the encoder says of every copy of every row, for the default tier to learn from.

    python teach.py labelled.csv work/ teacher.npz

Each part of `train.py` tells of the copies of the rows it was taught; of those kept from it, nothing is used.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from net import Net
from numpy.typing import NDArray
from tokenizers import Tokenizer
from train import BASE
from tune import padded, pieces

from mentionbridge.classify import distilling
from mentionbridge.classify.rows import read
from mentionbridge.classify.trials import FOLDS, domains

_AT_ONCE = 64


def main(file: Path, work: Path, out: Path) -> None:
    """Ask the encoder of every part."""
    torch.set_num_threads(1)
    rows = read(file)
    tokenizer = Tokenizer.from_file(str(BASE / "tokenizer.json"))
    texts = pieces(tokenizer, [copy for row in rows for copy in distilling.copies(row.text)])
    names = [*map(str, range(FOLDS)), *domains(rows), distilling.ALL]
    parts = {}
    for name in names:
        net = Net()
        net.load_state_dict(torch.load(work / f"{name}.pt", weights_only=False)["net"])
        parts[name] = told(net.eval(), texts)
        print(name, flush=True)
    distilling.write(out, rows, parts)


@torch.no_grad()
def told(net: Net, texts: list[list[int]]) -> NDArray[np.float64]:
    """Return the net's number for each text; texts of about the same length go together."""
    order, found = sorted(range(len(texts)), key=lambda at: len(texts[at])), np.zeros(len(texts))
    for start in range(0, len(order), _AT_ONCE):
        some = order[start : start + _AT_ONCE]
        with torch.autocast("cpu", dtype=torch.bfloat16):
            found[some] = net(*padded([texts[at] for at in some])).float().numpy()
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
