"""A picture is drawn anew: upright, small, and nothing but pixels."""

import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image, PngImagePlugin

from mentionbridge.net import pictures
from mentionbridge.net.pictures import reencode
from mentionbridge.ports.media import MediaRefused

RED, BLUE = (250, 5, 5), (5, 5, 250)
SECRET = b"Lindenweg 12, where she lives"


def drawn(mode: str = "RGB", size: tuple[int, int] = (40, 20), colour: object = RED) -> Image.Image:
    return Image.new(mode, size, colour)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def shown(body: bytes) -> Image.Image:
    image = Image.open(BytesIO(body))
    image.load()
    return image


def close(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return all(abs(a - b) < 12 for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize(
    ("kind", "mode", "colour", "mime"),
    [
        ("JPEG", "RGB", RED, "image/jpeg"),
        ("JPEG", "L", 200, "image/jpeg"),
        ("JPEG", "CMYK", (0, 250, 250, 5), "image/jpeg"),
        ("PNG", "RGB", RED, "image/png"),
        ("PNG", "RGBA", (*RED, 90), "image/png"),
        ("PNG", "1", 1, "image/png"),
        ("PNG", "LA", (9, 90), "image/png"),
        ("WEBP", "RGB", RED, "image/jpeg"),
        ("WEBP", "RGBA", (*RED, 90), "image/png"),
        ("GIF", "P", 3, "image/png"),
    ],
)
def test_what_comes_in_and_what_comes_out(kind, mode, colour, mime):
    picture = reencode(encoded(drawn(mode, colour=colour), kind))
    assert (picture.mime, picture.width, picture.height) == (mime, 40, 20)
    assert shown(picture.body).size == (40, 20)
    assert shown(picture.body).format == mime.removeprefix("image/").upper()


def test_sixteen_bits_of_grey_keep_their_shade():
    body = encoded(drawn("I;16", colour=32768), "PNG")
    assert close(shown(reencode(body).body).convert("RGB").getpixel((1, 1)), (128, 128, 128))


def test_a_photo_is_turned_upright_and_forgets_where_it_was_taken():
    image = drawn(size=(40, 20))
    image.paste(BLUE, (0, 0, 20, 20))
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = SECRET.decode()
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    body = encoded(image, "JPEG", exif=exif, comment=SECRET, quality=95)
    assert SECRET in body
    picture = reencode(body)
    turned = shown(picture.body)
    assert (picture.width, picture.height) == turned.size == (20, 40)
    assert close(turned.getpixel((10, 2)), BLUE)
    assert close(turned.getpixel((10, 37)), RED)
    assert not turned.getexif()
    assert SECRET not in picture.body


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_no_metadata_survives(kind):
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", SECRET.decode())
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    options = {"exif": exif, "icc_profile": SECRET, "xmp": SECRET} | ({"pnginfo": text} if kind == "PNG" else {})
    body = encoded(drawn(), kind, **options)
    assert SECRET in body
    picture = reencode(body)
    assert SECRET not in picture.body
    assert not {"exif", "icc_profile", "xmp", "comment", "Author"} & set(shown(picture.body).info)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_only_the_first_frame_is_kept(kind):
    body = encoded(drawn(), kind, save_all=True, append_images=[drawn(colour=BLUE)])
    assert getattr(shown(body), "n_frames", 1) == 2
    still = shown(reencode(body).body)
    assert getattr(still, "n_frames", 1) == 1
    assert close(still.convert("RGB").getpixel((3, 3)), RED)


def test_see_through_stays_see_through():
    body = encoded(drawn("P", colour=0), "GIF", transparency=0)
    assert shown(reencode(body).body).convert("RGBA").getpixel((1, 1))[3] == 0


def test_a_png_too_large_becomes_a_jpeg_on_white(monkeypatch):
    monkeypatch.setattr(pictures, "MAX_BYTES", 5_000)
    noise = Image.effect_noise((120, 120), 90).convert("RGB")
    noise.putalpha(0)
    picture = reencode(encoded(noise, "PNG"))
    assert picture.mime == "image/jpeg"
    assert close(shown(picture.body).getpixel((5, 5)), (255, 255, 255))


def test_what_stays_too_large_is_refused(monkeypatch):
    monkeypatch.setattr(pictures, "MAX_BYTES", 500)
    with pytest.raises(MediaRefused, match="too large to keep"):
        reencode(encoded(Image.effect_noise((120, 120), 90), "PNG"))


def png_claiming(width: int, height: int) -> bytes:
    """A few bytes that say they are a huge picture."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("size", "why"),
    [((8000, 5001), "40 million pixels"), ((10_000, 10_000), "unpacks"), ((60_000, 60_000), "unpacks")],
)
def test_decompression_bombs_are_not_opened(size, why):
    with pytest.raises(MediaRefused, match=why):
        reencode(png_claiming(*size))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"%PDF-1.7",
        encoded(drawn(), "BMP"),
        encoded(drawn(), "TIFF"),
        encoded(drawn("L", colour=3), "PPM"),
    ],
    ids=["empty", "svg", "pdf", "bmp", "tiff", "ppm"],
)
def test_other_formats_are_refused(body):
    with pytest.raises(MediaRefused, match="not an image we can read"):
        reencode(body)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_broken_files_are_refused_whatever_is_broken(kind):
    whole = encoded(Image.effect_noise((60, 60), 90).convert("RGB"), kind)
    refused = 0
    for place in range(4, len(whole), max(1, len(whole) // 60)):
        for body in (whole[:place], whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :]):
            try:
                reencode(body)
            except MediaRefused:
                refused += 1
    assert refused > 10
