"""Whatever JSON comes, an item is read or refused with a sentence; nothing else happens."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mentionbridge.domain.mention import Post
from mentionbridge.web.api.mentions import _read
from mentionbridge.web.asked import EXAMPLE, unlikely_time
from mentionbridge.web.gate import check_json
from mentionbridge.web.problem import Problem

TEXT = st.text(st.characters(codec=None))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """The documented example with some fields replaced, removed or added."""
    item = dict(EXAMPLE)
    for name in draw(st.lists(st.sampled_from([*EXAMPLE, "visibility", "edit_version"]), max_size=3)):
        item[name] = draw(JSON)
    for name in draw(st.lists(st.sampled_from(list(EXAMPLE)), max_size=2)):
        item.pop(name, None)
    return {**item, **draw(st.dictionaries(TEXT, JSON, max_size=1))}


@given(JSON | mutated())
def test_an_item_is_read_or_refused_in_one_sentence(item: Any) -> None:
    from fakes.clock import START

    try:
        pushed = _read(item)
    except Problem as problem:
        assert problem.code == "invalid"
        assert problem.detail.endswith(".") and len(problem.detail) < 700
        problem.response()
        return
    if unlikely_time(pushed.created_at, START) is None:
        post = pushed.post()
        assert isinstance(post, Post)
        (post.external_id + post.text + post.thread_id + post.author.handle).encode()


@given(st.binary(max_size=300) | JSON.map(lambda each: json.dumps(each).encode()))
def test_a_body_is_json_or_refused_in_one_sentence(body: bytes) -> None:
    try:
        check_json("application/json; charset=utf-8", body)
    except Problem as problem:
        assert problem.code in ("bad_json", "not_utf8") and problem.detail.endswith(".")
    else:
        json.loads(body.decode())
