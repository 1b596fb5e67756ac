"""How the heart tells what happens without knowing logs or metrics."""

from typing import Any, Protocol


class Observer(Protocol):
    """Receives named moments such as `mention.stored` with ids and numbers, never words or secrets."""

    def saw(self, moment: str, **facts: Any) -> None:
        """Note one moment."""
