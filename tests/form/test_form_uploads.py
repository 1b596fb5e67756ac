"""What a form may bring along: pixels, and nothing else."""

import io
import zlib
from typing import Any

import httpx
import pytest
from PIL import Image

from fakes.form_world import Browser, FormWorld
from mentionbridge.ports.access import Scope
from mentionbridge.store import tables as t


def picture(kind: str = "JPEG", **more: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), (200, 60, 40)).save(out, kind, **more)
    return out.getvalue()


def with_place() -> bytes:
    exif = Image.Exif()
    exif[0x010E] = "SECRETPLACE"
    exif.get_ifd(0x8825)[1] = "N"
    return picture(exif=exif.tobytes())


def bomb() -> bytes:
    """A PNG of some kilobytes that says it is 30,000 by 30,000."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4, "big") + name + body + zlib.crc32(name + body).to_bytes(4, "big")

    size = (30_000).to_bytes(4, "big")
    head = chunk(b"IHDR", size + size + b"\x08\x02\x00\x00\x00")
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(1_000_000))) + chunk(b"IEND", b"")


async def at_form(place: FormWorld) -> Browser:
    browser = place.browser()
    await browser.opens()
    return browser


async def sends(browser: Browser, *files: tuple[str, bytes, str]) -> None:
    await browser.sends(files=[("photos", each) for each in files], message="see the photo")


async def test_a_photo_is_kept_without_what_it_tells_beside_its_pixels(place: FormWorld) -> None:
    browser = await at_form(place)
    polyglot = picture() + b"PK\x03\x04<script>alert(1)</script>SECRETPLACE"
    await sends(browser, ("a.jpg", with_place(), "image/jpeg"), ("b.jpg", polyglot, "image/jpeg"))
    assert browser.status == 200
    assert "see the photo" in browser.page and "Photos: 2" in browser.page
    assert "/v1/media/" not in browser.page, "that address is the team's"
    kept = await place.rows(t.uploads)
    assert len(kept) == 2
    for row in kept:
        assert b"SECRETPLACE" not in row.body and b"<script" not in row.body and b"PK\x03\x04" not in row.body
        assert (row.width, row.height, dict(Image.open(io.BytesIO(row.body)).getexif())) == (40, 30, {})
    headers = await place.site.token(Scope.READ)
    shown = await browser.http.get(f"/v1/media/{kept[0].id}", headers=headers)
    assert (shown.status_code, shown.headers["content-type"]) == (200, kept[0].mime)
    strangers = await place.site.token(Scope.READ, brands=["borealis"], name="other")
    assert (await browser.http.get(f"/v1/media/{kept[0].id}", headers=strangers)).status_code == 404


LIES = {
    "html": b"<html><script>alert(1)</script>",
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "pdf": b"%PDF-1.7 1 0 obj",
    "zip": b"PK\x03\x04" + bytes(100),
    "cut": picture()[:80],
    "tiff": picture("TIFF"),
    "bomb": bomb(),
}


@pytest.mark.parametrize("lie", LIES)
async def test_a_file_that_is_no_photo_is_refused_whatever_it_calls_itself(place: FormWorld, lie: str) -> None:
    browser = await at_form(place)
    await sends(browser, ("holiday.jpg", LIES[lie], "image/jpeg"))
    assert browser.status == 415 and "Nothing was sent" in browser.page and "see the photo" in browser.page
    assert await place.rows(t.uploads) == [] and await place.rows(t.form_lines) == []


async def test_six_photos_are_one_too_many(place: FormWorld) -> None:
    browser = await at_form(place)
    await sends(browser, *[(f"{n}.png", picture("PNG"), "image/png") for n in range(6)])
    assert browser.status == 422 and await place.rows(t.uploads) == []


@pytest.mark.parametrize("told", [True, False], ids=["with its length", "without"])
async def test_a_hundred_megabytes_are_refused_before_they_are_read(place: FormWorld, told: bool) -> None:
    browser, read = await at_form(place), 0

    async def endless() -> Any:
        nonlocal read
        for _ in range(100):
            read += 1
            yield bytes(1024 * 1024)

    headers = {"content-type": "multipart/form-data; boundary=x"}
    size = {"content-length": str(100 * 1024 * 1024)} if told else {}
    answer = await browser.http.post(browser.path, content=endless(), headers=headers | size)
    assert (answer.status_code, answer.headers["connection"]) == (413, "close")
    assert isinstance(answer, httpx.Response) and await place.rows(t.form_sessions) == []
    if told:
        assert read <= 1


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="csrf"\r\n\r\nhalf'),
        ("multipart/form-data; boundary=x", b"--x\r\nnonsense"),
        ("application/json", b'{"message": "x"}'),
        ("application/x-www-form-urlencoded", b"a=1&" * 5000),
        ("text/plain", b"message=x"),
    ],
)
async def test_a_body_that_is_no_form_of_ours_is_refused(place: FormWorld, content_type: str, body: bytes) -> None:
    browser = await at_form(place)
    answer = await browser.http.post(browser.path, content=body, headers={"content-type": content_type})
    assert answer.status_code == 403 and await place.rows(t.form_lines) == []
