"""A small encoder that knows better where the always-on judge of mentionbridge is not sure; it runs offline."""

import json
import math
from importlib import resources

import numpy as np
import onnxruntime
from tokenizers import Tokenizer


class Encoder:
    """Reads a text piece by piece and blends what it finds with the number another judge gave."""

    def __init__(self) -> None:
        files = resources.files(__name__)
        facts = json.loads(files.joinpath("facts.json").read_text(encoding="utf-8"))
        self.version: str = facts["version"]
        self.learned_from: str = facts["learned_from"]
        self.unsure: tuple[float, float] = (facts["unsure"][0], facts["unsure"][1])
        self.thresholds: tuple[float, float] = (facts["thresholds"][0], facts["thresholds"][1])
        self.to_brands: tuple[float, float] = (facts["to_brands"][0], facts["to_brands"][1])
        self._share, self._slope, self._shift = (float(facts[name]) for name in ("share", "slope", "shift"))
        self._tokenizer = Tokenizer.from_str(files.joinpath("tokenizer.json").read_text(encoding="utf-8"))
        self._tokenizer.enable_truncation(int(facts["longest"]))
        self._tokenizer.no_padding()
        self._session = _session(files.joinpath("encoder.onnx").read_bytes())

    def second(self, said: str, first: float) -> float:
        """Return how likely the text is a complaint, given what the first judge found."""
        kept = min(max(first, 1e-6), 1 - 1e-6)
        mixed = self._share * self._score(said) + (1 - self._share) * math.log(kept / (1 - kept))
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, self._slope * mixed + self._shift))))

    def _score(self, said: str) -> float:
        # A lone surrogate is no text to the tokenizer.
        pieces = self._tokenizer.encode(said.encode("utf-8", "replace").decode()).ids
        return float(self._session.run(None, {"ids": np.array(pieces, dtype=np.int64)})[0][0])


def _session(model: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
