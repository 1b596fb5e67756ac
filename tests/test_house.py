"""The rules of the house that no other tool keeps."""

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path

import pytest

from mentionbridge.platforms import __path__ as platform_folders
from mentionbridge.platforms import discover

ROOT = Path(__file__).parents[1]
SRC = ROOT / "src" / "mentionbridge"
LONGEST_FUNCTION = 50
LONGEST_FILE = 400
LONG_WITH_REASON = {
    "store/tables.py": "every table in one place, a column a line: splitting it would hide how they hang together",
    "web/shapes.py": "every answer of the API as one list of models, which the OpenAPI document mirrors",
}
EMPTY_WORDS = {"util", "utils", "helper", "helpers", "manager", "managers", "base", "common", "misc"}
EMPTY_WORDS_ALLOWED = {"cli/common.py"}
"""What the commands share has no better name; nothing outside `cli` may import it (the floors see to that)."""

EXAMPLES = {
    "web/asked.py": ("demo",),
    "cli/late.py": ("demo",),
    "cli/show.py": ("push",),
    "domain/mention.py": ("push",),
    "domain/reply.py": ("manual",),
}
"""Where a platform's name is shown to a reader as an example, or is another word of ours; nothing depends on it."""


@cache
def sources() -> tuple[Path, ...]:
    return tuple(sorted(SRC.rglob("*.py")))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def name(path: Path) -> str:
    return path.relative_to(SRC).as_posix()


@cache
def tracked() -> tuple[Path, ...]:
    """Return every file of the repository; in a copy without git, every file that is not made by a tool."""
    told = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if told.returncode == 0 and told.stdout:
        return tuple(ROOT / part for part in told.stdout.decode().split("\0") if part and (ROOT / part).is_file())
    made = {".git", ".venv", "__pycache__", "data", "build", "dist", "node_modules"}
    return tuple(p for p in ROOT.rglob("*") if p.is_file() and not made & set(p.relative_to(ROOT).parts))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count a function's lines without its docstring."""
    doc = function.body[0] if ast.get_docstring(function) is not None else None
    quiet = (doc.end_lineno or 0) - doc.lineno + 1 if doc else 0
    return (function.end_lineno or 0) - function.lineno + 1 - quiet


def text_nodes(path: Path) -> Iterator[ast.Constant]:
    """Walk the strings of a file that are not docstrings."""
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docs = {id(n.body[0].value) for n in ast.walk(tree(path)) if isinstance(n, kinds) and _has_doc(n)}  # type: ignore[attr-defined]
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node


def _has_doc(node: ast.AST) -> bool:
    body = getattr(node, "body", [])
    return bool(body) and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)


def test_no_file_has_a_name_that_says_nothing() -> None:
    hollow = {
        name(path)
        for path in sources()
        if {*path.stem.split("_"), *(part for part in path.relative_to(SRC).parts[:-1])} & EMPTY_WORDS
    }
    assert hollow == EMPTY_WORDS_ALLOWED & {name(path) for path in sources()}


def test_no_name_of_a_platform_outside_its_folder() -> None:
    """Ask what it can do, never what it is."""
    own = Path(next(iter(platform_folders)))
    found = [
        f"{name(path)}:{node.lineno}: {node.value!r}"
        for path in sources()
        for node in text_nodes(path)
        if node.value.casefold() in discover() and not path.is_relative_to(own / node.value.casefold())
        if node.value not in EXAMPLES.get(name(path), ())
    ]
    assert found == [], "a platform's name is a special case; ask its capabilities instead"


def test_no_import_of_a_platform_by_name() -> None:
    """Folders are found, never listed."""
    found = []
    for path in sources():
        for node in ast.walk(tree(path)):
            modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            modules += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for module in modules:
                owner = re.match(r"mentionbridge\.platforms\.(\w+)", module)
                folder = owner and SRC / "platforms" / owner[1]
                if folder and folder.is_dir() and not path.is_relative_to(folder):
                    found.append(f"{name(path)}:{node.lineno}: {module}")
    assert found == []


def test_every_parameter_and_result_is_typed() -> None:
    """mypy checks the types; this checks that they are written, also where mypy would infer them."""
    bare = []
    for path in sources():
        for function in functions(path):
            arguments = function.args
            every = chain(arguments.posonlyargs, arguments.args, arguments.kwonlyargs)
            named = [each for each in every if each.arg not in ("self", "cls")]
            named += [each for each in (arguments.vararg, arguments.kwarg) if each]
            if function.returns is None or any(each.annotation is None for each in named):
                bare.append(f"{name(path)}:{function.lineno} {function.name}")
    assert bare == []


def test_every_module_begins_with_a_sentence() -> None:
    silent = [name(path) for path in sources() if not re.match(r"\S.*[.:;!?]", ast.get_docstring(tree(path)) or "")]
    assert silent == []


