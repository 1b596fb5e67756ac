"""What a network might send instead: fields missing, null, renamed, of another type."""

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

_ODD = ["", "\x00", "\ud800", "\u202e\u200b", "9999-99-99", "2026-11-20T12:00:00", "0001-01-01T00:00:00+14:00"]
_SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.sampled_from(_ODD))
ANYTHING = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)
"""Any JSON, and a little more: half characters, NaN."""


@st.composite
def mutated(draw: st.DrawFn, payload: Any) -> Any:
    """Return the payload with one to three things wrong."""
    broken = copy.deepcopy(payload)
    for _ in range(draw(st.integers(1, 3))):
        places = list(_places(broken))
        if not places:
            return draw(ANYTHING)
        holder, key = draw(st.sampled_from(places))
        _break(draw, holder, key)
    return broken


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Walk every (holder, key) below a value."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])


def _break(draw: st.DrawFn, holder: Any, key: Any) -> None:
    how = draw(st.sampled_from(["missing", "null", "other", "renamed", "wrapped"]))
    if how == "missing":
        del holder[key]
    elif how == "null":
        holder[key] = None
    elif how == "wrapped":
        holder[key] = [holder[key]]
    elif how == "renamed" and isinstance(holder, dict):
        holder[f"{key}_v2"] = holder.pop(key)
    else:
        holder[key] = draw(ANYTHING)
