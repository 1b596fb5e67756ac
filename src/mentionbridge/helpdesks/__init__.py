"""Helpdesks, one folder each, found and never listed."""

import pkgutil
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points

from mentionbridge.domain.errors import SetupError
from mentionbridge.helpdesks.plug import DeskPlug

ENTRY_POINTS = "mentionbridge.helpdesks"


@cache
def discover() -> dict[str, DeskPlug]:
    """Return every installed plug by name: the folders beside this file, and third parties' entry points."""
    folders = (module for module in pkgutil.iter_modules(__path__) if module.ispkg)
    found: list[DeskPlug] = [import_module(f"{__name__}.{folder.name}").plug for folder in folders]
    found += [point.load() for point in entry_points(group=ENTRY_POINTS)]
    return {plug.name: plug for plug in found}


def named(name: str) -> DeskPlug:
    """Return one plug; raises SetupError naming the installed ones."""
    plugs = discover()
    if name not in plugs:
        raise SetupError(f"There is no kind of helpdesk {name!r}; installed are: {', '.join(sorted(plugs))}.")
    return plugs[name]
