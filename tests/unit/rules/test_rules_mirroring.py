"""What a desk is still to be told, what its status means, and which of an agent's words are new."""

from dataclasses import replace

import pytest

from fakes.clock import START
from fakes.people import post
from mentionbridge.domain.account import Brand
from mentionbridge.domain.helpdesk import Carried, LineState, StatusWords, Story, Told, Way
from mentionbridge.domain.mention import Mention, MentionState, Origin, Surface
from mentionbridge.domain.reply import Purpose, Reply, ReplyState
from mentionbridge.domain.ticket import Entry, Priority, Ticket, TicketState
from mentionbridge.domain.verdict import Topic
from mentionbridge.rules.mirroring import FACTS, Agreement, Append, Replace, agree, answer_of, mark, new_ticket, plan

S = TicketState
WORDS = StatusWords(
    theirs={S.NEW: "new", S.OPEN: "open", S.PENDING: "waiting", S.SOLVED: "done", S.CLOSED: "done"},
    ours={"new": S.NEW, "open": S.OPEN, "waiting": S.PENDING, "done": S.SOLVED, "rejected": S.SOLVED},
)


@pytest.mark.parametrize(
    ("known", "theirs", "ours", "verdict"),
    [
        (("open", S.OPEN), "open", S.OPEN, Agreement()),
        (("open", S.OPEN), "done", S.OPEN, Agreement(take=S.SOLVED)),
        (("open", S.OPEN), "rejected", S.OPEN, Agreement(take=S.SOLVED)),
        (("open", S.OPEN), "open", S.SOLVED, Agreement(give="done")),
        (("done", S.SOLVED), "done", S.CLOSED, Agreement()),
        (("done", S.SOLVED), "done", S.OPEN, Agreement(give="open")),
        (("open", S.OPEN), "waiting", S.SOLVED, Agreement(take=S.PENDING)),
        (("waiting", S.PENDING), "done", S.OPEN, Agreement(give="open")),
        (("open", S.OPEN), "nobody knows", S.OPEN, Agreement()),
        ((None, None), "done", S.OPEN, Agreement()),
    ],
)
def test_who_moved_is_followed_and_the_desk_wins(
    known: tuple[str | None, str | None], theirs: str, ours: TicketState, verdict: Agreement
) -> None:
    assert agree(WORDS, {"status": known[0], "state": known[1]}, theirs, ours) == verdict


@pytest.mark.parametrize(
    ("said", "new"),
    [
        ("Hello Sam.", "Hello Sam."),
        ("Hello Sam.\r\n-- \r\nKim, Acme", "Hello Sam."),
        ("Hello Sam.\n\nOn Monday mentionbridge wrote:\n> my parcel\n> is late\n\nKim", "Hello Sam.\n\nKim"),
        ("> my parcel is late\n", ""),
        ("See [mb:ent_1] above", "See  above"),
        ("5 > 4: really", "5 > 4: really"),
        ("Two things:\n\none\n> quoted", "Two things:\n\none"),
    ],
)
def test_only_what_is_new_is_an_answer(said: str, new: str) -> None:
    assert answer_of(said) == new


def ticket(**facts: object) -> Ticket:
    plain = Ticket(
        "acme", "tkt_1", "acme-demo", "demo", "ath_1", "p-1", S.NEW, Priority.HIGH, "parcel", Surface.PUBLIC,
        "a complaint", START, START, START, 4, permalink="https://demo.example/p-1",
    )  # fmt: skip
    return replace(plain, **facts)  # type: ignore[arg-type]


def mention(text: str = "my parcel is late", **facts: object) -> Mention:
    said = post("p-1", text)
    plain = Mention(
        "acme", "mnt_1", "demo", "acme-demo", "ath_1", said.author, "p-1", "p-1", None, text, "en", said.visibility,
        said.permalink, START, START, Origin.POLL, True, False, False, False, MentionState.JUDGED, "", {}, {},
    )  # fmt: skip
    return replace(plain, **facts)  # type: ignore[arg-type]


def entry(number: int = 1, kind: str = "mention", surface: Surface = Surface.PUBLIC, **facts: object) -> Entry:
    plain = Entry("acme", f"ent_{number}", "tkt_1", number, kind, surface, START, START)
    return replace(plain, **facts)  # type: ignore[arg-type]


