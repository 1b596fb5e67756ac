"""What every table of the config file is: unknown keys are errors, secrets may come from files."""

import difflib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator


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


def nearest(word: str, known: set[str]) -> str:
    """Name the known word that is nearest to one nobody knows, or all of them."""
    near = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.4)
    return f" Did you mean {near[0]}?" if near else f" Known here: {', '.join(sorted(known))}."
