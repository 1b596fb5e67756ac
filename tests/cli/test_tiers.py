"""Which tier judges, as the commands tell it; an encoder stands in for what `mentionbridge-accurate` ships."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from cli.conftest import Cli
from fakes.seconds import Sure
from mentionbridge.bootstrap.wiring import make_account
from mentionbridge.classify.rows import fingerprint, read
from mentionbridge.classify.scale import usual_thresholds
from mentionbridge.domain.account import Thresholds
from mentionbridge.settings import AccountSection

Install = Callable[..., None]


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Install:
    def given(*judges: Sure) -> None:
        entries = tuple(SimpleNamespace(load=lambda judge=judge: lambda: judge) for judge in judges)
        monkeypatch.setattr("mentionbridge.bootstrap.judging.entry_points", lambda **asked: entries)

    return given


@pytest.fixture
def rows(tmp_path: Path) -> str:
    told = "text,label\n@acme the parcel is late,1\n@acme what a lovely shop and thank you,0\n"
    (tmp_path / "rows.csv").write_text(told)
    return "rows.csv"


def test_each_tier_is_measured(cli: Cli, install: Install, rows: str) -> None:
    install(Sure(0.01))
    default, accurate = (json.loads(cli("evaluate", rows, "--tier", t, "--json").out) for t in ("default", "accurate"))
    assert (default["tier"], default["version"], default["accuracy"]["value"]) == ("default", "2", 1.0)
    assert (accurate["tier"], accurate["version"], accurate["accuracy"]["value"]) == ("accurate", "2+9", 0.5)
    assert (accurate["asked about"], accurate["policy"]["ticket_from"]) == (0.5, 0.08)
    assert "answered             0.0" in cli("evaluate", rows, "--tier", "accurate").out


def test_rows_the_encoder_was_taught_flatter(cli: Cli, install: Install, rows: str) -> None:
    judge = Sure(0.5)
    install(judge)
    assert "figures flatter" not in cli("evaluate", rows, "--tier", "accurate").err
    judge.learned_from = fingerprint(read(Path(rows)))
    assert "figures flatter" in cli("evaluate", rows, "--tier", "accurate").err


def test_a_missing_tier_is_one_sentence(cli: Cli, install: Install, rows: str) -> None:
    install()
    ran = cli("evaluate", rows, "--tier", "accurate")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.strip() == (
        "mentionbridge: The accurate tier is not installed; install mentionbridge[accurate], or leave `tier` alone."
    )


def test_a_scale_is_measured_and_a_wrong_one_named(cli: Cli, install: Install, rows: str) -> None:
    install(Sure(0.5))
    for tier in ("default", "accurate"):
        told = [cli("evaluate", rows, "--tier", tier, "--scale", scale, "--json").out for scale in ("all", "brands")]
        assert [json.loads(each)["version"].endswith("@brands") for each in told] == [False, True]
        every, brands = (json.loads(each)["policy"] for each in told)
        assert every["ticket_from"] < brands["ticket_from"] and every["auto_from"] < brands["auto_from"]
        assert [every[share] == brands[share] for share in ("reaching", "answered", "right")] == [True] * 3
    assert cli("evaluate", rows, "--scale", "some").err == "mentionbridge: --scale 'some' must be all or brands.\n"


@pytest.mark.parametrize("more", [("--cross-validate",), ("--against", "other.npz")])
def test_what_is_installed_is_neither_taught_nor_compared(
    cli: Cli, install: Install, rows: str, more: tuple[str, ...]
) -> None:
    install(Sure(0.9))
    ran = cli("evaluate", rows, "--tier", "accurate", *more)
    assert (ran.code, "not with --cross-validate or --against" in ran.err) == (2, True)


def test_doctor_says_which_tier_judges_and_what_the_other_takes(cli: Cli, install: Install, config: str) -> None:
    assert cli("migrate", "-c", config).code == 0
    install()
    assert "it takes mentionbridge[accurate]" in cli("doctor", "-c", config).out
    install(Sure(0.9))
    assert 'set tier = "accurate"' in cli("doctor", "-c", config).out
    Path(config).write_text(Path(config).read_text() + '\n[judge]\ntier = "accurate"\n')
    assert "The accurate tier judges" in cli("doctor", "-c", config).out
    install()
    ran = cli("doctor", "-c", config)
    assert (ran.code, "The accurate tier is not installed" in ran.out) == (1, True)


def test_thresholds_that_are_not_named_are_the_tiers_own() -> None:
    section = AccountSection(platform="demo", auto_from=0.9)
    alone, both = (make_account("acme", "a", section, usual_thresholds(one, None)) for one in (None, Sure(0.9)))
    assert alone.thresholds == Thresholds(0.09, 0.9)
    assert both.thresholds == Thresholds(0.08, 0.9)
