"""Pictures people attach: checked to be what they say before anybody sees them."""

import hashlib
import io
import warnings

from PIL import Image
from starlette.concurrency import run_in_threadpool

from mentionbridge.platforms.demo.acts import Denied, LiveNetwork, clean

MAX_BYTES = 5 * 1024 * 1024
MAX_PIXELS = 40_000_000
MAX_ALT = 300
_TYPES = {"PNG": "png", "JPEG": "jpeg", "GIF": "gif", "WEBP": "webp"}


async def keep(live: LiveNetwork, raw: bytes, alt: str) -> dict[str, str]:
    """Check a picture, keep it under the name of its digest and return it as a post shows it."""
    suffix = await run_in_threadpool(_check, raw)
    name = f"{hashlib.sha256(raw).hexdigest()[:32]}.{suffix}"
    live.keep_picture(name, raw)
    return {"name": name, "alt": clean(alt).replace("\n", " ")[:MAX_ALT]}


def media_type(name: str) -> str:
    """Return the media type of a kept picture."""
    return f"image/{name.rpartition('.')[2]}"


def _check(raw: bytes) -> str:
    if len(raw) > MAX_BYTES:
        raise Denied(413, "too_large", "A picture may have at most 5 MB.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(raw), formats=list(_TYPES))
            size, kind = image.width * image.height, str(image.format)
            image.verify()
    except Exception:
        # Pillow raises whatever its decoders stumble over.
        raise Denied(422, "bad_picture", "This is not a PNG, JPEG, GIF or WebP picture.") from None
    if size > MAX_PIXELS:
        raise Denied(422, "bad_picture", "This picture has too many pixels.")
    return _TYPES[kind]
