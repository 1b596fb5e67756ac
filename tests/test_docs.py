"""The documentation is true: the config manual is the config, tables are the code's, and examples run."""

import ast
import asyncio
import json
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from pydantic import BaseModel, SecretStr
from standardwebhooks import Webhook
from typer.main import get_command

from fakes.running import Running, demo_settings, running
from mentionbridge.bootstrap import opened
from mentionbridge.bootstrap.doors import web_app
from mentionbridge.cli.main import app
from mentionbridge.domain.call import Call, CallState
from mentionbridge.domain.events import EventType
from mentionbridge.domain.handoff import Proof
from mentionbridge.domain.meanings import MEANINGS
from mentionbridge.feed.page import rewritten
from mentionbridge.helpdesks import discover as desk_kinds
from mentionbridge.platforms import discover
from mentionbridge.ports.access import ALL_BRANDS, Scope
from mentionbridge.rules.catalogue import example, schema
from mentionbridge.rules.tries import WAITS
from mentionbridge.settings import (
    AccountSection,
    BrandSection,
    FormSection,
    HelpdeskSection,
    HoursSection,
    PlaceSection,
    ProductSection,
    RecordsSection,
    RetentionSection,
    Settings,
    TargetsSection,
    TeamSection,
    TopicSection,
    WordingSection,
    load,
    plug_options,
)
from mentionbridge.telemetry.metrics import Metrics
from mentionbridge.web.problem import KINDS as PROBLEMS

ROOT = Path(__file__).parents[1]
SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
SRC = ROOT / "src" / "mentionbridge"
EXAMPLE = ROOT / "config.example.toml"
FOLDERS = [page for kind in ("platforms", "helpdesks") for page in SRC.glob(f"{kind}/*/README.md")]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *FOLDERS])
KEY = re.compile(r"^(?P<off>#?)(?P<key>[a-z_]+) = (?P<value>.+?)(?P<unset>  # unset)?$")
TABLE = re.compile(r"^(?P<off>#?)\[(?P<path>[a-z_.-]+)\]$")
by_page = pytest.mark.parametrize("page", PAGES, ids=[page.relative_to(ROOT).as_posix() for page in PAGES])


class Told(BaseModel):
    """One setting as the manual tells it."""

    table: str
    key: str
    value: Any
    unset: bool
    active: bool
    sentence: str


def manual() -> Iterator[Told]:
    """Read the manual line by line: `#key = default` and `key = value`, below their sentence."""
    table, prose = "", ""
    for line in EXAMPLE.read_text(encoding="utf-8").splitlines():
        if found := TABLE.match(line):
            table = found["path"]
        elif found := KEY.match(line):
            value = tomllib.loads(f"x = {found['value']}")["x"]
            yield Told(
                table=table,
                key=found["key"],
                value=value,
                unset=bool(found["unset"]),
                active=not found["off"],
                sentence=prose,
            )
        else:
            assert not line or line == "#" or line.startswith("# "), f"neither a setting nor prose: {line}"
        prose = line.removeprefix("# ") if line.startswith("# ") else ""


TABLES = {
    "topics",
    "places",
    "products",
    "teams",
    "accounts",
    "hours",
    "targets",
    "retention",
    "wording",
    "form",
    "records",
}
"""What of a brand has a table of its own."""

NAMED_TABLES = {"topics": TopicSection, "places": PlaceSection, "products": ProductSection, "teams": TeamSection}

SECTIONS = [
    BrandSection,
    TopicSection,
    PlaceSection,
    ProductSection,
    TeamSection,
    WordingSection,
    AccountSection,
    HoursSection,
    TargetsSection,
    RetentionSection,
    FormSection,
    RecordsSection,
    HelpdeskSection,
]


def plain(value: Any) -> Any:
    """Write a default as TOML would."""
    if isinstance(value, SecretStr | Path):
        return str(value)
    return list(value) if isinstance(value, tuple) else value


