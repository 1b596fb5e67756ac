"""How the pages read their forms; the words are remembered in case they cannot be posted."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.datastructures import UploadFile
from starlette.requests import Request

from mentionbridge.platforms.demo.pictures import MAX_BYTES


@dataclass(frozen=True, slots=True)
class Form:
    """A filled-in form."""

    fields: Mapping[str, str]
    picture: bytes | None

    def get(self, name: str) -> str:
        """Return a field, empty when it was not sent."""
        return self.fields.get(name, "")


async def read(request: Request) -> Form:
    """Read a form with at most one picture."""
    async with request.form(max_files=1, max_fields=10) as given:
        fields = {name: value for name, value in given.items() if isinstance(value, str)}
        picture = None
        if isinstance(file := given.get("picture"), UploadFile) and file.filename:
            picture = await file.read(MAX_BYTES + 1)
    if "text" in fields:
        request.state.words = fields["text"]
    return Form(fields, picture)
