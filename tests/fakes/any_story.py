"""People talk in any order, some twice, some late; the team merges, splits, undoes, solves; the laws always hold."""

import asyncio
import shutil
import tempfile
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from fakes import story_laws as laws
from fakes.tale import BILLED, LATE, Tale, tale
from mentionbridge.domain.errors import NotAllowed
from mentionbridge.domain.mention import Deleted, Origin, Post, Surface, Visibility
from mentionbridge.domain.ticket import TicketState
from mentionbridge.pipeline.bridge import Keeping
from mentionbridge.pipeline.change import change
from mentionbridge.pipeline.close import close_solved
from mentionbridge.pipeline.forget import forget, retire
from mentionbridge.pipeline.merge import merge
from mentionbridge.pipeline.message import message
from mentionbridge.pipeline.note import note
from mentionbridge.pipeline.say import Saying
from mentionbridge.pipeline.split import split
from mentionbridge.pipeline.steer import approve
from mentionbridge.pipeline.take_in import Arrival, take_in
from mentionbridge.pipeline.undo import undo

T = TypeVar("T")
KIM = "Kim via desk"
PEOPLE = st.sampled_from(["sam", "ann", "bob"])
NUMBERS = st.integers(0, 30)
SAID = st.sampled_from(
    [LATE, BILLED, "@acme thank you, lovely", "still nothing, terrible", "so angry, it is wet and late"]
)
SPANS = st.sampled_from(
    [timedelta(minutes=5), timedelta(hours=20), timedelta(days=3, hours=1), timedelta(days=7, hours=1)]
)
LATENESS = st.sampled_from([timedelta(0), timedelta(0), timedelta(hours=2), timedelta(days=4)])
ORIGINS = st.sampled_from([Origin.POLL, Origin.HOOK, Origin.STREAM])


