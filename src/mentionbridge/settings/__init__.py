"""The operator's configuration: `config.toml`, each key also as `MENTIONBRIDGE__SECTION__KEY`.

`config.example.toml` is the manual. Unknown keys are errors that name the nearest right key; any secret may be given as
`…_file`.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from mentionbridge.settings.brand import (
    AccountSection,
    BrandSection,
    FormSection,
    HelpdeskSection,
    HoursSection,
    PlaceSection,
    ProductSection,
    RecordsSection,
    RetentionSection,
    TargetsSection,
    TeamSection,
    TopicSection,
    WordingSection,
)
from mentionbridge.settings.section import ConfigError, Section, nearest, secrets_from_files
from mentionbridge.settings.service import (
    DatabaseSection,
    DemoSection,
    JudgeSection,
    Logs,
    NetSection,
    Secrets,
    Server,
    WorkerSection,
)

__all__ = [
    "PREFIX",
    "AccountSection",
    "BrandSection",
    "ConfigError",
    "FormSection",
    "HelpdeskSection",
    "HoursSection",
    "JudgeSection",
    "PlaceSection",
    "ProductSection",
    "RecordsSection",
    "RetentionSection",
    "Section",
    "Settings",
    "TargetsSection",
    "TeamSection",
    "TopicSection",
    "WordingSection",
    "load",
    "plug_options",
    "secrets_from_files",
]

PREFIX = "MENTIONBRIDGE__"


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
            raise ConfigError(f"The environment variable {name} sets no known section.{nearest(section, sections)}")


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
            raise ConfigError(f"helpdesks.{name}.brand is no brand of ours.{nearest(desk.brand, set(settings.brands))}")


def _sentence(error: ValidationError, path: Path | None) -> str:
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    place = f"{path}: " if path else ""
    if first["type"] == "extra_forbidden":
        return f"{place}{where} is not a key we know.{nearest(str(first['loc'][-1]), _siblings(first['loc']))}"
    return f"{place}{where}: {first['msg']}."


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
                f"{key} is not a key we know.{nearest(str(first['loc'][-1]), set(model.model_fields))}"
            ) from error
        raise ConfigError(f"{key}: {first['msg']}.") from error
