"""A written day of life: invented people, played over the network's own API."""

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from mentionbridge.domain.errors import MentionbridgeError
from mentionbridge.net.client import Http
from mentionbridge.platforms.demo.drawing import broken_swing

PATIENCE_SECONDS = 12
_PEOPLE: tuple[tuple[str, str, int, bool], ...] = (
    ("sam", "Sam Okoro", 412, False),
    ("noor", "Noor Haddad", 95, False),
    ("mira", "Mira Lindqvist", 2036, False),
    ("tomas", "Tomás Ferreira", 180, False),
    ("jun", "Jun Arakawa", 61, False),
    ("ines", "Inês Valadares", 340, False),
    ("olu", "Olu Bankole", 77, False),
    ("greta", "Greta Zimmer", 1204, False),
    ("lucky_prizes", "Lucky Prizes", 9, False),
    ("weather_hour", "Weather on the Hour", 5300, True),
)


async def play(http: Http, brand: str, *, speed: float = 1.0) -> AsyncIterator[str]:
    """Play the day against one brand and tell each act in a line; about half a minute at speed 1."""
    day = _Day(http, brand, speed)
    try:
        await day.people_arrive()
        for act in ACTS:
            await act.happens(day)
            yield act.line
            await day.pause(act.pause)
    finally:
        await http.aclose()


class _Day:
    """What the people in the story can do, and the posts they will come back to."""

    def __init__(self, http: Http, brand: str, speed: float) -> None:
        self._http = http
        self._brand = brand
        self._speed = speed
        self._posts: dict[str, str] = {}

    async def people_arrive(self) -> None:
        """Let everybody join, the impersonator too."""
        fake = (self._who("{brand}_help0"), f"{self._brand.title()} Help", 3, False)
        for handle, name, followers, bot in (*_PEOPLE, fake):
            await self._request("PUT", f"api/people/{handle}", name=name, followers=followers, bot=bot)

    async def say(self, who: str, text: str, *, name: str = "", parent: str = "", **more: Any) -> None:
        """Post or answer; `name` is how later acts find the post, `parent` the name of the one it answers."""
        above = self._posts.get(parent) or self._posts.get("parcel") if parent else None
        path = f"api/people/{self._who(who)}/posts"
        said = await self._request("POST", path, text=self._fill(text), parent=above, **more)
        self._posts[name] = str(said["id"])

    async def write(self, who: str, text: str) -> None:
        """Write to the brand in private."""
        await self._request("POST", f"api/people/{who}/messages", to=self._brand, text=text)

    async def pass_on(self, who: str, name: str) -> None:
        """Repost."""
        await self._request("POST", f"api/people/{who}/posts", repost_of=self._posts[name])

    async def edit(self, who: str, name: str, text: str) -> None:
        """Change a post."""
        await self._request("PATCH", f"api/people/{who}/posts/{self._posts[name]}", text=self._fill(text))

    async def delete(self, who: str, name: str) -> None:
        """Take a post back."""
        await self._request("DELETE", f"api/people/{who}/posts/{self._posts[name]}")

    async def wait_for_answer(self, name: str, answer: str) -> None:
        """Wait a while for the brand's answer to a post; the story goes on without one."""
        for _ in range(PATIENCE_SECONDS):
            thread = await self._request("GET", f"api/threads/{self._posts[name]}")
            mine = [post for post in thread["posts"] if not post.get("gone") and self._ours(post)]
            if mine:
                self._posts[answer] = str(mine[0]["id"])
                return
            await self.pause(1)

    async def pause(self, seconds: float) -> None:
        """Let time pass, faster if the day is played faster."""
        await asyncio.sleep(seconds / self._speed)

    def _ours(self, post: dict[str, Any]) -> bool:
        return bool(post["author"]["handle"] == self._brand)

    def _who(self, who: str) -> str:
        return who.format(brand=self._brand[:24])

    def _fill(self, text: str) -> str:
        return text.format(tag=f"@{self._brand}")

    async def _request(self, method: str, path: str, **body: Any) -> Any:
        given = {name: value for name, value in body.items() if value is not None}
        answer = await self._http.request(method, path, json=given or None)
        if answer.status >= 400:
            raise MentionbridgeError(f"the demo network answered {answer.status} to {method} {path}")
        return answer.json() if answer.body else None