def model_of(table: str) -> tuple[type[BaseModel], set[str]]:
    """Return what a table of the manual is read into, and the fields that are tables of their own."""
    match table.split("."):
        case [section] if section in Settings.model_fields:
            return Settings.model_fields[section].annotation, set()  # type: ignore[return-value]
        case ["brands", _]:
            return BrandSection, TABLES
        case ["brands", _, ("hours" | "targets" | "retention" | "form" | "records") as section]:
            return BrandSection.model_fields[section].annotation, set()  # type: ignore[return-value]
        case ["brands", _, ("topics" | "places" | "products" | "teams") as section, _]:
            return NAMED_TABLES[section], set()
        case ["brands", _, "wording", _]:
            return WordingSection, set()
        case ["brands", _, "accounts", _]:
            return AccountSection, {"options"}
        case ["platforms", name]:
            return discover()[name].platform_options, set()
        case ["helpdesks", _]:
            return HelpdeskSection, {"options"}
        case ["helpdesks", name, "options"]:
            kind = next(each.value for each in manual() if each.table == f"helpdesks.{name}" and each.key == "helpdesk")
            return desk_kinds()[kind].options, set()
        case ["brands", _, "accounts", account, "options"]:
            return discover()[platform_of(account)].account_options, set()
    raise AssertionError(f"the manual has a table nobody reads: {table}")


def platform_of(account: str) -> str:
    return next(
        told.value for told in manual() if told.table == f"brands.acme.accounts.{account}" and told.key == "platform"
    )


def test_the_manual_loads_as_it_is() -> None:
    settings = load(EXAMPLE)
    assert [account.platform for account in settings.brands["acme"].accounts.values()] == ["demo"]


def test_the_manual_loads_with_every_line_switched_on(tmp_path: Path) -> None:
    whole = re.sub(r"^#(?=[a-z_\[])", "", EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    path = tmp_path / "config.toml"
    path.write_text(whole, encoding="utf-8")
    settings = load(path)
    accounts = settings.brands["acme"].accounts
    assert len(accounts) == 2
    for name, account in accounts.items():
        plug_options(discover()[account.platform].account_options, account.options, name)
    for name, desk in settings.helpdesks.items():
        plug_options(desk_kinds()[desk.helpdesk].options, desk.options, name)
    for name, options in settings.platforms.items():
        plug_options(discover()[name].platform_options, options, name)


@pytest.mark.parametrize("table", dict.fromkeys(told.table for told in manual()))
def test_a_table_of_the_manual_has_every_key_and_no_other(table: str) -> None:
    model, tables = model_of(table)
    told = [each.key for each in manual() if each.table == table]
    assert len(told) == len(set(told)), "a key is told twice"
    brief = table.split(".")[2:3] == ["topics"] or model in (AccountSection, HelpdeskSection)
    expected = set(model.model_fields) - tables
    if not brief:
        assert set(told) == expected
    assert set(told) <= expected


@pytest.mark.parametrize("model", SECTIONS)
def test_every_key_of_a_brand_stands_somewhere(model: type[BaseModel]) -> None:
    told = {each.key for each in manual() if model_of(each.table)[0] is model}
    assert told == set(model.model_fields) - {
        BrandSection: TABLES,
        AccountSection: {"options"},
        HelpdeskSection: {"options"},
    }.get(model, set())


def test_no_section_is_left_out() -> None:
    assert {each.table.split(".")[0] for each in manual()} == set(Settings.model_fields)


def test_defaults_are_the_codes() -> None:
    for told in manual():
        field = model_of(told.table)[0].model_fields[told.key]
        where = f"{told.table}.{told.key}"
        if told.active or field.is_required():
            continue
        if told.unset:
            assert field.default is None, f"{where} has the default {field.default!r}; write it down"
        else:
            assert told.value == plain(field.default), where


def test_every_key_has_its_sentence() -> None:
    first: dict[tuple[type[BaseModel], str], Told] = {}
    for told in manual():
        first.setdefault((model_of(told.table)[0], told.key), told)
    for told in first.values():
        again = told.table.startswith(("brands.acme.accounts.acme-", "helpdesks.second"))
        if again and told.key in ("platform", "helpdesk", "brand"):
            continue
        assert re.match(r"[A-Z`].*\.$", told.sentence), f"{told.table}.{told.key} has no sentence: {told.sentence}"


@pytest.mark.parametrize("name", sorted(discover()))
def test_a_folders_readme_names_every_option(name: str) -> None:
    plug = discover()[name]
    folder = Path(str(sys.modules[type(plug).__module__].__file__)).parent
    page = (folder / "README.md").read_text(encoding="utf-8")
    for model in (plug.platform_options, plug.account_options):
        for option in model.model_fields:
            assert re.search(rf"\b{option}(?:_file)?\b", page), f"{name}/README.md does not name {option}"


@pytest.mark.parametrize("name", sorted(desk_kinds()))
def test_a_helpdesks_readme_names_every_option(name: str) -> None:
    page = (SRC / "helpdesks" / name / "README.md").read_text(encoding="utf-8")
    for option in desk_kinds()[name].options.model_fields:
        assert re.search(rf"\b{option}\b", page), f"{name}/README.md does not name {option}"


@by_page
def test_every_config_in_a_page_is_read(page: Path, tmp_path: Path) -> None:
    for block in re.findall(r"^```toml\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE):
        text = re.sub(r'(\w+)_file( *)= "/run/[^"]+"', rf'\1\2= "{SECRET}"', block)
        text += "" if re.search(r"^\[brands\.\w+\]", text, re.MULTILINE) else '\n[brands.acme]\nname = "Acme"\n'
        path = tmp_path / "config.toml"
        path.write_text(text, encoding="utf-8")
        settings = load(path)
        for brand in settings.brands.values():
            for name, account in brand.accounts.items():
                plug_options(discover()[account.platform].account_options, account.options, name)
        for name, options in settings.platforms.items():
            plug_options(discover()[name].platform_options, options, name)


@by_page
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if target.startswith(("http://", "https://")):
            continue
        file, _, part = target.partition("#")
        place = (page.parent / file).resolve() if file else page
        assert place.exists(), f"{page.name} links to {target}"
        assert not part or part in _anchors(place), f"{page.name} links to {target}"


def _anchors(page: Path) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head.lower()).strip().replace(" ", "-") for head in heads}


