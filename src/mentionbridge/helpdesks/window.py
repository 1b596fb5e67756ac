"""A cursor over ids that are given before they are stored, so that a lower one may show up after a higher one."""

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Window:
    """The newest id seen, and which of the `width` ids up to it have been seen too."""

    newest: int
    seen: frozenset[int]
    width: int

    @classmethod
    def parse(cls, cursor: str, width: int) -> "Window":
        """Read a cursor as `str` writes it."""
        newest, _, seen = cursor.partition(":")
        return cls(int(newest), frozenset(map(int, filter(None, seen.split(",")))), width)

    @property
    def start(self) -> int:
        """Ask for ids behind this one."""
        return max(self.newest - self.width, 0)

    def is_new(self, number: int) -> bool:
        """True for an id that has not been seen."""
        return number > self.start and number not in self.seen

    def after(self, ids: Collection[int]) -> "Window":
        """The window once these have been seen too."""
        newest = max([self.newest, *ids])
        kept = frozenset(number for number in {*self.seen, *ids} if number > newest - self.width)
        return Window(newest, kept, self.width)

    def __str__(self) -> str:
        return f"{self.newest}:{','.join(map(str, sorted(self.seen)))}"