@dataclass(frozen=True, slots=True)
class Act:
    """One act: what happens, how it is told, and the seconds until the next."""

    line: str
    happens: Callable[[_Day], Awaitable[None]]
    pause: float = 1.5


def _says(who: str, text: str, **more: Any) -> Callable[[_Day], Awaitable[None]]:
    return lambda day: day.say(who, text, **more)


async def _swing(day: _Day) -> None:
    picture = {
        "data": base64.b64encode(broken_swing()).decode(),
        "alt": "A swing with one chain broken, its seat hanging to the ground",
    }
    await day.say(
        "ines",
        "{tag} the swing in Linden Park is broken, a child nearly fell off. When will you repair it?",
        picture=picture,
        place="Linden Park playground, Rowan Street",
    )


async def _impersonator(day: _Day) -> None:
    await day.wait_for_answer("parcel", "answer")
    await day.say("{brand}_help0", "So sorry! Send us your card number here and we release it.", parent="parcel")


async def _temper(day: _Day) -> None:
    await day.say("tomas", "{tag} you are all useless and I hope your van gets stuck!!", name="temper")
    await day.pause(2)
    await day.delete("tomas", "temper")


ACTS: tuple[Act, ...] = (
    Act(
        "Sam's parcel is three days late, and he says so in public",
        _says("sam", "{tag} my parcel is three days late and the tracking page says nothing at all.", name="parcel"),
        2,
    ),
    Act(
        "Noor in Eastbridge has lost her connection",
        _says("noor", "Is it just me? Internet gone since 7 this morning in Eastbridge. {tag}"),
        1,
    ),
    Act(
        "Tomás, in the same town, contradicts the status page",
        _says("tomas", "{tag} no internet in Eastbridge, Mill Road. Your status page says all is well. It is not."),
        1,
    ),
    Act(
        "Jun, two towns away, has seen a digger: somebody cut a cable",
        _says("jun", "{tag} broadband is down in Harrow Falls too, since about seven. A digger was here yesterday…"),
        2,
    ),
    Act("Inês photographs a broken swing and says where it is", _swing, 2),
    Act(
        "Greta is pleased; nobody should apologise to her",
        _says("greta", "Credit where due: the {tag} engineer came on time and fixed it in ten minutes. Thank you!"),
    ),
    Act(
        "A giveaway nobody asked for",
        _says("lucky_prizes", "{tag} WIN a FREE phone!!! Click http://prizes.example/claim NOW, only today!!!"),
        1,
    ),
    Act(
        "A bot reads out the weather",
        _says("weather_hour", "Eastbridge 12 °C, light rain. Brought to you by {tag}"),
    ),
    Act("Mira has a plain question", _says("mira", "{tag} do you deliver on Saturdays?")),
    Act("Somebody who looks like the brand asks Sam for his card number", _impersonator),
    Act(
        "Sam says more in the same thread",
        _says("sam", "It was due on Tuesday. It is my daughter's birthday present.", parent="answer"),
    ),
    Act(
        "Olu has already failed by e-mail and by telephone",
        _says("olu", "Third e-mail to {tag}, 55 minutes on hold, then cut off. Is anybody there?", name="olu"),
    ),
    Act("Mira passes that on to two thousand people", lambda day: day.pass_on("mira", "olu")),
    Act(
        "Sam writes in private, with his order number",
        lambda day: day.write("sam", "Hello, this is about the parcel: order 4471-209, due on Tuesday."),
    ),
    Act(
        "Olu corrects his post: it is four e-mails by now",
        lambda day: day.edit(
            "olu", "olu", "Fourth e-mail to {tag}, 55 minutes on hold, then cut off. Is anybody there?"
        ),
    ),
    Act("Tomás loses his temper, and deletes it again", _temper, 0),
)
