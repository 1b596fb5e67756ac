"""What the judge's own commands are given: labelled rows, a weights file, a tier."""

from pathlib import Path
from typing import Annotated

import typer

from mentionbridge.bootstrap.judging import second_judge
from mentionbridge.classify.distilling import Teacher
from mentionbridge.classify.distilling import read as read_teacher
from mentionbridge.classify.learned import LearnedJudge
from mentionbridge.classify.model import Weights, read, shipped
from mentionbridge.classify.rows import Row
from mentionbridge.classify.rows import read as read_rows
from mentionbridge.classify.scale import to_brands
from mentionbridge.domain.errors import SetupError
from mentionbridge.domain.second import Second

WeightsOption = Annotated[
    Path | None, typer.Option("--weights", metavar="FILE.npz", help="A weights file; unset takes the shipped one.")
]
TierOption = Annotated[str, typer.Option("--tier", help="`default` or `accurate`.")]
ScaleOption = Annotated[str, typer.Option("--scale", help="`all`, or `brands` for shares of posts said to brands.")]


def judge_of(weights: Path | None, tier: str, scale: str) -> LearnedJudge:
    """Return the judge of a weights file, a tier and a scale."""
    if scale not in ("all", "brands"):
        raise SetupError(f"--scale {scale!r} must be all or brands.")
    first, second = weights_of(weights), second_of(tier)
    return LearnedJudge(first, second, to_brands(first, second) if scale == "brands" else None)


def second_of(tier: str) -> Second | None:
    """Return the judge that a tier asks beside the first. Raises SetupError when it is unknown or not installed."""
    if tier not in ("default", "accurate"):
        raise SetupError(f"--tier {tier!r} must be default or accurate.")
    return second_judge(tier)


def rows_of(file: Path) -> list[Row]:
    """Read labelled rows. Raises SetupError with what is wrong with the file."""
    if not file.is_file():
        raise SetupError(f"There is no file {file}.")
    try:
        return read_rows(file)
    except (ValueError, UnicodeDecodeError) as error:
        raise SetupError(f"{file}: {error}.") from error


TeacherOption = Annotated[
    Path | None,
    typer.Option("--teacher", metavar="FILE.npz", help="What a slower judge says of copies of these rows."),
]


def teacher_of(file: Path | None, rows: list[Row]) -> Teacher | None:
    """Read a teacher's numbers. Raises SetupError when they are of other rows, or no numbers."""
    if file is None:
        return None
    try:
        teacher = read_teacher(file)
    except (ValueError, OSError) as error:
        raise SetupError(f"{file} cannot be read: {error}.") from error
    if not teacher.fits(rows):
        raise SetupError(f"{file} holds what a teacher says of other rows; make it anew with these.")
    return teacher


def weights_of(file: Path | None) -> Weights:
    """Read a weights file, or the shipped one. Raises SetupError with what is wrong with the file."""
    if file is None:
        return shipped()
    try:
        return read(file)
    except (ValueError, OSError) as error:
        raise SetupError(f"{file} cannot be read: {error}.") from error
