"""The small encoder as it is trained: six layers of BERT read from all-MiniLM-L6-v2, and one number on top."""

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

LAYERS, HEADS, WIDTH, INNER = 6, 12, 384, 1536
DROPPED = 0.1
_EPSILON = 1e-12


class Layer(nn.Module):
    """Attention and a feed-forward part, each added to what came in and normed."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(WIDTH, WIDTH) for _ in range(3))
        self.mixed = nn.Linear(WIDTH, WIDTH)
        self.mixed_norm = nn.LayerNorm(WIDTH, eps=_EPSILON)
        self.wide = nn.Linear(WIDTH, INNER)
        self.narrow = nn.Linear(INNER, WIDTH)
        self.narrow_norm = nn.LayerNorm(WIDTH, eps=_EPSILON)
        self.drop = nn.Dropout(DROPPED)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Return the next reading of every piece."""
        heads = [part(x).unflatten(-1, (HEADS, -1)).transpose(1, 2) for part in (self.query, self.key, self.value)]
        dropped = DROPPED if self.training else 0.0
        seen = functional.scaled_dot_product_attention(*heads, attn_mask=mask, dropout_p=dropped)
        x = self.mixed_norm(x + self.drop(self.mixed(seen.transpose(1, 2).flatten(-2))))
        return self.narrow_norm(x + self.drop(self.narrow(functional.gelu(self.wide(x)))))


class Net(nn.Module):
    """Reads pieces of words, and gives the mean of what it read one number."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(30522, WIDTH)
        self.places = nn.Embedding(512, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, eps=_EPSILON)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.drop = nn.Dropout(DROPPED)
        self.head = nn.Linear(WIDTH, 1)

    def forward(self, ids: Tensor, real: Tensor) -> Tensor:
        """Return one number a text; `real` tells pieces from padding."""
        x = self.words(ids) + self.places(torch.arange(ids.shape[1]))
        x, mask = self.drop(self.norm(x)), real[:, None, None, :]
        for layer in self.layers:
            x = layer(x, mask)
        kept = real.unsqueeze(-1)
        mean = (x * kept).sum(1) / kept.sum(1)
        return self.head(self.drop(mean)).squeeze(-1).float()


def pretrained(folder: Path) -> Net:
    """Return the net with the published weights, its number not yet learned."""
    given, net = load_file(folder / "model.safetensors"), Net()
    own = {"head.weight": net.head.weight.detach(), "head.bias": net.head.bias.detach()}
    own["words.weight"] = given["embeddings.word_embeddings.weight"]
    # There is one segment only, so its part is added to every place once and for all.
    own["places.weight"] = (
        given["embeddings.position_embeddings.weight"] + given["embeddings.token_type_embeddings.weight"][0]
    )
    own |= _pair("norm", given, "embeddings.LayerNorm")
    for at in range(LAYERS):
        theirs = f"encoder.layer.{at}."
        for ours, name in _NAMES.items():
            own |= _pair(f"layers.{at}.{ours}", given, theirs + name)
    net.load_state_dict(own)
    return net


_NAMES = {
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "mixed": "attention.output.dense",
    "mixed_norm": "attention.output.LayerNorm",
    "wide": "intermediate.dense",
    "narrow": "output.dense",
    "narrow_norm": "output.LayerNorm",
}


def _pair(ours: str, given: dict[str, Tensor], theirs: str) -> dict[str, Tensor]:
    return {f"{ours}.{part}": given[f"{theirs}.{part}"] for part in ("weight", "bias")}
