"""The pages: usable by form alone, safe against what people write and against other sites."""

import io
import re
from typing import Any

import httpx
import pytest
from PIL import Image

from fakes.demo_town import Gate, Town, collected, reply_to, town
from mentionbridge.domain.mention import Post
from mentionbridge.platforms.demo.drawing import broken_swing

EVIL = "<script>alert(1)</script>"


async def _get(place: Town, path: str = "") -> str:
    answer = await place.browser.get(f"/p/demo/{path}")
    assert answer.status_code == 200, answer.text
    return answer.text


async def _submit(place: Town, path: str, /, *, files: Any = None, **fields: str) -> httpx.Response:
    return await place.browser.post(
        f"/p/demo/{path}", data=fields, files=files, headers={"origin": "http://bridge.test"}
    )


async def test_a_newcomer_complains_with_a_picture_and_sees_the_answer_arrive() -> None:
    async with town() as place:
        assert "@acme my parcel" in await _get(place), "the form shows what to write"
        picture = {"picture": ("swing.png", broken_swing(), "image/png")}
        posted = await _submit(
            place, "posts", text="@acme it is broken", alt="A swing", place="Rowan Street", files=picture
        )
        assert posted.status_code == 303
        path = posted.headers["location"].removeprefix("/p/demo/")
        (post,), _ = await collected(place.platform)
        assert isinstance(post, Post)
        assert (post.author.handle, post.author.name) == ("sam", "Sam Okoro")
        assert post.media[0].alt == "A swing"
        image = await place.browser.get(post.media[0].url)
        assert (image.headers["content-type"], image.content) == ("image/png", broken_swing())
        before = await _get(place, f"{path}/live")
        assert "No replies yet" in before
        await place.platform.send(reply_to(place.clock, post.external_id, "Sorry about the swing."), Gate())
        live = await _get(place, f"{path}/live")
        assert "Sorry about the swing." in live
        assert "<html" not in live
        page = await _get(place, path)
        assert f'data-live="/p/demo/{path}/live"' in page
        assert "Rowan Street" in page


async def test_the_whole_conversation_goes_by_forms() -> None:
    async with town() as place:
        await _submit(place, "be", handle="noor", name="Noor Haddad")
        assert place.browser.cookies["demo_person"] == "noor"
        post = (await _submit(place, "posts", text="@acme no internet")).headers["location"].removeprefix("/p/demo/")
        answered = await _submit(place, f"{post}/replies", text="since seven")
        assert answered.headers["location"].startswith(f"/p/demo/{post}#p-")
        assert 'value="noor"' in await _get(place, post)
        assert "no internet" in await _get(place, f"{post}/edit")
        await _submit(place, f"{post}/edit", text="@acme still no internet")
        page = await _get(place, post)
        assert "still no internet" in page
        assert "edited" in page
        await _submit(place, f"{post}/lock", locked="yes")
        assert (await _submit(place, f"{post}/replies", text="more")).status_code == 403
        await _submit(place, "be", handle="mira")
        await _submit(place, f"{post}/repost")
        assert "passed this on" in await _get(place)
        assert (await _submit(place, f"{post}/delete")).status_code == 403
        await _submit(place, "people/noor/ties", tie="follow", on="yes")
        assert "1 follower" in await _get(place, "people/noor")
        assert "Unfollow" in await _get(place, "people/noor")
        await _submit(place, "be", handle="noor")
        await _submit(place, f"{post}/delete")
        assert "This post was deleted" in await _get(place, post)


async def test_a_private_message_is_read_by_two() -> None:
    async with town() as place:
        link = str(place.platform.private_link()).removeprefix("http://bridge.test/p/demo/")
        assert "Message Acme privately" in await _get(place, link)
        assert (await _submit(place, link, text="order 4471-209")).headers["location"] == "/p/demo/messages/acme"
        assert "4471-209" in await _get(place, link)
        assert "4471-209" in await _get(place, f"{link}/live")
        assert "4471-209" in await _get(place, "messages")
        await _submit(place, "be", handle="noor")
        for path in ("", link, "messages", "people/sam", "people/acme", "messages/sam"):
            assert "4471-209" not in await _get(place, path)
        assert (await place.browser.get("/p/demo/posts/m-1")).status_code == 404


async def test_what_people_write_is_only_ever_text() -> None:
    async with town() as place:
        await _submit(place, "be", handle="eve", name=f"Eve {EVIL}")
        picture = {"picture": (EVIL, broken_swing(), "image/png")}
        text = f'{EVIL} "\'> @acme http://x.example/"onload="y <img src=x> javascript:alert(1)'
        posted = await _submit(place, "posts", text=text, alt=f'"{EVIL}', place=EVIL, files=picture)
        path = posted.headers["location"].removeprefix("/p/demo/")
        await _submit(place, "messages/acme", text=text)
        trouble = await _submit(place, "posts", text=text + "x" * 300)
        pages = [
            await _get(place, one) for one in ("", path, "people/eve", "messages", "messages/acme", f"{path}/edit")
        ]
        for page in [*pages, trouble.text]:
            assert EVIL not in page
            assert "<img src=x>" not in page
            assert not re.search(r'<[^>]*\sonload="', page)
            assert "&lt;script&gt;" in page
            assert not re.search(r'href="javascript:', page)


async def test_links_are_clickable_and_lead_nowhere_they_do_not_say() -> None:
    async with town() as place:
        await _submit(place, "posts", text="see https://x.example/a?b=1&c=2. Or ask @acme!")
        page = await _get(place)
        assert '<a href="https://x.example/a?b=1&amp;c=2" rel="nofollow noopener ugc">' in page
        assert '<a class="tag" href="/p/demo/people/acme">@acme</a>!' in page