class AnyStory(RuleBasedStateMachine):
    """A tale told by dice. `gone` are the words of people who have left."""

    kind = "sqlite"

    def __init__(self) -> None:
        super().__init__()
        self.runner, self.after = asyncio.Runner(), AsyncExitStack()
        self.folder = Path(tempfile.mkdtemp(prefix="mbstory"))
        self.told: Tale = self.run(self.after.enter_async_context(tale(self.kind, self.folder)))
        self.began = self.told.clock.now()
        self.posts: list[Post] = []
        self.words: dict[str, set[str]] = {}
        self.secrets: set[str] = set()
        self.gone: set[str] = set()
        self.seen = self.run(laws.look(self.told))

    def run(self, doing: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(doing)

    def teardown(self) -> None:
        self.run(self.after.aclose())
        self.runner.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    # What people say.

    def make(self, who: str, text: str, late: timedelta, **facts: Any) -> Post:
        word = f"zq{len(self.posts)}x"
        self.words.setdefault(who, set()).add(word)
        made = self.told.post(who, f"{text} {word}", id=f"p{len(self.posts)}-{who}", **facts)
        made = replace(made, created_at=max(made.created_at - late, self.began))
        self.posts.append(made)
        return made

    def deliver(self, post: Post, origin: Origin = Origin.POLL) -> None:
        self.run(self.told.hears(post, origin=origin))
        self.told.clock.forward(60)

    def one_of(self, number: int) -> Post:
        return self.posts[number % len(self.posts)]

    @rule(who=PEOPLE, text=SAID, late=LATENESS)
    def somebody_posts(self, who: str, text: str, late: timedelta) -> None:
        self.deliver(self.make(who, text, late))

    @precondition(lambda self: self.posts)
    @rule(who=PEOPLE, text=SAID, number=NUMBERS, late=LATENESS)
    def somebody_replies(self, who: str, text: str, number: int, late: timedelta) -> None:
        to = self.one_of(number)
        if to.visibility is Visibility.PUBLIC:
            self.deliver(self.make(who, text, late, thread_id=to.thread_id, parent_id=to.external_id))

    @precondition(lambda self: self.posts)
    @rule(who=PEOPLE, text=SAID, number=NUMBERS)
    def somebody_quotes(self, who: str, text: str, number: int) -> None:
        to = self.one_of(number)
        if to.visibility is Visibility.PUBLIC:
            self.deliver(self.make(who, text, timedelta(0), is_quote=True, quoted_id=to.external_id))

    @rule(who=PEOPLE, late=LATENESS)
    def somebody_whispers(self, who: str, late: timedelta) -> None:
        secret = f"7{len(self.posts):03}5550199"
        self.secrets.add(secret)
        said = f"my parcel is late, my number is {secret}"
        self.deliver(self.make(who, said, late, thread_id=f"dm-{who}", visibility=Visibility.DIRECT))

    @precondition(lambda self: self.posts)
    @rule(number=NUMBERS, origin=ORIGINS)
    def a_post_is_told_again(self, number: int, origin: Origin) -> None:
        self.deliver(self.one_of(number), origin)

    @precondition(lambda self: self.posts)
    @rule(number=NUMBERS, text=SAID)
    def a_post_is_edited(self, number: int, text: str) -> None:
        place = number % len(self.posts)
        post = self.posts[place]
        word = post.text.split()[-1] if post.visibility is Visibility.PUBLIC else ""
        version = str(int(post.edit_version or 0) + 1)
        self.posts[place] = replace(post, text=f"{text} {word}".strip(), edit_version=version)
        self.deliver(self.posts[place])

    @precondition(lambda self: self.posts)
    @rule(number=NUMBERS)
    def a_post_is_deleted(self, number: int) -> None:
        self.run(self._delete(self.one_of(number)))

    async def _delete(self, post: Post) -> None:
        async with self.told.store.writing() as uow:
            known = await uow.accounts.health("acme", "acme")
            account = self.told.bridge.at("acme", "acme").account
            arrival = Arrival(account, known, Deleted(post.external_id))
            await take_in(uow, [arrival], origin=Origin.POLL, now=self.told.clock.now())

    @precondition(lambda self: self.posts)
    @rule(number=NUMBERS, late=LATENESS, again=st.booleans())
    def our_team_types_in_the_app(self, number: int, late: timedelta, again: bool) -> None:
        to = self.one_of(number)
        ours = self.told.ours(f"a van is on its way, says number {number}", to, id=f"own-{len(self.told.said)}")
        ours = replace(ours, created_at=max(ours.created_at - late, self.began))
        for _ in range(1 + again):
            self.deliver(ours)

    # What the bridge does.

    @rule()
    def the_bridge_works(self) -> None:
        self.run(self.told.works())

    @rule(limit=st.integers(1, 3))
    def some_is_judged(self, limit: int) -> None:
        self.run(self.told.judges(limit))

    @rule(limit=st.integers(1, 2))
    def some_is_said(self, limit: int) -> None:
        self.run(self.told.speaks(limit))

    @rule(span=SPANS)
    def time_passes(self, span: timedelta) -> None:
        self.told.clock.forward(span.total_seconds())
        self.run(close_solved(self.told.bridge))

    # What the team does.

    def ticket(self, number: int) -> str | None:
        tickets = self.seen.tickets
        return tickets[number % len(tickets)].id if tickets else None

    def tries(self, doing: Coroutine[Any, Any, T]) -> T | None:
        """Do what may be refused, but for a reason."""
        try:
            return self.run(doing)
        except NotAllowed:
            return None

    @rule(number=NUMBERS, state=st.sampled_from(["pending", "solved", "closed", "open"]))
    def kim_moves_a_ticket(self, number: int, state: str) -> None:
        if ticket_id := self.ticket(number):
            self.tries(change(self.told.bridge, "acme", ticket_id, {"state": TicketState(state)}, KIM))

    @rule(number=NUMBERS)
    def kim_notes(self, number: int) -> None:
        if ticket_id := self.ticket(number):
            word = f"zqn{len(self.seen.entries)}x"
            if self.tries(note(self.told.bridge, "acme", ticket_id, f"called, no answer {word}", KIM)):
                self.words.setdefault(self.owner(ticket_id), set()).add(word)

    def owner(self, ticket_id: str) -> str:
        """Name the person whose ticket it is, as they were called before they left."""
        author_id = self.seen.by_id("tickets")[ticket_id].author_id
        return str(self.seen.by_id("authors")[author_id].external_id).removeprefix("u-")

    def secret_of(self, ticket_id: str) -> str:
        """Return a number that this ticket's person whispered and that can still be read."""
        theirs = self.seen.by_id("tickets")[ticket_id].author_id
        said = " ".join(each.text for each in self.seen.mentions if each.author_id == theirs)
        return max((secret for secret in self.secrets if secret in said), default="")

    @rule(number=NUMBERS, surface=st.sampled_from([None, Surface.PUBLIC, Surface.PRIVATE]), leaks=st.booleans())
    def kim_answers(self, number: int, surface: Surface | None, leaks: bool) -> None:
        if ticket_id := self.ticket(number):
            told = f"It is on its way. {self.secret_of(ticket_id) if leaks else ''}"
            saying = Saying("acme", ticket_id, told, KIM, f"{len(self.seen.replies)}", surface)
            self.tries(message(self.told.bridge, saying))

    @rule(number=NUMBERS)
    def kim_approves(self, number: int) -> None:
        waiting = [reply.id for reply in self.seen.replies if reply.state == "awaiting_approval"]
        if waiting:
            self.tries(approve(self.told.bridge, "acme", waiting[number % len(waiting)], KIM))

    @rule(one=NUMBERS, two=NUMBERS)
    def kim_merges(self, one: int, two: int) -> None:
        source, target = self.ticket(one), self.ticket(two)
        if source and target:
            self.tries(merge(self.told.bridge, "acme", source, target, KIM, "one story"))

    def some_lines(self, ticket_id: str, number: int) -> list[str]:
        lines = [line.id for line in self.seen.entries if line.ticket_id == ticket_id and line.mention_id]
        return [line for place, line in enumerate(lines) if number >> (place % 5) & 1]

    @rule(number=NUMBERS, which=NUMBERS)
    def kim_splits(self, number: int, which: int) -> None:
        if ticket_id := self.ticket(number):
            self.tries(
                split(self.told.bridge, "acme", ticket_id, self.some_lines(ticket_id, which), KIM, "two stories")
            )

    @rule(number=NUMBERS)
    def kim_undoes(self, number: int) -> None:
        if acts := self.seen.story_acts:
            act = acts[number % len(acts)]
            self.tries(undo(self.told.bridge, "acme", act.source_id, act.id, KIM))

    @rule(one=NUMBERS, two=NUMBERS, which=NUMBERS)
    def kim_errs_and_undoes_it_at_once(self, one: int, two: int, which: int) -> None:
        source, target = self.ticket(one), self.ticket(two)
        if not source or not target:
            return
        before = laws.places(self.run(laws.look(self.told)))
        if which % 2:
            done = self.tries(merge(self.told.bridge, "acme", source, target, KIM, "one story"))
        else:
            lines = self.some_lines(source, which)
            done = self.tries(split(self.told.bridge, "acme", source, lines, KIM, "two stories"))
        if done is not None:
            self.run(undo(self.told.bridge, "acme", source, done.id, KIM))
            made = {done.target_id} if done.kind == "split" else set()
            assert laws.places(self.run(laws.look(self.told)), without=made) == before

    # How people leave.

    @rule(who=PEOPLE)
    def somebody_leaves(self, who: str) -> None:
        authors = [each for each in self.seen.authors if each.external_id == f"u-{who}" and each.customer_id]
        if authors:
            self.run(forget(self.told.bridge, "acme", authors[0].customer_id, KIM))
            self.gone |= self.words.pop(who)

    @rule()
    def old_words_go(self) -> None:
        keeping = {"acme": Keeping(words=timedelta(days=30), payloads=timedelta(days=7))}
        self.run(retire(replace(self.told.bridge, keeping=keeping), "acme"))

    # What holds throughout.

    @invariant()
    def every_law_holds(self) -> None:
        before, self.seen = self.seen, self.run(laws.look(self.told))
        laws.every_post_is_one_mention(self.seen, len(self.posts))
        laws.every_mention_has_one_place_and_a_reason(self.seen)
        laws.a_merged_ticket_is_empty(self.seen)
        laws.nobody_is_in_a_strangers_ticket(self.seen)
        laws.an_answer_lies_where_its_post_lies(self.seen)
        laws.lines_are_numbered(self.seen)
        laws.events_are_numbered(self.seen)
        laws.a_customer_waits_once(self.seen)
        laws.nobody_is_told_twice(self.seen, before)
        laws.nothing_private_is_public(self.told, self.secrets)
        laws.the_erased_are_nowhere(self.seen, self.gone)
