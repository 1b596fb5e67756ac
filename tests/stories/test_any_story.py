"""Whatever happens in whatever order, what is promised of stories holds (`fakes.any_story` says how, on SQLite)."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from fakes.any_story import AnyStory
from fakes.chaos_counts import share

NOT_SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]


def play(examples: int, steps: int) -> None:
    how = settings(max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=NOT_SLOW)
    run_state_machine_as_test(AnyStory, settings=how)


def test_any_story_keeps_its_promises() -> None:
    play(examples=8, steps=25)


@pytest.mark.deep
def test_any_long_story_keeps_its_promises() -> None:
    play(examples=share(300), steps=60)
