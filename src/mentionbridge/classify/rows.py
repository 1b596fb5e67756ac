"""Labelled texts from files: CSV with a header or JSON lines, with a text, a label, and perhaps a domain."""

import csv
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_TEXT = ("text", "tweet", "review_s", "message")
_LABEL = ("label", "complaint")
_DOMAIN = ("domain", "brand")
_YES = frozenset({"1", "1.0", "true", "yes", "complaint"})
_NO = frozenset({"0", "0.0", "false", "no", "question", "praise", "other", "spam"})


@dataclass(frozen=True, slots=True)
class Row:
    """A text, whether it is a complaint, and where it comes from."""

    text: str
    complaint: bool
    domain: str = ""


def read(file: Path) -> list[Row]:
    """Read every row. Raises ValueError with the line that cannot be read."""
    lines = _json_lines(file) if file.suffix in (".jsonl", ".ndjson") else _csv_lines(file)
    return [_row(number, line) for number, line in lines]


def _csv_lines(file: Path) -> Iterator[tuple[int, Mapping[str, object]]]:
    with file.open(encoding="utf-8-sig", newline="") as opened:
        yield from enumerate(csv.DictReader(opened), start=2)


def _json_lines(file: Path) -> Iterator[tuple[int, Mapping[str, object]]]:
    with file.open(encoding="utf-8") as opened:
        for number, line in enumerate(opened, start=1):
            if line.strip():
                yield number, _parsed(number, line)


def _parsed(number: int, line: str) -> Mapping[str, object]:
    try:
        value = json.loads(line)
    except ValueError as error:
        raise ValueError(f"line {number} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise ValueError(f"line {number} is not a JSON object")
    return value


def _row(number: int, line: Mapping[str, object]) -> Row:
    fields = {str(name).strip().casefold(): value for name, value in line.items()}
    text, label = _first(fields, _TEXT), _first(fields, _LABEL)
    if text is None or label is None:
        raise ValueError(f"line {number} needs a text (a column {_any(_TEXT)}) and a label (a column {_any(_LABEL)})")
    said = str(label).strip().casefold()
    if said not in _YES | _NO:
        raise ValueError(f"line {number} has the label {said!r}; it must be 1 or 0, or one of the words we label with")
    return Row(str(text), said in _YES, str(_first(fields, _DOMAIN) or ""))


def _first(fields: Mapping[str, object], names: Sequence[str]) -> object | None:
    return next((fields[name] for name in names if fields.get(name) is not None), None)


def _any(names: Sequence[str]) -> str:
    return " or ".join(f"`{name}`" for name in names)


def fingerprint(rows: Sequence[Row]) -> str:
    """Return a short mark of these texts and labels, whatever their order."""
    marks = sorted(
        hashlib.sha256(f"{row.complaint:d}{row.text}".encode("utf-8", "surrogatepass")).digest() for row in rows
    )
    return hashlib.sha256(b"".join(marks)).hexdigest()[:16]
