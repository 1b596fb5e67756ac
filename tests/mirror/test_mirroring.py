"""Our timeline and a desk's ticket say the same, each thing once and in order; what the desk says reaches people."""

import pytest

from fakes.toy_desk import ToyDesk, passes, with_desks
from mentionbridge.domain.mention import Surface
from mentionbridge.pipeline.forget import forget
from mirror.conftest import Scene


async def test_a_complaint_becomes_one_ticket_there_with_its_lines_in_order(on_both: Scene) -> None:
    scene = on_both
    await scene.complains()
    case = scene.case
    assert case.title == "@sam on demo: your broadband"
    complaint, acknowledged = case.of_ours
    assert complaint.surface is Surface.PUBLIC
    assert complaint.text.startswith("Sam (@sam) in public, 22 Nov 2026, 09:00 UTC")
    assert "my broadband has been down since Tuesday" in complaint.text
    assert acknowledged.text.startswith("We acknowledged in public")
    entries = [entry for (entry,) in await scene.life.rows("SELECT id FROM entries ORDER BY sequence")]
    assert case.markers == entries


async def test_an_answer_there_is_said_to_the_customer_once(on_both: Scene) -> None:
    scene = on_both
    post = await scene.complains()
    scene.desk.answers("Hello Sam, we have found the broken cable and mend it today.")
    await scene.passes(60)
    said = [each.text for each in scene.outside.answers_to(post)]
    assert said[1:] == ["Hello Sam, we have found the broken cable and mend it today."]
    (row,) = await scene.life.rows(
        "SELECT author_of_words, approved_by, purpose, state FROM replies WHERE purpose = 'message'"
    )
    assert row == ("Kim via support", "Kim via support", "message", "sent")
    assert scene.case.of_ours[-1].text.startswith("Your answer was said in public")
    assert scene.case.of_ours[-1].surface is Surface.INTERNAL


async def test_a_note_there_stays_among_colleagues(on_both: Scene) -> None:
    scene = on_both
    post = await scene.complains()
    scene.desk.notes("This customer has called twice.")
    await scene.passes(60)
    assert len(scene.outside.answers_to(post)) == 1
    kind, surface, actor = (await scene.life.rows("SELECT kind, surface, actor FROM entries ORDER BY sequence"))[-1]
    assert (kind, surface, actor) == ("note", "internal", "Kim via support")
    assert not any("called twice" in line.text for line in scene.case.of_ours)


async def test_solving_there_solves_ours_and_a_new_word_opens_both(on_both: Scene) -> None:
    scene = on_both
    post = await scene.complains()
    scene.desk.sets("done")
    await scene.passes()
    assert await scene.states() == ["solved"]
    await scene.outside.says("sam", "@acme no, my broadband is still down and I am fed up", parent=post)
    await scene.passes()
    assert await scene.states() == ["open"]
    assert scene.case.status == "open"
    assert scene.case.of_ours[-1].text.count("still down") == 1


@pytest.mark.parametrize("exchanges", [4, pytest.param(100, marks=pytest.mark.deep)])
async def test_many_exchanges_make_no_loop(scene: Scene, exchanges: int) -> None:
    post = await scene.complains()
    for number in range(exchanges):
        await scene.outside.says("sam", f"@acme question {number}: when is my broadband back?", parent=post)
        await scene.passes(6)
        scene.desk.answers(f"Answer {number}: we are at it.")
        await scene.passes(12)
    await scene.passes(120, step=20)
    theirs = [line.text for line in scene.case.lines if not line.ours]
    assert theirs == [f"Answer {number}: we are at it." for number in range(exchanges)]
    ours = scene.case.of_ours
    assert sum("question" in line.text for line in ours) == exchanges
    assert sum(line.text.startswith("Your answer was said") for line in ours) == exchanges
    assert len(ours) == len(set(scene.case.markers)) == 2 + 2 * exchanges
    said = [each.text for each in scene.outside.ours() if each.text.startswith("Answer")]
    assert said == theirs
    assert await scene.life.one("SELECT count(*) FROM entries") == 2 + 2 * exchanges


async def test_two_desks_tell_each_other_and_do_not_answer_twice(scene: Scene) -> None:
    await scene.life.end()
    billing = ToyDesk(scene.outside.clock)
    life = scene.life = with_desks(scene.outside, scene.url, scene.folder, scene.desk, billing)
    await life.begin()
    post = await scene.complains()
    scene.desk.answers("Hello Sam, we mend your cable today.")
    billing.answers("Hello Sam, we give you a month for free.")
    await passes(life, 60)
    said = [each.text for each in scene.outside.answers_to(post)][1:]
    assert len(said) == 1
    told = [desk.case.of_ours[-1].text for desk in (scene.desk, billing)]
    assert sum(text.startswith("Your answer was said in public") for text in told) == 1
    (loser,) = (
        desk for desk in (scene.desk, billing) if any("was not said" in each.text for each in desk.case.of_ours)
    )
    assert any("answered meanwhile" in line.text for line in loser.case.of_ours)
    loser.answers("And one thing more, Sam: a colleague calls you.")
    await passes(life, 60)
    assert len(scene.outside.answers_to(post)) == 3
    assert billing.case.key == scene.case.key


async def test_what_a_customer_has_removed_is_removed_there(scene: Scene) -> None:
    scene.desk.edits = True
    await scene.complains()
    scene.desk.notes("Sam called, the number is 020 7946 0958.")
    await scene.passes()
    ((customer_id,),) = await scene.life.rows("SELECT customer_id FROM authors WHERE handle = 'sam'")
    await forget(scene.life.bridge, "acme", customer_id, "Lee via console")
    await scene.passes(60)
    texts = [line.text for line in scene.case.of_ours]
    assert texts[0].endswith("(removed)")
    assert "Please remove it here too" in texts[-1]
    assert not any("broadband" in text for text in texts)
