"""Adding a platform by the page in CONTRIBUTING touches no other file, and holds every contract the others hold."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "CONTRIBUTING.md"
COPIED = (
    "src",
    "tests",
    "migrations",
    "docs",
    "deploy",
    "pyproject.toml",
    "config.example.toml",
    "Makefile",
    "Dockerfile",
    "bench",
)
BLOCK = re.compile(r"^\*\*`(?P<path>pigeon/\S+)`\*\*\n\n```\w+\n(?P<body>.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks() -> dict[str, str]:
    """Return the page's files by their place."""
    return {found["path"]: found["body"] for found in BLOCK.finditer(PAGE.read_text(encoding="utf-8"))}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree with the page's folder in it, and nothing else changed."""
    tree = tmp_path_factory.mktemp("tree")
    skipped = shutil.ignore_patterns("__pycache__", "node_modules", "*.sqlite*")
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tree / name, ignore=skipped)
        else:
            shutil.copy(source, tree / name)
    for page in ROOT.glob("*.md"):
        shutil.copy(page, tree / page.name)
    for place, body in blocks().items():
        target = tree / "src" / "mentionbridge" / "platforms" / place
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(body, encoding="utf-8")
    return tree


def run(tree: Path, *command: str) -> str:
    """Run a tool of this environment in the copy and return what it said."""
    environment = {**os.environ, "PYTHONPATH": str(tree / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [str(Path(sys.executable).parent / command[0]), *command[1:]],
        cwd=tree,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


def test_the_page_holds_a_whole_folder() -> None:
    assert {Path(place).name for place in blocks()} == {
        "__init__.py",
        "plug.py",
        "wire.py",
        "platform.py",
        "post.json",
        "deleted.json",
        "exchanges.json",
        "README.md",
    }


def test_it_keeps_the_contract(copy: Path) -> None:
    said = run(copy, "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/contract", "-k", "pigeon")
    passed = re.search(r"(\d+) passed", said)
    assert passed
    assert int(passed[1]) >= 35, said


def test_the_floors_hold_with_it(copy: Path) -> None:
    assert "0 broken" in run(copy, "lint-imports", "--no-cache")


def test_platforms_that_know_each_other_are_found_out(copy: Path, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    shutil.copytree(copy, tree)
    wire = tree / "src" / "mentionbridge" / "platforms" / "pigeon" / "wire.py"
    wire.write_text("import mentionbridge.platforms.demo.wire\n" + wire.read_text())
    with pytest.raises(AssertionError, match=r"platforms\.pigeon"):
        run(tree, "lint-imports", "--no-cache")


def test_it_is_written_as_the_rest(copy: Path) -> None:
    folder = "src/mentionbridge/platforms/pigeon"
    run(copy, "ruff", "check", "--no-cache", folder)
    run(copy, "ruff", "format", "--no-cache", "--check", folder)
    run(copy, "mypy", "-p", "mentionbridge.platforms.pigeon")


def test_the_rules_of_the_house_and_the_docs_hold_with_it(copy: Path) -> None:
    rules = ("tests/test_house.py", "tests/test_docs.py", "-k", "not examples_run and not commands_run")
    run(copy, "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", *rules)


def test_it_is_installed_without_being_listed(copy: Path) -> None:
    told = run(copy, "python", "-c", "from mentionbridge.cli import main; main()", "platforms")
    assert re.search(r"^pigeon +experimental +poll +yes +200 +none +no$", told, re.MULTILINE), told


def test_one_from_a_package_of_its_own_is_found_by_its_entry_point(tmp_path: Path) -> None:
    package = tmp_path / "pigeon_post"
    for place, body in blocks().items():
        target = tmp_path / place.replace("pigeon/", "pigeon_post/", 1)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(body.replace("mentionbridge.platforms.pigeon", "pigeon_post"), encoding="utf-8")
    facts = tmp_path / "pigeon_post-1.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: pigeon-post\nVersion: 1\n")
    (facts / "entry_points.txt").write_text("[mentionbridge.platforms]\npigeon = pigeon_post:plug\n")
    done = subprocess.run(
        [sys.executable, "-c", "from mentionbridge.cli import main; main()", "platforms"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT / "src"), str(tmp_path)))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert package.is_dir()
    assert re.search(r"^pigeon +experimental", done.stdout, re.MULTILINE), done.stdout + done.stderr
