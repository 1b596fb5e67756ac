"""The taught encoder as one ONNX file of whole numbers: one text in, one number out, no padding and no mask."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
from net import HEADS, LAYERS, WIDTH
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import Tensor
from tune import LONGEST

Array = NDArray[np.float32]
_OPSET = 20
_EPSILON = 1e-12


def export(state: dict[str, Tensor], out: Path) -> None:
    """Write the file."""
    graph = _Graph({name: value.float().numpy() for name, value in state.items()})
    with TemporaryDirectory() as folder:
        whole = Path(folder) / "whole.onnx"
        onnx.save(graph.model(), whole)
        quantize_dynamic(
            whole,
            out,
            op_types_to_quantize=["MatMul"],
            per_channel=True,
            reduce_range=False,
            weight_type=QuantType.QInt8,
        )


class _Graph:
    """The graph while it grows; each step returns the name of what it makes."""

    def __init__(self, weights: dict[str, Array]) -> None:
        self.weights, self.nodes, self.kept = weights, [], []
        self.count = 0

    def model(self) -> onnx.ModelProto:
        x = self.norm(self.step("Add", self.words(), self.places()), "norm")
        for at in range(LAYERS):
            x = self.layer(x, f"layers.{at}.")
        mean = self.step("ReduceMean", x, self.number([0]), keepdims=1)
        weighed = self.step("Mul", mean, self.keep(self.weights["head.weight"]))
        score = self.step("ReduceSum", weighed, self.number([1]), keepdims=0)
        told = self.step("Add", score, self.keep(self.weights["head.bias"]))
        self.nodes.append(helper.make_node("Identity", [told], ["score"]))
        graph = helper.make_graph(
            self.nodes,
            "encoder",
            [helper.make_tensor_value_info("ids", TensorProto.INT64, ["pieces"])],
            [helper.make_tensor_value_info("score", TensorProto.FLOAT, [1])],
            self.kept,
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=9)

    def words(self) -> str:
        """Each word's numbers are kept as whole ones with one scale a word."""
        given = self.weights["words.weight"]
        scale = np.abs(given).max(axis=1, keepdims=True) / 127
        scale[scale == 0] = 1
        whole = self.keep(np.round(given / scale).astype(np.int8))
        found = self.step("Cast", self.step("Gather", whole, "ids"), to=TensorProto.FLOAT)
        return self.step("Mul", found, self.step("Gather", self.keep(scale.astype(np.float32)), "ids"))

    def places(self) -> str:
        count = self.step("Shape", "ids")
        return self.step(
            "Slice", self.keep(self.weights["places.weight"][:LONGEST]), self.number([0]), count, self.number([0])
        )

    def layer(self, x: str, name: str) -> str:
        mixed = self.dense(self.attention(x, name), *self.pair(name + "mixed"))
        x = self.norm(self.step("Add", x, mixed), name + "mixed_norm")
        wide = self.step("Gelu", self.dense(x, *self.pair(name + "wide")))
        return self.norm(self.step("Add", x, self.dense(wide, *self.pair(name + "narrow"))), name + "narrow_norm")

    def attention(self, x: str, name: str) -> str:
        parts = [self.pair(name + part) for part in ("query", "key", "value")]
        scale = np.float32((WIDTH / HEADS) ** -0.5)
        parts[0] = (parts[0][0] * scale, parts[0][1] * scale)
        every = self.dense(x, np.concatenate([w for w, _ in parts]), np.concatenate([b for _, b in parts]))
        heads = self.step("Reshape", every, self.number([-1, 3, HEADS, WIDTH // HEADS]))
        query = self.chosen(heads, 0, [1, 0, 2])
        key = self.chosen(heads, 1, [1, 2, 0])
        value = self.chosen(heads, 2, [1, 0, 2])
        seen = self.step("MatMul", self.step("Softmax", self.step("MatMul", query, key), axis=-1), value)
        return self.step("Reshape", self.step("Transpose", seen, perm=[1, 0, 2]), self.number([-1, WIDTH]))

    def chosen(self, heads: str, which: int, order: Sequence[int]) -> str:
        one = self.step("Gather", heads, self.number(which), axis=1)
        return self.step("Transpose", one, perm=order)

    def pair(self, name: str) -> tuple[Array, Array]:
        return self.weights[name + ".weight"], self.weights[name + ".bias"]

    def dense(self, x: str, weight: Array, bias: Array) -> str:
        return self.step("Add", self.step("MatMul", x, self.keep(np.ascontiguousarray(weight.T))), self.keep(bias))

    def norm(self, x: str, name: str) -> str:
        weight, bias = self.pair(name)
        return self.step("LayerNormalization", x, self.keep(weight), self.keep(bias), axis=-1, epsilon=_EPSILON)

    def number(self, value: object, kind: type = np.int64) -> str:
        return self.keep(np.array(value, dtype=kind))

    def keep(self, value: NDArray[np.generic]) -> str:
        self.count += 1
        self.kept.append(numpy_helper.from_array(value, f"kept{self.count}"))
        return f"kept{self.count}"

    def step(self, kind: str, *given: str, **how: object) -> str:
        self.count += 1
        self.nodes.append(helper.make_node(kind, list(given), [f"step{self.count}"], **how))
        return f"step{self.count}"
