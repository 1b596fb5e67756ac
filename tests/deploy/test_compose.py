"""The compose file is a compose file, and what it says of us is true.

`compose_spec.json` is the schema shipped with docker-compose 1.29.2 (Apache-2.0). The specification has since allowed a
project `name` at the top, so that is checked here and left out before the schema looks.
"""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from typer.main import get_command

from mentionbridge.cli.main import app
from mentionbridge.settings import PREFIX, load

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))
OURS = {name: service for name, service in COMPOSE["services"].items() if "build" in service}


def test_it_keeps_the_schema() -> None:
    schema = json.loads((HERE / "compose_spec.json").read_text(encoding="utf-8"))
    assert re.fullmatch(r"[a-z0-9][a-z0-9_-]*", COMPOSE["name"])
    whole = {key: value for key, value in COMPOSE.items() if key != "name"}
    wrong = [
        f"{'.'.join(map(str, e.path))}: {e.message}" for e in jsonschema.Draft7Validator(schema).iter_errors(whole)
    ]
    assert wrong == []


def test_the_schema_would_notice() -> None:
    schema = json.loads((HERE / "compose_spec.json").read_text(encoding="utf-8"))
    broken = {"services": {"web": {"image": "x", "healthchek": {}}}}
    assert list(jsonschema.Draft7Validator(schema).iter_errors(broken))


def test_everything_referred_to_is_there() -> None:
    for name, service in COMPOSE["services"].items():
        assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"]), name
        assert set(service.get("depends_on", {})) <= set(COMPOSE["services"]), name
        named = {volume.split(":")[0] for volume in service.get("volumes", []) if not volume.startswith(".")}
        assert named <= set(COMPOSE["volumes"]), name
    waits = {
        (other, how["condition"])
        for s in COMPOSE["services"].values()
        for other, how in s.get("depends_on", {}).items()
    }
    for other, condition in waits:
        if condition == "service_healthy":
            assert "test" in COMPOSE["services"][other]["healthcheck"]
        else:
            assert COMPOSE["services"][other]["restart"] == "no", "what must end must not be restarted"


def test_its_head_names_every_file_it_needs() -> None:
    head = (ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8").split("name: ")[0]
    assert "config.toml" in head
    for secret in COMPOSE["secrets"].values():
        assert Path(secret["file"]).as_posix() in head, secret


@pytest.mark.parametrize("name", OURS)
def test_our_services_run_without_rights(name: str) -> None:
    service = OURS[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert "privileged" not in service
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), "put TLS in front, not the world"


@pytest.mark.parametrize("name", OURS)
def test_its_commands_are_commands(name: str) -> None:
    program, command = OURS[name]["command"]
    assert program == "mentionbridge"
    assert command in get_command(app).commands  # type: ignore[attr-defined]


def test_its_environment_is_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for service in OURS.values():
        for name, value in service["environment"].items():
            assert name.startswith(PREFIX) or name in ("MENTIONBRIDGE_CONFIG", "PGPASSFILE"), name
            if name.startswith(PREFIX):
                monkeypatch.setenv(name, value)
    settings = load(None)
    assert settings.database.url.startswith("postgresql://")
    assert "@" in settings.database.url
    assert ":" not in settings.database.url.split("@")[0].removeprefix("postgresql://"), (
        "no password in the environment"
    )
    assert settings.secrets.key_file == Path("/run/secrets/key")


def test_it_stops_later_than_a_process_takes_to_finish() -> None:
    for service in OURS.values():
        assert int(service["stop_grace_period"].removesuffix("s")) > load(None).worker.grace_seconds * 2


def test_the_image_is_built_from_what_it_is_given() -> None:
    """Everything the Dockerfile copies is let through by .dockerignore, and it runs as nobody."""
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    given = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile, re.MULTILINE)
    assert {name for names in copied for name in names.split()} <= given
    assert re.search(r"^USER \d+:\d+$", dockerfile, re.MULTILINE)
    for name, value in re.findall(r"(MENTIONBRIDGE__\w+)=(\S+)", dockerfile):
        assert name.split("__")[1].lower() in ("server", "database", "logs"), (name, value)
