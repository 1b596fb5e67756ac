"""What each platform folder brings to the contract tests; what is missing is said in a sentence."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

from mentionbridge.domain.account import Account, Mode
from mentionbridge.domain.mention import Surface, Visibility
from mentionbridge.domain.reply import ReplyIntent, Target
from mentionbridge.platforms import discover
from mentionbridge.platforms.plug import Plug


class Missing(AssertionError):
    """The folder lacks something; the text says what to add."""


@dataclass(frozen=True)
class Folder:
    """One platform's folder."""

    plug: Plug

    @property
    def name(self) -> str:
        return self.plug.name

    @cached_property
    def path(self) -> Path:
        package = import_module(type(self.plug).__module__.rpartition(".")[0])
        return Path(str(package.__file__)).parent

    @cached_property
    def samples(self) -> list[Mapping[str, Any]]:
        """Every `samples/*.json` but the exchanges."""
        files = sorted(self.path.glob("samples/*.json"))
        found = [json.loads(file.read_text()) for file in files if file.name != "exchanges.json"]
        if not found:
            raise Missing(f"{self.path}/samples holds no sample: add one JSON file a shape (tests/contract/README.md).")
        for sample in found:
            if lacking := {"shape", "expect", "payload"} - sample.keys():
                raise Missing(f"a sample in {self.path}/samples lacks {', '.join(sorted(lacking))}.")
        return found

    @cached_property
    def exchanges(self) -> Mapping[str, Any]:
        """`samples/exchanges.json`."""
        file = self.path / "samples" / "exchanges.json"
        if not file.exists():
            raise Missing(f"{file} is missing: say there how the network answers (tests/contract/README.md).")
        return json.loads(file.read_text())

    def told(self, key: str) -> Any:
        """Return one part of the exchanges."""
        if key not in self.exchanges:
            raise Missing(f"{self.path}/samples/exchanges.json lacks {key!r} (tests/contract/README.md).")
        return self.exchanges[key]

    def answer(self, name: str) -> Mapping[str, Any]:
        """Return one of the scripted answers."""
        answers = self.told("answers")
        if name not in answers:
            raise Missing(f"{self.path}/samples/exchanges.json lacks the answer {name!r} (tests/contract/README.md).")
        return answers[name]

    def read(self, payload: Any) -> Any:
        """Read a payload as the plug does."""
        if not hasattr(self.plug, "read"):
            raise Missing(f"the plug {self.name!r} has no read(payload) -> Item (tests/contract/README.md).")
        return self.plug.read(payload)

    @cached_property
    def now(self) -> datetime:
        return datetime.fromisoformat(self.told("clock"))

    @cached_property
    def account(self) -> Account:
        return Account("acme", "acme", self.name, Mode.AUTO, 1.0)

    def intent(self, text: str = "Sorry to hear that, Sam.", key: str = "k-0001") -> ReplyIntent:
        """Return a public answer to the scripted target."""
        told = self.told("target")
        target = Target(
            external_id=told["external_id"],
            thread_id=told["thread_id"],
            author_external_id=told["author_external_id"],
            author_handle=told["author_handle"],
            visibility=Visibility(told["visibility"]),
            occurred_at=datetime.fromisoformat(told["occurred_at"]),
            ref=told.get("ref", {}),
        )
        return ReplyIntent("rpl_1", key, Surface.PUBLIC, target.visibility, text, "en", target, self.now)


FOLDERS = [Folder(plug) for _, plug in sorted(discover().items())]
NAMES = [folder.name for folder in FOLDERS]