@by_page
def test_every_test_and_file_named_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for name in set(re.findall(r"`(test_[a-z_0-9]+)`", text)):
        assert name in _test_names(), f"{page.name} names {name}"
    for path in set(re.findall(r"`((?:tests|docs|deploy|migrations|requirements|src)/[\w./-]+)`", text)):
        assert (ROOT / path).exists(), f"{page.name} names {path}"
    if page.name == "ARCHITECTURE.md" or page.parent.name == "decisions" or page.name == "SECURITY.md":
        rooms = "|".join(sorted(each.name for each in SRC.iterdir() if each.is_dir() and each.name != "__pycache__"))
        for path in set(re.findall(rf"`((?:{rooms})/[\w/]*(?:\.py|\.toml)?)[`:]", text)):
            if path.endswith((".py", ".toml")) and "NAME" not in path:
                assert (SRC / path).exists(), f"{page.name} names {path}"


@cache
def _test_names() -> set[str]:
    found: set[str] = set()
    for file in (ROOT / "tests").rglob("test_*.py"):
        found |= {
            node.name
            for node in ast.walk(ast.parse(file.read_text()))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        found.add(file.stem)
    return found


def test_every_dependency_has_its_sentence() -> None:
    page = (ROOT / "docs" / "decisions" / "0007-dependencies.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| `([\w-]+)` \| (\S.*\.) \|$", page, re.MULTILINE))
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)
    extras = project["project"]["optional-dependencies"].values()
    listed = [*project["project"]["dependencies"], *(each for extra in extras for each in extra)]
    listed += [*project["build-system"]["requires"], "editables"]
    named = {re.match(r"[\w-]+", each)[0].lower() for each in listed}  # type: ignore[index]
    assert set(told) == {name for name in named if not name.startswith("mentionbridge")}


def test_the_decisions_index_lists_every_decision() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = re.findall(r"\((\d{4}-[\w-]+\.md)\)", (folder / "README.md").read_text(encoding="utf-8"))
    assert sorted(listed) == sorted(page.name for page in folder.glob("0*.md"))
    for page in folder.glob("0*.md"):
        text = page.read_text(encoding="utf-8")
        if page.name != "0007-dependencies.md":
            for part in ("**Context.**", "**Decision.**", "**Consequences.**", "fail"):
                assert part in text, f"{page.name} lacks {part}"


def test_the_metrics_table_is_the_metrics() -> None:
    page = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `(mentionbridge_\w+)` \| ([\w, ]+) \| (.+) \|$", page, re.MULTILINE)
    collectors = {id(each): each for each in Metrics().registry._collector_to_names}
    real = [
        (
            f"{each._name}_total" if each._type == "counter" else each._name,
            ", ".join(each._labelnames),
            each._documentation,
        )
        for each in collectors.values()
    ]
    assert sorted(told) == sorted(real)


def test_the_feeds_page_is_made_from_the_catalogue() -> None:
    page = (ROOT / "docs" / "feed.md").read_text(encoding="utf-8")
    assert page == rewritten(page), "run `make docs`: it writes the types and their examples from domain/meanings.py"


def test_every_type_has_its_meaning_and_is_sent_by_something() -> None:
    assert list(MEANINGS) == list(EventType), "give it a meaning, facts and example in domain/meanings.py"
    code = "".join(path.read_text() for path in SRC.rglob("*.py") if not path.is_relative_to(SRC / "domain"))
    assert [each for each in EventType if not re.search(rf"EventType\.{each.name}\b", code)] == []