async def test_every_answer_forbids_foreign_scripts_and_frames() -> None:
    async with town() as place:
        paths = ("/p/demo/", "/p/demo/live", "/p/demo/nope", "/p/demo/api/me", "/p/demo/static/demo.css")
        for path in paths:
            headers = (await place.browser.get(path)).headers
            policy = headers["content-security-policy"]
            assert policy.startswith("default-src 'none'")
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert headers["x-content-type-options"] == "nosniff"
        assert not re.search(r"<script>|style=|\son\w+=", await _get(place)), "the policy would stop inline code"


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.test"},
        {"origin": "null"},
        {"origin": "http://bridge.test.evil.test"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "origin": "http://bridge.test"},
    ],
)
async def test_a_form_on_another_site_does_nothing(headers: dict[str, str]) -> None:
    async with town() as place:
        for path in ("posts", "be", "messages/acme", "api/people/sam/posts"):
            body = {"text": "@acme gotcha", "handle": "eve"}
            answer = await place.browser.post(f"/p/demo/{path}", data=body, headers=headers)
            assert answer.status_code == 403
        assert (await collected(place.platform))[0] == []


@pytest.mark.parametrize("headers", [{"origin": "http://bridge.test"}, {"sec-fetch-site": "same-origin"}, {}])
async def test_our_own_forms_and_programs_pass(headers: dict[str, str]) -> None:
    async with town() as place:
        answer = await place.browser.post("/p/demo/posts", data={"text": "@acme hello"}, headers=headers)
        assert answer.status_code == 303


def _image(kind: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), (200, 30, 30)).save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
async def test_pictures_of_four_kinds_are_taken_whatever_their_name(kind: str) -> None:
    async with town() as place:
        files = {"picture": ("x.exe", _image(kind), "application/x-dosexec")}
        assert (await _submit(place, "posts", text="@acme look", files=files)).status_code == 303
        (post,), _ = await collected(place.platform)
        image = await place.browser.get(post.media[0].url)
        assert image.headers["content-type"] == f"image/{kind.lower()}"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 422),
        (b"", 422),
        (broken_swing()[:100], 422),
        (_image("BMP"), 422),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * (5 * 1024 * 1024), 413),
    ],
)
async def test_what_is_no_picture_is_refused_with_a_sentence_and_the_words_are_kept(body: bytes, status: int) -> None:
    async with town() as place:
        answer = await _submit(
            place, "posts", text="@acme look at this", files={"picture": ("a.png", body, "image/png")}
        )
        assert answer.status_code == status
        assert "picture" in answer.text
        assert "@acme look at this</textarea>" in answer.text
        assert (await collected(place.platform))[0] == []


async def test_a_huge_body_is_refused_with_and_without_its_length() -> None:
    async def stream() -> Any:
        for _ in range(9):
            yield b"x" * 1024 * 1024

    async with town() as place:
        kind = {"content-type": "multipart/form-data; boundary=b"}
        declared = await place.browser.post("/p/demo/posts", content=b"x" * (9 * 1024 * 1024), headers=kind)
        assert declared.status_code == 413
        undeclared = await place.browser.post("/p/demo/posts", content=stream(), headers=kind)
        assert undeclared.status_code in (400, 413)


@pytest.mark.parametrize(
    ("path", "status"),
    [("posts/p-9", 404), ("people/x", 404), ("pictures/..%2fx", 404), ("posts/p-9/edit", 403), ("no", 404)],
)
async def test_what_is_not_there_is_a_page_with_a_sentence(path: str, status: int) -> None:
    async with town() as place:
        answer = await place.browser.get(f"/p/demo/{path}")
        assert answer.status_code == status
        assert "That did not work" in answer.text
        assert "Traceback" not in answer.text


async def test_nobody_becomes_the_brand() -> None:
    async with town() as place:
        await place.platform.probe()
        assert (await _submit(place, "be", handle="acme")).status_code == 403
        place.browser.cookies["demo_person"] = "acme"
        assert (await _submit(place, "posts", text="we are sorry")).status_code == 403
        assert "we are sorry" not in await _get(place)


@pytest.mark.parametrize("cookie", ["<script>", "", "a b", "x" * 500, "..%2f"])
async def test_a_strange_cookie_is_a_newcomer(cookie: str) -> None:
    async with town() as place:
        answer = await place.browser.get("/p/demo/", headers={"cookie": f"demo_person={cookie}"})
        assert answer.status_code == 200
        assert "Sam Okoro" in answer.text


async def test_pages_have_what_a_screen_reader_needs() -> None:
    async with town() as place:
        post = (await _submit(place, "posts", text="@acme hello")).headers["location"].removeprefix("/p/demo/")
        for path in ("", post, "messages", "messages/acme", "people/acme"):
            page = await _get(place, path)
            assert '<html lang="en">' in page
            assert page.count("<h1") == 1
            assert 'name="viewport"' in page
            for field in re.findall(r"<(?:textarea|input|select)[^>]*>", page):
                found = re.search(r'\bid="([^"]+)"', field)
                hidden, named = 'type="hidden"' in field, found and f'for="{found[1]}"' in page
                inside = re.search(rf"<label[^>]*>(?:(?!</label>).)*{re.escape(field)}", page, re.DOTALL)
                assert hidden or named or inside, field
