"""Fine-tuning the encoder on labelled texts: two passes, the embeddings and the lowest layers kept as they are."""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from net import Net, pretrained
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor

LONGEST = 96
PASSES, AT_ONCE, RATE, HEAD_RATE, DECAY, WARM = 2, 16, 8e-5, 1e-3, 0.01, 0.1
KEPT = 2
"""How many of the lowest layers stay as they are; it saves a quarter of the time."""
_NEAR = 8
"""Texts of about the same length are put together out of so many batches, so that little is padded."""


def pieces(tokenizer: Tokenizer, texts: Sequence[str]) -> list[list[int]]:
    """Return the numbers of the pieces of each text."""
    tokenizer.enable_truncation(LONGEST)
    tokenizer.no_padding()
    return [found.ids for found in tokenizer.encode_batch(list(texts))]


def tune(folder: Path, texts: Sequence[list[int]], labels: Sequence[float], seed: int) -> Net:
    """Return the encoder taught these texts."""
    torch.manual_seed(seed)
    order, net = random.Random(seed), pretrained(folder)
    for part in (net.words, net.places, net.norm, *net.layers[:KEPT]):
        part.requires_grad_(False)
    learner, pace = _learner(net, PASSES * -(-len(texts) // AT_ONCE))
    net.train()
    for _ in range(PASSES):
        for batch in _batches(texts, order):
            with torch.autocast("cpu", dtype=torch.bfloat16):
                found = net(*padded([texts[at] for at in batch]))
            truth = torch.tensor([float(labels[at]) for at in batch])
            loss = torch.nn.functional.binary_cross_entropy_with_logits(found, truth)
            learner.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            learner.step()
            pace.step()
    return net.eval()


def _learner(net: Net, steps: int) -> tuple[torch.optim.AdamW, torch.optim.lr_scheduler.LambdaLR]:
    groups = [
        {"params": [one for one in net.layers.parameters() if one.requires_grad], "lr": RATE},
        {"params": list(net.head.parameters()), "lr": HEAD_RATE},
    ]
    learner = torch.optim.AdamW(groups, weight_decay=DECAY)
    pace = torch.optim.lr_scheduler.LambdaLR(
        learner, lambda step: min(1.0, (step + 1) / (WARM * steps)) * max(0.0, (steps - step) / steps)
    )
    return learner, pace


def _batches(texts: Sequence[list[int]], order: random.Random) -> Iterator[list[int]]:
    places = list(range(len(texts)))
    order.shuffle(places)
    near = [
        sorted(places[at : at + AT_ONCE * _NEAR], key=lambda one: len(texts[one]))
        for at in range(0, len(places), AT_ONCE * _NEAR)
    ]
    batches = [some[at : at + AT_ONCE] for some in near for at in range(0, len(some), AT_ONCE)]
    order.shuffle(batches)
    yield from batches


def padded(texts: Sequence[list[int]]) -> tuple[Tensor, Tensor]:
    """Return texts as one block of numbers, and which of them are pieces."""
    ids = torch.zeros(len(texts), max(map(len, texts)), dtype=torch.int64)
    for at, text in enumerate(texts):
        ids[at, : len(text)] = torch.tensor(text)
    real = torch.arange(ids.shape[1]) < torch.tensor([len(text) for text in texts])[:, None]
    return ids, real


@torch.no_grad()
def numbers(net: Net, texts: Sequence[list[int]]) -> NDArray[np.float64]:
    """Return the net's number for each text, in full precision."""
    return np.array([float(net(*padded([text]))) for text in texts])
