"""The operator's configuration: `config.toml`, each key also as `MENTIONBRIDGE__SECTION__KEY`.

`config.example.toml` is the manual. Unknown keys are errors that name the nearest right key; any secret may be given as
`…_file`.
"""

import difflib
import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

PREFIX = "MENTIONBRIDGE__"


class ConfigError(ValueError):
    """The configuration is wrong; the text says where, why and what to write instead."""


class Section(BaseModel):
    """A table of the config file: unknown keys are errors, secrets may come from files."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _secrets_from_files(cls, data: Any) -> Any:
        return secrets_from_files(data, set(cls.model_fields))


def secrets_from_files(data: Any, fields: set[str]) -> Any:
    """Replace every `x_file` by `x` with the file's first line, where `x` is a field and `x_file` is not."""
    if not isinstance(data, dict):
        return data
    told = {k for k in data if isinstance(k, str) and k.endswith("_file") and k not in fields and k[:-5] in fields}
    return {k: v for k, v in data.items() if k not in told} | {k[:-5]: _first_line(k, data[k]) for k in told}


def _first_line(key: str, path: Any) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip().splitlines()[0].strip()
    except (OSError, IndexError, TypeError) as error:
        raise ValueError(f"{key} = {path!r} cannot be read or is empty; put the secret alone into that file") from error


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


class DemoSection(Section):
    """The `demo` command."""

    public: bool = False


Occasion = Literal[
    "acknowledge", "hand_off", "off_hours", "incident", "more_details", "resolved", "personal_data", "praise"
]
Letting = Literal["auto", "approve", "off"]
Address = Literal["formal", "familiar"]
Question = Literal["order_number", "model", "place", "phone"]


class TopicSection(Section):
    """Something people complain about: how we name it, and the words that give it away."""

    name: str = Field(min_length=1, max_length=60)
    words: tuple[str, ...] = Field(min_length=1)
    names: dict[str, str] = {}
    questions: tuple[Question, ...] = ()


class FormSection(Section):
    """The private form that an acknowledgement leads to."""

    enabled: bool = False
    colour: str = Field("#1f4e79", pattern=r"^#[0-9a-fA-F]{6}$")
    questions: tuple[Question, ...] = ("phone",)
    days: int = Field(14, ge=1, le=365)
    shows_story: bool = True
    calls_at_once: int = Field(0, ge=0, le=100)
    call_minutes: int = Field(30, ge=5, le=240)
    call_notice_minutes: int = Field(60, ge=0, le=10_080)
    call_days: int = Field(5, ge=1, le=30)


class PlaceSection(Section):
    """Somewhere people write about: its name, and the words that give it away."""

    name: str = Field(min_length=1, max_length=60)
    words: tuple[str, ...] = Field(min_length=1)


class WordingSection(Section):
    """Phrasings for one occasion in one language."""

    kind: Occasion = "acknowledge"
    lang: str | None = None
    tone: Address | None = None
    texts: tuple[str, ...] = Field(min_length=1)


class TeamSection(Section):
    """Who looks after which topics at which places; none named means all."""

    topics: tuple[str, ...] = ()
    places: tuple[str, ...] = ()


class AccountSection(Section):
    """The brand's presence on one platform."""

    platform: str
    mode: Letting | None = None
    modes: dict[Occasion, Letting] = {}
    poll_seconds: float | None = Field(None, gt=0, le=3600)
    max_ack_age_hours: float = Field(6.0, gt=0, le=168)
    review_from: float = Field(0.11, ge=0, le=1)
    auto_from: float = Field(0.74, ge=0, le=1)
    most_per_hour: int = Field(500, ge=0, le=100_000)
    most_per_author: int = Field(3, ge=0, le=1000)
    draft_hours: float = Field(72.0, gt=0, le=8760)
    spend_per_day: float | None = Field(None, gt=0, le=1_000_000)
    options: dict[str, Any] = {}


class HoursSection(Section):
    """When the desk works: spans such as `09:00-17:00` in the zone's own time; a day left out is closed."""

    time_zone: str = "UTC"
    monday: tuple[str, ...] = ()
    tuesday: tuple[str, ...] = ()
    wednesday: tuple[str, ...] = ()
    thursday: tuple[str, ...] = ()
    friday: tuple[str, ...] = ()
    saturday: tuple[str, ...] = ()
    sunday: tuple[str, ...] = ()
    quiet: tuple[str, ...] = ()
    holidays: str | None = None
    closed: tuple[date, ...] = ()


class TargetsSection(Section):
    """How soon a person's first and next answers are due, in working hours, for tickets of each priority."""

    urgent_first_hours: float = Field(1.0, gt=0, le=10_000)
    urgent_next_hours: float = Field(1.0, gt=0, le=10_000)
    high_first_hours: float = Field(2.0, gt=0, le=10_000)
    high_next_hours: float = Field(4.0, gt=0, le=10_000)
    normal_first_hours: float = Field(8.0, gt=0, le=10_000)
    normal_next_hours: float = Field(8.0, gt=0, le=10_000)
    low_first_hours: float = Field(24.0, gt=0, le=10_000)
    low_next_hours: float = Field(24.0, gt=0, le=10_000)


class HelpdeskSection(Section):
    """A desk that mirrors a brand's tickets."""

    helpdesk: str
    brand: str
    poll_seconds: float | None = Field(None, gt=0, le=3600)
    look_seconds: float | None = Field(None, ge=10, le=86_400)
    options: dict[str, Any] = {}