def reply(state: ReplyState = ReplyState.SENT, **facts: object) -> Reply:
    plain = Reply(
        "acme", "rpl_1", "tkt_1", "acme-demo", "demo", "mnt_1", "ath_1", Purpose.MESSAGE, Surface.PUBLIC, state,
        "We are at it.", "en", (), "k", mention().visibility, {}, START, START,
    )  # fmt: skip
    return replace(plain, **facts)  # type: ignore[arg-type]


def out(key: str, reason: str | None = None) -> Carried:
    return Carried(Way.OUT, key, LineState.DONE, START, theirs=f"L-{key}", reason=reason)


def told_again(was: str, now: Mention, *, edits: bool) -> list[Append | Replace]:
    (first,) = plan(Story(ticket(), [Told(entry(), mention(was))], []), [], edits=edits)
    assert isinstance(first, Append)
    return plan(Story(ticket(), [Told(entry(), now)], []), [out("ent_1", first.version)], edits=edits)


def test_a_line_goes_once() -> None:
    story = Story(ticket(), [Told(entry(), mention()), Told(entry(2, "reply", reply_id="rpl_1"), None, reply())], [])
    markers = [step.line.marker for step in plan(story, [], edits=False)]
    assert markers == ["ent_1", "ent_2"]
    assert plan(story, [out("ent_1"), out("ent_2")], edits=True) == []


def test_a_marker_a_customer_typed_is_none() -> None:
    (step,) = plan(Story(ticket(), [Told(entry(), mention(f"hello {mark('ent_9')}"))], []), [], edits=False)
    assert mark("ent_9") not in step.line.text
    assert "(mb:ent_9]" in step.line.text


@pytest.mark.parametrize("edits", [True, False])
def test_other_words_are_told_again(edits: bool) -> None:
    (step,) = told_again("my parcel is late", mention("my parcel is lost"), edits=edits)
    assert isinstance(step, Replace if edits else Append)
    assert "my parcel is lost" in step.line.text
    assert told_again("my parcel is late", mention("my parcel is late"), edits=edits) == []


@pytest.mark.parametrize("edits", [True, False])
def test_words_taken_back_are_not_told_again(edits: bool) -> None:
    (step,) = told_again("my parcel is late", mention("", deleted_at=START, redacted=True), edits=edits)
    assert "late" not in step.line.text
    assert ("deleted by its author" in step.line.text) == edits


def test_words_gone_before_they_were_told_are_not_told() -> None:
    (step, _) = plan(Story(ticket(), [Told(entry(), mention("", redacted=True))], []), [], edits=False)
    assert "(removed)" in step.line.text


def test_what_came_from_the_desk_does_not_go_back() -> None:
    note = Told(entry(3, "note", Surface.INTERNAL, text="has called twice"))
    said = Told(entry(4, "reply", reply_id="rpl_1"), None, reply(permalink="https://demo.example/p-9"))
    taken = [Carried(Way.IN, "7", LineState.DONE, START, "ent_3"), Carried(Way.IN, "8", LineState.DONE, START, "rpl_1")]
    (step,) = plan(Story(ticket(), [note, said], [reply()]), taken, edits=False)
    assert "Your answer was said in public" in step.line.text
    assert "We are at it" not in step.line.text


@pytest.mark.parametrize("state", [ReplyState.REFUSED, ReplyState.FAILED, ReplyState.MANUAL, ReplyState.RETRACTED])
def test_an_answer_that_did_not_reach_the_customer_is_told(state: ReplyState) -> None:
    taken = [Carried(Way.IN, "8", LineState.DONE, START, "rpl_1")]
    (step,) = plan(Story(ticket(), [], [reply(state, reason="target_gone")]), taken, edits=False)
    assert step.line.marker == f"rpl_1~{state}"
    assert "was not said" in step.line.text and "target_gone" in step.line.text


def test_a_merged_story_is_told_once() -> None:
    story = Story(ticket(merged_into="tkt_2"), [], [])
    (step,) = plan(story, [], edits=False)
    assert "tkt_2" in step.line.text
    assert plan(story, [out(step.line.marker)], edits=False) == []


def test_a_new_ticket_names_who_and_what_but_holds_no_words_of_theirs() -> None:
    story = Story(ticket(), [Told(entry(), mention())], [])
    brand = Brand("acme", "Acme", (Topic("parcel", "your parcel", ("parcel",)),))
    made = new_ticket(story, brand, 200)
    assert made.title == "@sam on demo: your parcel"
    assert "late" not in made.title + made.text
    assert new_ticket(story, brand, 12).title == made.title[:12], "no longer than the desk takes"
    assert set(made.facts) <= set(FACTS)
    assert made.facts["permalink"] == "https://demo.example/p-1"