def test_every_types_example_fits_its_schema() -> None:
    for type_ in EventType:
        Draft202012Validator(schema(type_), format_checker=FormatChecker()).validate(example(type_))


def test_the_feeds_schedule_is_the_codes() -> None:
    page = (ROOT / "docs" / "feed.md").read_text(encoding="utf-8")
    units = {"s": 1, "min": 60, "h": 3600}
    line = re.search(r"\*\*Again\*\* after (.+?), each", page)
    assert line
    told = [int(number) * units[unit] for number, unit in re.findall(r"(\d+) (s|min|h)\b", line[1])]
    assert told == [wait.total_seconds() for wait in WAITS[1:]]
    assert "After ten attempts" in page
    assert len(WAITS) == 10


def test_the_verifying_example_verifies() -> None:
    page = (ROOT / "docs" / "feed.md").read_text(encoding="utf-8")
    example = re.search(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    assert example
    secret, body, now = "whsec_" + "c2VjcmV0" * 6, b'{"type":"ticket.opened"}', datetime.now(UTC)
    stamp = str(int(now.timestamp()))
    headers = {
        "webhook-id": "evt_1",
        "webhook-timestamp": stamp,
        "webhook-signature": Webhook(secret).sign("evt_1", now, body.decode()),
    }
    found: dict[str, Any] = {"secret": secret, "body": body, "headers": headers}
    exec(example[1], found)
    assert found["event"] == {"type": "ticket.opened"}


def test_the_problems_are_the_codes_and_every_one_is_met_by_a_test() -> None:
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `([a-z_0-9]+)` \| (\d{3}) \| (.+) \| (yes|no) \|$", page, re.MULTILINE)
    assert told == [
        (code, str(kind.status), kind.title, "yes" if kind.retryable else "no") for code, kind in PROBLEMS.items()
    ]
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests" / "api").glob("*.py"))
    assert [code for code in PROBLEMS if code != "conflict" and f'"{code}"' not in tests] == []


async def test_the_apis_table_is_the_openapi_document(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `([A-Z]+ /\S+)` \| (.+) \|$", page, re.MULTILINE)
    async with opened(demo_settings(f"sqlite:///{tmp_path}/a.sqlite", tmp_path), migrate=True) as bridge:
        paths = web_app(bridge).openapi()["paths"]
    real = [
        (f"{method.upper()} {path}", does["summary"]) for path, ways in paths.items() for method, does in ways.items()
    ]
    assert sorted(told) == sorted(real)


EXCHANGE = re.compile(
    r"^```http\n(?P<ask>.*?)^```\n\n(?:[^`].*\n\n)?```json\n(?P<answer>.*?)^```", re.DOTALL | re.MULTILINE
)


KINDS = {"tkt": "ticket", "rpl": "reply", "cmt": "commitment", "mnt": "mention", "cus": "customer", "inc": "incident"}
"""What later exchanges may name, by the beginnings of their ids."""


async def test_the_apis_examples_run(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    exchanges = [(found["ask"], json.loads(found["answer"])) for found in EXCHANGE.finditer(page)]
    assert len(exchanges) == page.count("```http") >= 9
    page_time = "2026-11-22T09:14:03Z"
    async with running(_by_approval(tmp_path)) as bridge:
        secret, _ = await bridge.app.tokens.create(
            "docs", list(Scope), [ALL_BRANDS], ["acme"], bridge.app.bridge.clock.now()
        )
        bridge.http.headers["authorization"] = f"Bearer {secret}"
        seen: dict[str, str] = {}
        for ask, answer in exchanges:
            if "{call_id}" in ask:
                seen["call_id"] = await _asked_for_a_call(bridge, seen["ticket_id"], seen["commitment_id"])
            # What was posted before an account was connected is imported silently, and the page does not age.
            await _exchange(bridge, ask.replace(page_time, bridge.app.bridge.clock.now().isoformat()), answer, seen)


async def _asked_for_a_call(bridge: Running, ticket_id: str, commitment_id: str) -> str:
    """Let somebody choose a slot in the form: the API only tells of it."""
    now = bridge.app.bridge.clock.now()
    slot = (now + timedelta(hours=2), now + timedelta(hours=3))
    told = (ticket_id, "frm_1", commitment_id, "+44 20 7946 0000", *slot, CallState.OPEN, Proof.NONE, now)
    async with bridge.app.store.writing() as uow:
        booked = await uow.calls.book(Call("acme", "cal_1", *told), 1)
    assert booked is not None
    return booked.id


def _by_approval(folder: Path) -> Settings:
    """The manual's own deployment, with a person who approves."""
    plain = demo_settings(f"sqlite:///{folder}/a.sqlite", folder)
    path = folder / "config.toml"
    path.write_text(EXAMPLE.read_text(encoding="utf-8").replace("#mode =", "mode =", 1), encoding="utf-8")
    return load(
        path, **{name: getattr(plain, name).model_dump() for name in ("server", "database", "secrets", "worker")}
    )


async def _exchange(bridge: Running, ask: str, answer: Any, seen: dict[str, str]) -> None:
    line, _, rest = ask.partition("\n")
    method, path = line.split()
    headers = dict(re.findall(r"^([\w-]+): (.+)$", rest.partition("\n\n")[0], re.MULTILINE))
    body = re.sub(r"^[\w-]+: .+\n", "", rest, flags=re.MULTILINE) if headers else rest
    path = re.sub(r"\{(\w+)\}", lambda name: seen[name[1]], path)
    body = re.sub(r'"\{(\w+)\}"', lambda name: json.dumps(seen[name[1]]), body)

    async def look() -> Any:
        found = await bridge.http.request(
            method, path, json=json.loads(body) if body.strip() else None, headers=headers
        )
        return found.json()

    got = await look()
    # What a worker does behind a request takes a moment; a read may be repeated, a write may not.
    for _ in range(100 if method == "GET" else 0):
        if _like(got, answer):
            break
        await asyncio.sleep(0.1)
        got = await look()
    assert _like(got, answer), f"{line}\n{json.dumps(got, indent=1)}"
    for item in got.get("items", [got]):
        kind = KINDS.get(str(item.get("id", "")).partition("_")[0])
        if kind:
            seen[f"{kind}_id"] = item["id"]


def _like(got: Any, told: Any) -> bool:
    """True when `got` has everything told; `…` stands for any text."""
    if isinstance(told, dict):
        return isinstance(got, dict) and all(key in got and _like(got[key], value) for key, value in told.items())
    if isinstance(told, list):
        return isinstance(got, list) and len(got) == len(told) and all(map(_like, got, told))
    if isinstance(told, str) and "…" in told:
        return isinstance(got, str) and re.fullmatch(re.escape(told).replace("…", ".+"), got, re.DOTALL) is not None
    return bool(got == told)


def test_the_operators_commands_run(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    steps = re.findall(r"^\$ (.+)\n((?:(?!\$ |```).*\n)*)", "".join(_consoles(page)), re.MULTILINE)
    assert len(steps) >= 6
    (tmp_path / "config.toml").write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    for command, expected in steps:
        program, *words = shlex.split(command)
        start = (
            [sys.executable]
            if program == "python"
            else [sys.executable, "-c", "from mentionbridge.cli import main; main()"]
        )
        done = subprocess.run([*start, *words], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}\n{done.stderr}"
        shown = done.stdout.splitlines()
        for number, line in enumerate(expected.splitlines()):
            assert _like(shown[number].rstrip(), line), f"{command} printed {shown[number]!r}"
    assert (tmp_path / "backup.sqlite").stat().st_size > 0


def _consoles(page: str) -> Iterator[str]:
    return (found[1] for found in re.finditer(r"^```console\n(.*?)^```", page, re.DOTALL | re.MULTILINE))


def test_the_readmes_commands_are_targets_of_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "docs" / "operating.md"):
        named = set(re.findall(r"(?:`|^)make ([a-z-]+)", page.read_text(encoding="utf-8"), re.MULTILINE))
        assert named, page.name
        assert named <= targets, page.name


def test_every_command_shows_an_example_of_itself() -> None:
    commands = list(_commands(get_command(app), ("mentionbridge",)))
    assert len(commands) >= 12
    for words, command in commands:
        assert f"Example: {' '.join(words)}" in (command.help or ""), words


def _commands(command: Any, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield words, command
        return
    for name, each in inner.items():
        yield from _commands(each, (*words, name))


@by_page
def test_every_setting_a_page_names_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for section, key in set(re.findall(r"`([a-z]+)\.([a-z_]+)`", text)):
        field = Settings.model_fields.get(section)
        model = getattr(field, "annotation", None)
        if isinstance(model, type) and issubclass(model, BaseModel) and page.name != "feed.md":
            assert key in model.model_fields, f"{page.name} names {section}.{key}"


def test_no_page_is_unfinished() -> None:
    for page in PAGES:
        assert page.read_text(encoding="utf-8").strip(), f"{page.name} is empty"
