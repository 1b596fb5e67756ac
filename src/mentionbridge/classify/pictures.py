"""The figures as pictures: plain SVG, written by hand, the same for the same numbers."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

_SIDE, _EDGE = 320, 46
_ROW, _NAMES = 30, 200
_INK, _FAINT = "#1f2933", "#cbd2d9"
_COLOURS = ("#0b69a3", "#ba2525", "#3f9142", "#8d6a00")
Points = Sequence[tuple[float, float]]


def draw(told: Mapping[str, Any]) -> dict[str, str]:
    """Return each picture by its file name."""
    drawn = {"reliability.svg": reliability(told["reliability"]), "policy.svg": policy(told["curve"])}
    drawn["mistakes.svg"] = mistakes(told["mistakes"])
    if told.get("recovery"):
        drawn["domains.svg"] = domains(told["recovery"])
    return drawn


def reliability(bins: Sequence[Mapping[str, float]]) -> str:
    """Return how often a text was a complaint against how likely it was said to be; a dot grows with its share."""
    dots = [_dot(each["said"], each["was"], 3 + 22 * each["share"]) for each in bins]
    return _plot("said to be a complaint", "was a complaint", [_line([(0, 0), (1, 1)], _FAINT), *dots])


def policy(points: Sequence[Mapping[str, float]]) -> str:
    """Return what a single threshold does: complaints reached, answered, and answered rightly."""
    shown = {"reaching": "complaints reached", "answered": "of all posts, above it", "right": "complaints above it"}
    lines = []
    for (key, name), colour in zip(shown.items(), _COLOURS, strict=False):
        lines.append(_line([(point["auto_from"], point[key]) for point in points], colour))
        lines.append(_legend(name, colour, len(lines) // 2))
    return _plot("threshold", "share", lines)


def domains(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the macro F1 of each domain: learned from, left out, and with its threshold moved by fifty labels."""
    keys = {"at_home": "learned from", "abroad": "left out", "tuned": "left out, 50 labels"}
    marks: list[str] = [
        _dot((place + 0.5) / len(rows), row[key], 5, colour)
        for place, row in enumerate(rows)
        for key, colour in zip(keys, _COLOURS, strict=False)
    ]
    marks += [
        _legend(name, colour, place) for place, (name, colour) in enumerate(zip(keys.values(), _COLOURS, strict=False))
    ]
    marks += [
        _text(_x((place + 0.5) / len(rows)), _EDGE + _SIDE + 14, row["domain"][:9], 9) for place, row in enumerate(rows)
    ]
    return _plot("", "macro F1", marks, steps=())


def mistakes(kinds: Sequence[Mapping[str, Any]]) -> str:
    """Return two bars a kind of text: the complaints that were missed, and what was taken for one."""
    ranked = sorted(kinds, key=lambda kind: -kind["missed"])
    wide, high = 2 * _SIDE, 60 + _ROW * len(ranked)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" font-family="sans-serif">',
        f'<rect width="{wide}" height="{high}" fill="#ffffff"/>',
        _legend("of the complaints, missed", _COLOURS[0], 0),
        _legend("of the rest, taken for a complaint", _COLOURS[1], 1),
        *(part for place, kind in enumerate(ranked) for part in _pair(40 + _ROW * place, kind)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _pair(y: float, kind: Mapping[str, Any]) -> Iterator[str]:
    yield _text(_NAMES - 8, y + 16, f"{kind['name']} ({kind['texts']})", 11, "end")
    for line, (share, colour) in enumerate(zip((kind["missed"], kind["alarmed"]), _COLOURS, strict=False)):
        width = share * 1.3 * _SIDE
        top = y + 11 * line
        yield f'<rect x="{_NAMES}" y="{top}" width="{width:.1f}" height="10" fill="{colour}"/>'
        yield _text(_NAMES + width + 4, top + 9, f"{share:.0%}", 9, "start")


def _plot(across: str, up: str, marks: Iterable[str], steps: Sequence[float] = (0, 0.25, 0.5, 0.75, 1)) -> str:
    whole = _SIDE + 2 * _EDGE
    middle = _EDGE + _SIDE / 2
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole} {whole}" font-family="sans-serif">',
        f'<rect width="{whole}" height="{whole}" fill="#ffffff"/>',
        f'<rect x="{_EDGE}" y="{_EDGE}" width="{_SIDE}" height="{_SIDE}" fill="none" stroke="{_FAINT}"/>',
        *(_text(_x(step), _EDGE + _SIDE + 16, f"{step:g}", 11) for step in steps),
        *(_text(_EDGE - 16, _y(step) + 4, f"{step:g}", 11) for step in (0, 0.25, 0.5, 0.75, 1)),
        _text(middle, whole - 8, across, 13),
        f'<g transform="rotate(-90 14 {middle:g})">{_text(14, middle, up, 13)}</g>',
        *marks,
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _x(value: float) -> float:
    return _EDGE + value * _SIDE


def _y(value: float) -> float:
    return _EDGE + (1 - value) * _SIDE


def _text(x: float, y: float, words: str, size: int, anchor: str = "middle") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{_INK}">{escape(words)}</text>'
    )


def _dot(x: float, y: float, radius: float, colour: str = _COLOURS[0]) -> str:
    return f'<circle cx="{_x(x):.1f}" cy="{_y(y):.1f}" r="{radius:.1f}" fill="{colour}" fill-opacity="0.75"/>'


def _line(points: Points, colour: str) -> str:
    along = " ".join(f"{_x(x):.1f},{_y(y):.1f}" for x, y in points)
    return f'<polyline points="{along}" fill="none" stroke="{colour}" stroke-width="2"/>'


def _legend(name: str, colour: str, place: int) -> str:
    y = 14 + 12 * place
    mark = f'<rect x="{_EDGE}" y="{y - 8}" width="10" height="8" fill="{colour}"/>'
    return mark + _text(_EDGE + 16, y, name, 11, "start")
