"""A desk that fails, loses answers, refuses, merges or deletes: nothing is lost, doubled or hidden."""

import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from fakes.chaos_counts import SEED, share
from fakes.chaos_kills import fuse
from fakes.chaos_outside import outside
from fakes.databases import fresh_database
from fakes.toy_desk import Case, ToyDesk, lost, outlive, refused, with_desks
from mentionbridge.domain.errors import DeskRefused, LoginNeeded, NoAnswer, OddAnswer, PlatformDown, RateLimited
from mentionbridge.ports.mirrors import External
from mirror.conftest import Scene

BROKEN = {
    "unreachable": PlatformDown("desk.example could not be reached"),
    "login_needed": LoginNeeded("The desk does not know our token."),
    "no_answer": NoAnswer("the desk answered 502; it may have acted"),
    "not_json": OddAnswer("not_json", "the desk answered 200 with text/html where JSON belongs"),
}


@pytest.mark.parametrize("how", BROKEN)
async def test_a_desk_down_for_an_hour_loses_nothing_and_delays_no_acknowledgement(scene: Scene, how: str) -> None:
    first = await scene.complains()
    scene.desk.down = BROKEN[how]
    asked = len(scene.desk.calls)
    words = [f"@acme still no broadband, and this is my word number {number}" for number in range(6)]
    for word in words:
        await scene.outside.says("sam", word, parent=first)
        await scene.passes(60, step=60)
    other = await scene.outside.says("kim", "@acme my broadband is down too, terrible")
    await scene.passes(20)
    assert len(scene.outside.answers_to(other)) == 1
    await scene.passes(3600 - 380, step=60)
    assert len(scene.desk.calls) - asked < 500
    scene.desk.down = None
    await scene.passes(400, step=20)
    told = [line.text for line in scene.desk.cases["D-1"].of_ours]
    assert [text.count(word) for word, text in zip(words, told[2:], strict=True)] == [1] * 6
    assert len(scene.desk.cases) == 2
    assert await scene.life.one("SELECT count(*) FROM mirrors WHERE state != 'live' OR wanted > reached") == 0


@pytest.mark.parametrize("what", ["create", "append", "set_status"])
async def test_a_lost_answer_is_looked_for_and_nothing_is_said_twice(scene: Scene, what: str) -> None:
    scene.desk.after = lost(2, what)
    post = await scene.complains()
    scene.desk.sets("done")
    await scene.passes()
    await scene.outside.says("sam", "@acme no, my broadband is still down", parent=post)
    await scene.passes(200, step=5)
    assert len(scene.desk.cases) == 1
    assert scene.case.status == "open"
    assert len(scene.case.markers) == len(set(scene.case.markers)) == 3


async def test_what_never_arrived_is_repeated_after_a_while(scene: Scene) -> None:
    await scene.complains()
    silent = [3]

    def before(what: str) -> None:
        if what == "append" and silent[0]:
            silent[0] -= 1
            raise NoAnswer("the desk gave no usable answer")

    scene.desk.before = before
    await scene.outside.says("sam", "@acme my broadband is down and nobody cares", parent="p-1")
    await scene.passes(20)
    assert silent == [2], "nothing may be repeated while the first may still be at work"
    await scene.passes(200, step=5)
    assert [line.text.count("nobody cares") for line in scene.case.of_ours] == [0, 0, 1]


async def test_one_ticket_a_desk_chokes_on_holds_up_no_other(scene: Scene) -> None:
    await scene.complains()

    def before(what: str) -> None:
        if what in ("append", "read") and scene.life.now < choked_until:
            raise OddAnswer("wrong_type", "the desk's ticket is no object")

    choked_until = scene.life.now + timedelta(minutes=90)
    choked = ToyDesk._case
    scene.desk._case = lambda case: (before("read") if case == "D-1" else None) or choked(scene.desk, case)  # type: ignore[method-assign]
    await scene.outside.says("sam", "@acme my broadband is down, hello", parent="p-1")
    await scene.passes(10)
    await scene.outside.says("kim", "@acme my broadband is down too, terrible")
    await scene.passes(120, step=5)
    assert len(scene.desk.cases["D-2"].of_ours) == 2
    await scene.passes(3600, step=150)
    ((state, reason),) = await scene.life.rows("SELECT state, reason FROM mirrors WHERE state != 'live'")
    assert (state, reason) == ("parked", "the desk's ticket is no object")
    await scene.passes(3600, step=150)
    assert [line.text.count("hello") for line in scene.desk.cases["D-1"].of_ours] == [0, 0, 1]
    assert await scene.life.one("SELECT count(*) FROM mirrors WHERE state != 'live'") == 0