class RetentionSection(Section):
    """How long words are kept, and what nobody waits for any more, in days."""

    words_days: int | None = Field(None, ge=1, le=36_500)
    payloads_days: int | None = Field(30, ge=1, le=36_500)
    settled_days: int | None = Field(30, ge=1, le=36_500)


class BrandSection(Section):
    """A name we answer for."""

    name: str = Field(min_length=1)
    lang: str = "en"
    languages: tuple[str, ...] = ()
    tone: Address = "formal"
    generic_topic: str | None = None
    generic_topics: dict[str, str] = {}
    reference: bool = False
    topics: dict[str, TopicSection] = {}
    wording: dict[str, WordingSection] = {}
    templates: tuple[str, ...] = ()
    places: dict[str, PlaceSection] = {}
    teams: dict[str, TeamSection] = {}
    hours: HoursSection = HoursSection()
    targets: TargetsSection = TargetsSection()
    retention: RetentionSection = RetentionSection()
    form: FormSection = FormSection()
    accounts: dict[str, AccountSection] = {}

    @model_validator(mode="after")
    def _teams_name_what_exists(self) -> Self:
        for team, section in self.teams.items():
            for kind, named, known in (
                ("topics", section.topics, self.topics),
                ("places", section.places, self.places),
            ):
                if wrong := sorted(set(named) - set(known)):
                    raise ValueError(f"teams.{team}.{kind} names {wrong[0]!r}.{_nearest(wrong[0], set(known))}")
        return self


class Settings(BaseSettings):
    """The whole configuration."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True, toml_file=None
    )

    server: Server = Server()
    database: DatabaseSection = DatabaseSection()
    secrets: Secrets = Secrets()
    worker: WorkerSection = WorkerSection()
    logs: Logs = Logs()
    net: NetSection = NetSection()
    judge: JudgeSection = JudgeSection()
    demo: DemoSection = DemoSection()
    platforms: dict[str, dict[str, Any]] = {}
    brands: dict[str, BrandSection] = {}
    helpdesks: dict[str, HelpdeskSection] = {}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return env_settings, init_settings


def load(path: Path | None, **overrides: Any) -> Settings:
    """Read the config file (None: defaults and environment alone); raises ConfigError with one sentence."""
    data = _read(path) if path is not None else {}
    for section, values in overrides.items():
        data[section] = {**data.get(section, {}), **values}
    _refuse_unknown_environment()
    try:
        settings = Settings(**data)
    except ValidationError as error:
        raise ConfigError(_sentence(error, path)) from error
    _check_accounts(settings)
    _check_helpdesks(settings)
    return settings


def _read(path: Path) -> dict[str, Any]:
    try:
        # A container runtime puts an empty folder where a file it should mount does not exist.
        if not path.is_file():
            raise ConfigError(f"There is no config file {path}; copy config.example.toml there and edit it.")
        return dict(TomlConfigSettingsSource(Settings, path).toml_data)
    except (OSError, ValueError) as error:
        if isinstance(error, ConfigError):
            raise
        raise ConfigError(f"{path} is not valid TOML: {error}.") from error


def _refuse_unknown_environment() -> None:
    sections = set(Settings.model_fields)
    for name in os.environ:
        section = name.removeprefix(PREFIX).split("__")[0].lower()
        if name.startswith(PREFIX) and section not in sections:
            raise ConfigError(f"The environment variable {name} sets no known section.{_nearest(section, sections)}")


def _check_accounts(settings: Settings) -> None:
    seen: dict[str, str] = {}
    for brand_id, brand in settings.brands.items():
        for account_id in brand.accounts:
            if account_id in seen:
                raise ConfigError(
                    f"Two accounts are named {account_id!r} (brands {seen[account_id]} and {brand_id}); "
                    "an account's name is part of its webhook address, give each its own."
                )
            seen[account_id] = brand_id


def _check_helpdesks(settings: Settings) -> None:
    for name, desk in settings.helpdesks.items():
        if desk.brand not in settings.brands:
            raise ConfigError(
                f"helpdesks.{name}.brand is no brand of ours.{_nearest(desk.brand, set(settings.brands))}"
            )


def _sentence(error: ValidationError, path: Path | None) -> str:
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    place = f"{path}: " if path else ""
    if first["type"] == "extra_forbidden":
        return f"{place}{where} is not a key we know.{_nearest(str(first['loc'][-1]), _siblings(first['loc']))}"
    return f"{place}{where}: {first['msg']}."


def _nearest(word: str, known: set[str]) -> str:
    near = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.4)
    return f" Did you mean {near[0]}?" if near else f" Known here: {', '.join(sorted(known))}."


def _siblings(loc: tuple[int | str, ...]) -> set[str]:
    model: Any = Settings
    for part in loc[:-1]:
        model = _inner(model, str(part))
    return set(getattr(model, "model_fields", {}))


def _inner(model: Any, part: str) -> Any:
    fields = getattr(model, "model_fields", None)
    if fields is None:
        return model
    annotation = fields[part].annotation if part in fields else model
    return next(_models_in(annotation), annotation)


def _models_in(annotation: Any) -> Iterator[Any]:
    for inner in (annotation, *getattr(annotation, "__args__", ())):
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield inner


def plug_options(model: Any, data: dict[str, Any], where: str) -> Any:
    """Validate a plug's own options; raises ConfigError naming the key."""
    try:
        return model(**data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join([where, *(str(part) for part in first["loc"])])
        if first["type"] == "extra_forbidden":
            raise ConfigError(
                f"{key} is not a key we know.{_nearest(str(first['loc'][-1]), set(model.model_fields))}"
            ) from error
        raise ConfigError(f"{key}: {first['msg']}.") from error
