"""What one complaint costs the database, from its arrival to its answer and its place in the feed."""

from collections import Counter

import pytest

from fakes.counted import counted
from fakes.tale import LATE, STILL, Tale
from mentionbridge.pipeline.publish import publish

PEOPLE = 20
MOST, MOST_POSTGRES = 44, 44
"""What it takes today, rounded up. Whoever needs more writes down here why.

What must not leave in public is looked up in five statements and not in one: PostgreSQL, once that was prepared,
planned it so badly that it took a second and more.
"""
MOST_AGAIN = 26


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_one_complaint_takes_few_statements(told: Tale, kind: str) -> None:
    posts = [told.post(f"sam{number}", LATE, id=f"p-{number}") for number in range(PEOPLE)]
    with counted(told.store) as said:
        await told.hears(*posts)
        await told.works()
        while await publish(told.bridge):
            pass
    assert len(told.printed) == PEOPLE
    assert len(said) / PEOPLE <= (MOST if kind == "sqlite" else MOST_POSTGRES), Counter(said).most_common(60)


async def test_what_a_person_adds_to_a_story_takes_fewer(told: Tale) -> None:
    first = [await told.says(f"sam{number}", LATE) for number in range(PEOPLE)]
    again = [
        told.post(post.author.handle, STILL, thread_id=post.external_id, parent_id=post.external_id) for post in first
    ]
    with counted(told.store) as said:
        await told.hears(*again)
        await told.works()
    assert len(told.printed) == PEOPLE
    assert len(said) / PEOPLE <= MOST_AGAIN, Counter(said).most_common(60)