async def test_a_refusal_parks_visibly_and_goes_on_when_it_is_mended(scene: Scene) -> None:
    scene.desk.before = refused("create", "no_key_field")
    await scene.complains()
    ((state, reason),) = await scene.life.rows("SELECT state, reason FROM mirrors")
    assert (state, reason) == ("parked", "The desk declined: no_key_field.")
    scene.desk.before = lambda what: None
    async with scene.life.bridge.store.writing() as uow:
        assert [each.reason for each in await uow.mirrors.parked("acme", "support")] == [reason]
        assert await uow.mirrors.retry("acme", "support", scene.life.now) == 1
    await scene.passes()
    assert len(scene.case.of_ours) == 2


async def test_a_limit_is_waited_for(scene: Scene) -> None:
    until = scene.life.now + timedelta(minutes=10)
    scene.desk.down = RateLimited(until, "the desk asks us to wait")
    await scene.complains()
    asked = len(scene.desk.calls)
    scene.desk.down = None
    await scene.passes(9 * 60, step=20)
    assert len(scene.desk.calls) - asked == 0
    await scene.passes(90, step=10)
    assert len(scene.case.of_ours) == 2


async def test_a_ticket_merged_away_is_followed(scene: Scene) -> None:
    post = await scene.complains()
    scene.desk.cases["D-9"] = Case("D-9", "theirs", "an older ticket", status="open")
    scene.desk.merges("D-1", into="D-9")
    await scene.passes()
    ((external,),) = await scene.life.rows("SELECT external_id FROM externals")
    assert external == "D-9"
    scene.desk.answers("We merged your reports, Sam, and mend the cable.", case="D-9")
    await scene.passes()
    assert len(scene.outside.answers_to(post)) == 2


async def test_two_of_ours_merged_there_is_a_matter_for_a_person(scene: Scene) -> None:
    await scene.complains()
    await scene.outside.says("kim", "@acme my broadband is down too, terrible")
    await scene.passes()
    scene.desk.merges("D-2", into="D-1")
    await scene.passes()
    ((ticket, reason),) = await scene.life.rows("SELECT ticket_id, reason FROM mirrors WHERE state = 'parked'")
    assert "was merged into D-1" in reason and "merge the tickets here too" in reason
    assert ticket != scene.desk.cases["D-1"].key
    assert await scene.life.one("SELECT count(*) FROM externals") == 2


@pytest.mark.parametrize("what", ["append", "set_status"])
async def test_a_ticket_deleted_after_our_look_is_told_as_gone_and_not_as_a_refusal(scene: Scene, what: str) -> None:
    await scene.complains()

    def before(called: str) -> None:
        if called == what:
            scene.case.gone = True
            raise DeskRefused("invalid", "The desk declined (400): there is no such ticket.")

    scene.desk.before = before
    scene.desk.sets("done")
    await scene.passes()
    await scene.outside.says("sam", "@acme my broadband is down and nobody cares", parent="p-1")
    await scene.passes(60)
    assert await scene.life.one("SELECT state FROM mirrors") == "gone"


async def test_a_ticket_deleted_there_stays_ours_and_is_told_as_gone(scene: Scene) -> None:
    await scene.complains()
    scene.desk.deletes()
    await scene.passes(120, step=10)
    ((state, reason),) = await scene.life.rows("SELECT state, reason FROM mirrors")
    assert (state, reason) == ("gone", "Their ticket D-1 is gone: it was deleted.")
    assert await scene.states() == ["new"]
    calls = len(scene.desk.calls)
    await scene.outside.says("sam", "@acme is my broadband coming back?", parent="p-1")
    await scene.passes(60, step=10)
    assert "create" not in scene.desk.calls[calls:]
    scene.case.gone = False
    async with scene.life.bridge.store.writing() as uow:
        await uow.mirrors.retry("acme", "support", scene.life.now)
    await scene.passes(60, step=10)
    assert [line.text.count("coming back") for line in scene.case.of_ours] == [0, 0, 1]


LEAKS = {
    "please call +44 20 7946 0958 now": "personal data (phone)",
    "x" * 4000: "at most",
    "> We acknowledged in public\n[mb:ent_1]\n-- \nKim, Acme": None,
}


@pytest.mark.parametrize("words", LEAKS)
async def test_what_must_not_be_said_is_not_and_the_desk_learns_why(scene: Scene, words: str) -> None:
    post = await scene.complains()
    scene.desk.answers(words)
    await scene.passes()
    assert len(scene.outside.answers_to(post)) == 1
    why = LEAKS[words]
    if why is None:
        assert len(scene.case.of_ours) == 2
        return
    last = scene.case.of_ours[-1]
    assert last.text.startswith("Your answer was not said to the customer") and why in last.text