def test_only_the_metrics_file_names_metrics() -> None:
    makers = {"Counter", "Gauge", "Histogram", "Summary", "Info", "Enum"}
    makers_elsewhere = [
        f"{name(path)}:{node.lineno}"
        for path in sources()
        if name(path) != "telemetry/metrics.py"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ImportFrom)
        and (node.module or "").startswith("prometheus_client")
        and makers & {alias.name for alias in node.names}
    ]
    assert makers_elsewhere == []
    named_elsewhere = [
        f"{name(path)}:{node.lineno}"
        for path in sources()
        if name(path) != "telemetry/metrics.py"
        for node in text_nodes(path)
        if re.fullmatch(r"mentionbridge_[a-z_]+", node.value)
    ]
    assert named_elsewhere == []


def test_the_clock_and_chance_come_in_as_arguments() -> None:
    """`domain`, `rules` and `pipeline` read no clock of their own."""
    clocks = {"now", "utcnow", "today", "time", "monotonic", "sleep", "perf_counter"}
    owners = {"datetime", "date", "time", "asyncio"}
    found = [
        f"{name(path)}:{node.lineno}"
        for path in sources()
        if name(path).split("/")[0] in ("domain", "rules", "pipeline", "classify")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute)
        and node.attr in clocks
        and isinstance(node.value, ast.Name)
        and node.value.id in owners
    ]
    assert found == []


def test_every_migration_says_what_it_does() -> None:
    revisions = sorted((ROOT / "migrations" / "versions").glob("*.py"))
    assert revisions
    for revision in revisions:
        said = ast.get_docstring(ast.parse(revision.read_text())) or ""
        assert re.match(r"[A-Z].{10,}", said), f"{revision.name} does not begin with a sentence about the change"
        values = dict(re.findall(r"^(revision|down_revision)(?::[^=]+)? = (.+)$", revision.read_text(), re.MULTILINE))
        assert values.keys() == {"revision", "down_revision"}, revision.name
        assert revision.name.startswith(values["revision"].strip("\"'")), revision.name


@pytest.mark.parametrize(
    ("what", "pattern"),
    [
        ("a path of one machine", r"(?<![\w.*])/(?:work|root|home/\w+|Users/\w+|mnt/\w+)/\w"),
        (
            "a package registry's host",
            r"(?i)pypi\.org|pythonhosted\.org|registry\.npmjs|proxy\.golang|--(?:extra-)?index-url",
        ),
        ("an unfinished thing", r"\b(?:TODO|FIXME|XXX|HACK)\b"),
        ("a private key", r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
        ("a conflict nobody settled", r"^(?:<{7}|>{7}) "),
    ],
)
def test_no_file_holds(what: str, pattern: str) -> None:
    found = []
    for path in tracked():
        if path == Path(__file__).resolve() or path.suffix in (".png", ".jpg", ".webp"):
            continue
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}:{n}" for n, line in enumerate(lines, start=1) if re.search(pattern, line)]
    assert found == [], f"{what} in a tracked file"


def test_what_is_long_has_a_reason() -> None:
    long_files = {name(path) for path in sources() if len(path.read_text(encoding="utf-8").splitlines()) > LONGEST_FILE}
    long_functions = {
        f"{name(path)}:{function.name}"
        for path in sources()
        for function in functions(path)
        if length(function) > LONGEST_FUNCTION
    }
    assert long_files | long_functions == set(LONG_WITH_REASON)


def test_sizes_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Printed, not judged: a sentence is never shredded to fit."""
    lengths = sorted(length(function) for path in sources() for function in functions(path))
    files = sorted(len(path.read_text(encoding="utf-8").splitlines()) for path in sources())
    comments = sum(len(list(_comments(path))) for path in sources())
    with capsys.disabled():
        print(
            f"\nhouse: {len(files)} files (p50 {_at(files, 0.5)}, p90 {_at(files, 0.9)} lines), {len(lengths)} "
            f"functions (p50 {_at(lengths, 0.5)}, p90 {_at(lengths, 0.9)} lines), "
            f"comment lines {comments / sum(files):.1%}"
        )
    assert lengths[0] >= 1


def _at(ordered: list[int], share: float) -> int:
    return ordered[int(share * (len(ordered) - 1))]


def _comments(path: Path) -> Iterator[tokenize.TokenInfo]:
    tokens = tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline)
    return (token for token in tokens if token.type == tokenize.COMMENT and token.line.lstrip().startswith("#"))


def test_comments_are_no_banners() -> None:
    banners = [
        f"{name(path)}:{token.start[0]}"
        for path in sources()
        for token in _comments(path)
        if re.fullmatch(r"#\W*", token.string) or re.search(r"[-=#*]{4,}", token.string)
    ]
    assert banners == []
