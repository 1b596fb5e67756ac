"""Templates: a small part of Jinja's language, checked on the parsed tree. Pure.

A template may hold text, `{{ name }}` or `{{ name|filter }}` with names and filters from a list, and
`{% if name %}…{% else %}…{% endif %}` with `not` before the name. Whatever else Jinja can do is refused with its line:
nothing here is ever run by Jinja, which only reads it.
"""

import hashlib
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from jinja2 import Environment, TemplateSyntaxError, nodes

from mentionbridge.domain.errors import SetupError

NAMES: Mapping[str, str] = {
    "thing": "the topic, as you name it",
    "private": "a label that leads into private",
    "brand": "the brand's name",
    "place": "the place, as you name it",
    "opens": "when the desk opens again",
    "reference": "the short reference of the ticket",
    "news": "what a person said about an incident",
}
OPTIONAL = ("place", "opens", "reference")
"""Names that may be empty: a template asks with `{% if %}` before it says them."""

FILTERS: Mapping[str, Callable[[str], str]] = {
    "capital": lambda value: value[:1].upper() + value[1:],
    "small": lambda value: value[:1].lower() + value[1:],
}
_SYNTAX = Environment(autoescape=True, keep_trailing_newline=True)
_HIDDEN = {"comment_begin": "a comment", "raw_begin": "a raw block", "linecomment_begin": "a comment"}
_BRACE = re.compile(r"[{}]")


@dataclass(frozen=True, slots=True)
class Text:
    """Words of the operator."""

    text: str


@dataclass(frozen=True, slots=True)
class Fill:
    """A place where a value goes, after its filters."""

    name: str
    filters: tuple[str, ...] = ()

    def of(self, value: str) -> str:
        """Return the value as it is said here."""
        for each in self.filters:
            value = FILTERS[each](value)
        return value


@dataclass(frozen=True, slots=True)
class When:
    """Parts said only when a name has a value, or only when it has none (`unless`)."""

    name: str
    unless: bool
    then: tuple["Part", ...]
    otherwise: tuple["Part", ...]


Part = Text | Fill | When


@dataclass(frozen=True, slots=True)
class Template:
    """An operator's phrasing, parsed; its `id` follows from its text."""

    id: str
    text: str
    parts: tuple[Part, ...]

    @classmethod
    def parse(cls, text: str) -> "Template":
        """Read a phrasing; raises SetupError with the line and the reason of whatever is not allowed in one."""
        text = text.strip()
        parts = _parse(text)
        return cls("t_" + hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:12], text, parts)

    def said_with(self, known: Collection[str]) -> Iterator[Text | Fill]:
        """Yield the parts that are said when these names have a value."""
        yield from _said(self.parts, known)

    def ways(self) -> Iterator[tuple[Text | Fill, ...]]:
        """Yield what is said for every choice of the names that may be empty."""
        asked = sorted(set(_asked(self.parts)))
        always = set(NAMES) - set(OPTIONAL)
        for choice in product((False, True), repeat=len(asked)):
            yield tuple(self.said_with(always | {name for name, has in zip(asked, choice, strict=True) if has}))


def _said(parts: tuple[Part, ...], known: Collection[str]) -> Iterator[Text | Fill]:
    for part in parts:
        if isinstance(part, When):
            yield from _said(part.then if (part.name in known) is not part.unless else part.otherwise, known)
        else:
            yield part


def _asked(parts: tuple[Part, ...]) -> Iterator[str]:
    for part in parts:
        if isinstance(part, When):
            yield part.name
            yield from _asked(part.then + part.otherwise)


def _parse(text: str) -> tuple[Part, ...]:
    try:
        _refuse_hidden(text)
        return tuple(_merged(_parts(_SYNTAX.parse(text).body, frozenset())))
    except TemplateSyntaxError as error:
        raise _refused(error.lineno, f"cannot be read ({error.message})") from error


def _refuse_hidden(text: str) -> None:
    """Refuse what the parsed tree no longer shows."""
    for line, kind, _ in _SYNTAX.lex(text):
        if kind in _HIDDEN:
            raise _refused(line, f"is {_HIDDEN[kind]}")


def _refused(line: int, why: str) -> SetupError:
    names = ", ".join(f"{{{{ {name} }}}}" for name in NAMES)
    return SetupError(
        f"Line {line} of this template {why}; it may hold text, {names}, the filters {', '.join(FILTERS)}, "
        "and {% if NAME %}."
    )


def _parts(found: list[nodes.Node], sure: frozenset[str]) -> Iterator[Part]:
    for node in found:
        match node:
            case nodes.Output():
                for inner in node.nodes:
                    yield _output(inner, sure)
            case nodes.If():
                yield _when(node, sure)
            case _:
                raise _refused(node.lineno, f"holds `{type(node).__name__.lower()}`")


def _output(node: nodes.Expr, sure: frozenset[str]) -> Part:
    if isinstance(node, nodes.TemplateData):
        if brace := _BRACE.search(node.data):
            raise _refused(node.lineno + node.data[: brace.start()].count("\n"), f"holds a stray {brace[0]!r}")
        return Text(node.data)
    filters: list[str] = []
    while isinstance(node, nodes.Filter) and node.node is not None:
        filters.insert(0, _filter(node))
        node = node.node
    name = _name(node)
    if name in OPTIONAL and name not in sure:
        raise _refused(node.lineno, f"says {name!r}, which may be empty, outside of {{% if {name} %}}")
    return Fill(name, tuple(filters))


def _filter(node: nodes.Filter) -> str:
    if node.name not in FILTERS or node.args or node.kwargs or node.dyn_args or node.dyn_kwargs:
        raise _refused(node.lineno, f"uses the filter {node.name!r}")
    return node.name


def _name(node: nodes.Node) -> str:
    if not isinstance(node, nodes.Name):
        raise _refused(node.lineno, f"holds `{type(node).__name__.lower()}` where a name goes")
    if node.name not in NAMES:
        raise _refused(node.lineno, f"names {node.name!r}")
    return str(node.name)


def _when(node: nodes.If, sure: frozenset[str]) -> When:
    if node.elif_:
        raise _refused(node.lineno, "holds `elif`")
    unless = isinstance(node.test, nodes.Not)
    name = _name(node.test.node if isinstance(node.test, nodes.Not) else node.test)
    if name not in OPTIONAL:
        raise _refused(node.lineno, f"asks for {name!r}, which is never empty")
    there, missing = sure | {name}, sure - {name}
    then = tuple(_merged(_parts(node.body, missing if unless else there)))
    otherwise = tuple(_merged(_parts(node.else_, there if unless else missing)))
    return When(name, unless, then, otherwise)


def _merged(parts: Iterator[Part]) -> Iterator[Part]:
    """Join neighbouring text, so that a sentence is in one piece."""
    held: Text | None = None
    for part in parts:
        if isinstance(part, Text):
            held = Text((held.text if held else "") + part.text)
            continue
        if held is not None:
            yield held
            held = None
        yield part
    if held is not None:
        yield held
