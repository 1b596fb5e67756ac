"""Logistic regression by limited-memory BFGS, in numpy alone and the same on every machine."""

from collections import deque
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Objective = Callable[[Vector], tuple[float, Vector]]
_MEMORY = 10
_SUFFICIENT = 1e-4
_SMALLEST_STEP = 1e-10


def minimise(objective: Objective, start: Vector, *, steps: int = 120, tolerance: float = 1e-4) -> Vector:
    """Return where a smooth convex function is least; `objective` gives its value and slope at a point."""
    at, (value, slope) = start, objective(start)
    moves: deque[tuple[Vector, Vector]] = deque(maxlen=_MEMORY)
    for _ in range(steps):
        if np.abs(slope).max() < tolerance:
            break
        found = _step(objective, at, value, slope, -_two_loops(slope, moves))
        if found is None:
            break
        to, value, rising = found
        if (to - at) @ (rising - slope) > 0:
            moves.append((to - at, rising - slope))
        at, slope = to, rising
    return at


def _step(
    objective: Objective, at: Vector, value: float, slope: Vector, way: Vector
) -> tuple[Vector, float, Vector] | None:
    """Go along `way`, halving the step until the value falls enough."""
    length, falls = 1.0, slope @ way
    while length > _SMALLEST_STEP:
        to = at + length * way
        reached, rising = objective(to)
        if reached <= value + _SUFFICIENT * length * falls:
            return to, reached, rising
        length /= 2
    return None


def _two_loops(slope: Vector, moves: deque[tuple[Vector, Vector]]) -> Vector:
    way, parts = slope.copy(), []
    for moved, changed in reversed(moves):
        part = (moved @ way) / (moved @ changed)
        parts.append(part)
        way -= part * changed
    if moves:
        moved, changed = moves[-1]
        way *= (moved @ changed) / (changed @ changed)
    else:
        way /= max(1.0, float(np.linalg.norm(slope)))
    for (moved, changed), part in zip(moves, reversed(parts), strict=True):
        way += (part - (changed @ way) / (moved @ changed)) * moved
    return way