async def test_private_words_stay_private(scene: Scene) -> None:
    await scene.complains()
    await scene.outside.town.plays(
        "POST", "people/sam/messages", to="acme", text="My customer number is 83736251, help"
    )
    await scene.passes()
    private = scene.case.of_ours[-1]
    assert private.surface == "private" and "83736251" in private.text
    scene.desk.answers("Thank you Sam, we have found customer 83736251.")
    await scene.passes()
    rows = await scene.life.rows("SELECT surface, state FROM replies WHERE purpose = 'message'")
    assert rows == [("private", "sent")]
    public = [post for post in scene.outside.ours() if post.to is None]
    assert public and not any("83736251" in post.text for post in public)


@pytest.mark.parametrize("edits", [True, False])
async def test_what_its_author_takes_back_is_taken_back_there(scene: Scene, edits: bool) -> None:
    scene.desk.edits = edits
    post = await scene.complains()
    await scene.outside.town.plays(
        "PATCH", f"people/sam/posts/{post}", text="@acme my broadband has been down since Monday"
    )
    await scene.passes(200, step=20)
    await scene.outside.town.plays("DELETE", f"people/sam/posts/{post}")
    await scene.passes(200, step=20)
    texts = [line.text for line in scene.case.of_ours]
    if edits:
        assert "(deleted by its author)" in texts[0]
        assert not any("broadband has been down" in text for text in texts)
    else:
        assert any("It now reads:" in text and "since Monday" in text for text in texts)
        assert "Please remove it here too" in texts[-1]
    assert len(texts) == len({*texts})


async def test_the_other_way_round_a_history_is_not_said(scene: Scene) -> None:
    scene.desk.before = refused("create")
    post = await scene.complains()
    scene.desk.cases["D-1"] = Case("D-1", "theirs", "an older ticket")
    scene.desk.answers("An old answer to somebody else.")
    ((ticket_id,),) = await scene.life.rows("SELECT id FROM tickets")
    async with scene.life.bridge.store.writing() as uow:
        await uow.mirrors.claim(External("acme", ticket_id, "support", "D-1", None, "Kim via script", scene.life.now))
        await uow.mirrors.retry("acme", "support", scene.life.now)
    await scene.passes()
    assert len(scene.outside.answers_to(post)) == 1
    assert len(scene.case.of_ours) == 2
    scene.desk.answers("A new answer for Sam.")
    await scene.passes()
    assert len(scene.outside.answers_to(post)) == 2


def _fresh(folder: Path) -> str:
    folder.mkdir()
    return fresh_database("sqlite", folder)


async def story(folder: Path, *at: int) -> tuple[list[str], list[str | None], list[str], int]:
    """A complaint, an answer at the desk and another word, through deaths at the given boundaries."""
    url, burning = _fresh(folder), fuse(*at)
    async with outside() as world:
        desk = ToyDesk(world.clock)

        def twice() -> None:
            desk.answers("Hello Sam, we mend it today.")
            desk.notes("Has called before.")

        acts: list[Callable[[], object]] = [
            lambda: world.complains(),
            twice,
            lambda: world.says("sam", "@acme thank you, but my broadband is still down", parent="p-1"),
        ]
        life = await outlive(world, url, folder, desk, acts, burning)
        await life.end()
        entries = await life.rows("SELECT kind FROM entries ORDER BY sequence")
        said = [post.text for post in world.ours()]
        return said, desk.case.markers, [kind for (kind,) in entries], len(burning.passed)


@pytest.mark.deep
async def test_killed_at_every_boundary_each_thing_is_said_once(tmp_path: Path) -> None:
    said, markers, kinds, boundaries = await story(tmp_path / "whole")
    assert len(said) == 2 and len(markers) == len(set(markers)) == 4
    for number in sorted(random.Random(SEED).sample(range(1, boundaries + 1), share(boundaries // 3))):
        again = await story(tmp_path / str(number), number)
        assert again[0] == said, number
        assert len(again[1]) == len(set(again[1])) == 4, number
        assert sorted(again[2]) == sorted(kinds), number


async def test_killed_where_it_matters_each_thing_is_said_once(tmp_path: Path) -> None:
    url = fresh_database("sqlite", tmp_path)
    async with outside() as world:
        desk, burning = ToyDesk(world.clock), fuse()
        life = await outlive(world, url, tmp_path, desk, [lambda: world.complains()], burning)
        await life.end()
    wanted = ("before create", "after create", "before append", "after append")
    places = [next(n for n, name in enumerate(burning.passed, 1) if name == each) for each in wanted]
    for number in places:
        said, markers, _, _ = await story(tmp_path / str(number), number)
        assert len(said) == 2 and len(markers) == len(set(markers)) == 4


async def test_a_desk_no_longer_in_the_config_is_left_alone(scene: Scene) -> None:
    await scene.complains()
    await scene.life.end()
    scene.life = with_desks(scene.outside, scene.url, scene.folder)
    await scene.life.begin()
    calls = len(scene.desk.calls)
    await scene.outside.says("sam", "@acme is my broadband coming back?", parent="p-1")
    await scene.passes(60, step=10)
    assert len(scene.desk.calls) == calls
