"""What learning and `replay --dry-run` read: labelled posts, and each judged one with its newest verdict."""

from datetime import timedelta

from fakes.clock import START
from fakes.people import OTHER, photo, post, store_post, verdict
from fakes.world import World
from mentionbridge.domain.mention import Visibility
from mentionbridge.domain.verdict import Label
from mentionbridge.store.judged import judged
from mentionbridge.store.labelled import labelled

LATER = START + timedelta(hours=1)


async def test_the_newest_label_of_a_person_counts_and_no_machine_is_asked(world: World) -> None:
    async with world.store.writing() as uow:
        for number, judges in enumerate((("lee", "kim"), ("lee", None), (None,))):
            mention = await store_post(uow, post(f"p-{number}"))
            for turn, who in enumerate(judges):
                said = verdict(actor=who, label=Label.PRAISE if turn else Label.COMPLAINT)
                when = START + timedelta(minutes=turn)
                await uow.mentions.judged(mention, said, "as said", f"vdt_{number}{turn}", when)
        private = await store_post(uow, post("p-private", visibility=Visibility.DIRECT))
        await uow.mentions.judged(private, verdict(actor="lee"), "as said", "vdt_private", START)
        gone = await store_post(uow, post("p-gone"))
        await uow.mentions.judged(gone, verdict(actor="lee"), "as said", "vdt_gone", START)
        await uow.mentions.delete(gone, LATER)
    async with world.engine.reading() as connection:
        found = {mention.external_id: label for mention, label in await labelled(connection, "acme")}
        theirs = await labelled(connection, "borealis")
    assert found == {"p-0": Label.PRAISE, "p-1": Label.COMPLAINT}
    assert theirs == []


async def test_every_judged_post_is_told_once_with_its_newest_verdict(world: World) -> None:
    async with world.store.writing() as uow:
        seen = await store_post(uow, post("p-1"))
        await uow.mentions.add_media("acme", {seen.id: [photo()]}, START)
        await uow.mentions.judged(seen, verdict(), "opens a ticket", "vdt_1", START)
        await uow.mentions.judged(seen, verdict(label=Label.OTHER), "is not answered", "vdt_2", LATER)
        plain = await store_post(uow, post("p-2"))
        await uow.mentions.judged(plain, verdict(), "opens a ticket", "vdt_3", START)
        await store_post(uow, post("p-unjudged"))
        theirs = await store_post(uow, post("p-3"), OTHER)
        await uow.mentions.judged(theirs, verdict(), "opens a ticket", "vdt_4", START)
    async with world.engine.reading() as connection:
        found = [past async for past in judged(connection, "acme")]
    told = [(past.mention.external_id, past.verdict.label, past.decided, past.has_media) for past in found]
    assert told == [
        ("p-1", Label.OTHER, "is not answered", True),
        ("p-2", Label.COMPLAINT, "opens a ticket", False),
    ]
