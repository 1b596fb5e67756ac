"""Draws a picture anew, so that only its pixels are kept. Pure."""

from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError

from mentionbridge.ports.media import MediaRefused, Picture

MAX_PIXELS = 40_000_000
MAX_BYTES = 10 * 1024 * 1024
_READABLE = ("JPEG", "PNG", "WEBP", "GIF")
_LOSSLESS = ("PNG", "GIF")
_QUALITIES = (85, 60)
_WHITE = (255, 255, 255)


def reencode(body: bytes) -> Picture:
    """Return the first frame upright, without metadata, as PNG or JPEG; raises MediaRefused for anything odd.

    PNG and GIF, and whatever is transparent, become PNG; the rest, and what would be too large as PNG, JPEG.
    """
    image, lossless = _read(body)
    if lossless or image.mode == "RGBA":
        png = _png(image)
        if len(png.body) <= MAX_BYTES:
            return png
    for quality in _QUALITIES:
        jpeg = _jpeg(image, quality)
        if len(jpeg.body) <= MAX_BYTES:
            return jpeg
    raise MediaRefused("the picture is too large to keep")


def _read(body: bytes) -> tuple[Image.Image, bool]:
    try:
        with Image.open(BytesIO(body), formats=_READABLE) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise MediaRefused(f"the picture has more than {MAX_PIXELS // 1_000_000} million pixels")
            return _plain(ImageOps.exif_transpose(opened)), opened.format in _LOSSLESS
    except UnidentifiedImageError:
        raise MediaRefused("this is not an image we can read") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise MediaRefused("the picture unpacks to far more than it shows") from None
    except MediaRefused:
        raise
    except Exception:
        # Decoders fail on hostile bytes in as many ways as there are decoders.
        raise MediaRefused("the picture is damaged") from None


def _plain(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):
        image = image.point(lambda level: level * (1 / 256)).convert("L")
    plain = image.convert("RGBA" if image.has_transparency_data else "RGB")
    # Writers copy comments and profiles from here.
    plain.info.clear()
    return plain


def _png(image: Image.Image) -> Picture:
    out = BytesIO()
    image.save(out, "PNG")
    return Picture("image/png", out.getvalue(), *image.size)


def _jpeg(image: Image.Image, quality: int) -> Picture:
    if image.mode == "RGBA":
        paper = Image.new("RGB", image.size, _WHITE)
        paper.paste(image, mask=image)
        image = paper
    out = BytesIO()
    image.save(out, "JPEG", quality=quality)
    return Picture("image/jpeg", out.getvalue(), *image.size)
