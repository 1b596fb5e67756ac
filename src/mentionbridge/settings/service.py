"""The tables of the service itself: server, database, secrets, worker, log, network, judge and demo."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from mentionbridge.settings.section import Section


class Server(Section):
    """Where we listen and how the world reaches us."""

    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    public_url: str = "http://127.0.0.1:8000"
    trusted_proxies: tuple[str, ...] = ()
    metrics_token: str | None = None
    requests_per_minute: int = Field(1200, ge=1, le=10_000_000)


class DatabaseSection(Section):
    """Where everything is kept."""

    url: str = "sqlite:///data/mentionbridge.sqlite"
    files: Path | None = None


class Secrets(Section):
    """The key that seals stored secrets."""

    key_file: Path | None = None


class WorkerSection(Section):
    """How eagerly the worker works."""

    tick_seconds: float = Field(0.5, gt=0, le=60)
    lease_seconds: float = Field(30.0, ge=2, le=600)
    grace_seconds: float = Field(8.0, ge=0, le=300)


class Logs(Section):
    """What we tell the operator."""

    format: Literal["console", "json"] = "console"
    level: Literal["debug", "info", "warning", "error"] = "info"


class NetSection(Section):
    """HTTP that leaves this machine."""

    allow_networks: tuple[str, ...] = ()
    proxy: str | None = None
    ca_file: Path | None = None
    timeout_seconds: float = Field(20.0, gt=0, le=120)


class JudgeSection(Section):
    """What posts are judged by."""

    weights: Path | None = None
    tier: Literal["default", "accurate"] = "default"
    scale: Literal["all", "brands"] = "all"


class DemoSection(Section):
    """The `demo` command."""

    public: bool = False
