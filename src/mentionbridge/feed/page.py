"""Writes the second half of `docs/feed.md` from the catalogue: `python -m mentionbridge.feed.page docs/feed.md`."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mentionbridge.domain.events import EventType
from mentionbridge.domain.meanings import MEANINGS
from mentionbridge.rules.catalogue import example

HEAD = "## Types\n"


def types() -> str:
    """Return the section on types: a table of all, then an example of each."""
    return "\n".join([HEAD, *_table(), "", "## An example of each", "", *_examples()])


def rewritten(page: str) -> str:
    """Return the page with everything from `## Types` on made anew."""
    return page.partition(HEAD)[0] + types()


def _table() -> Iterator[str]:
    yield "| type | when | adds |"
    yield "|---|---|---|"
    for type_, meaning in MEANINGS.items():
        adds = ", ".join(f"`{name}`" for name in meaning.facts)
        yield f"| `{type_}` | {meaning.when} | {adds} |"


def _examples() -> Iterator[str]:
    for type_ in EventType:
        yield f"### `{type_}`\n\n```json\n{_laid_out(example(type_))}\n```\n"


def _laid_out(body: dict[str, Any]) -> str:
    lines = [f'    "{name}": {json.dumps(value, ensure_ascii=False)}' for name, value in body["data"].items()]
    head = f'{{\n  "type": "{body["type"]}",\n  "timestamp": "{body["timestamp"]}",\n  "data": {{\n'
    return head + ",\n".join(lines) + "\n  }\n}"


def main() -> None:
    """Rewrite the page named on the command line."""
    path = Path(sys.argv[1])
    path.write_text(rewritten(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
