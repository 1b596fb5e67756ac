"""Which team: both named before the topic, the topic before the place, the place before everything else."""

import pytest

from mentionbridge.domain.account import Team
from mentionbridge.rules.teams import Routed, route

BOTH = Team("both", ("parcel",), ("harbour",))
TOPIC = Team("topic", ("parcel", "billing"))
PLACE = Team("place", (), ("harbour", "station"))
REST = Team("rest")


@pytest.mark.parametrize(
    ("topic", "place", "routed"),
    [
        ("parcel", "harbour", Routed("both", "topic parcel and place harbour")),
        ("parcel", "station", Routed("topic", "topic parcel")),
        ("parcel", None, Routed("topic", "topic parcel")),
        ("swing", "harbour", Routed("place", "place harbour")),
        (None, "station", Routed("place", "place station")),
        ("swing", "airport", Routed("rest", "the team for everything else")),
        (None, None, Routed("rest", "the team for everything else")),
    ],
)
def test_the_team_that_names_most_is_taken(topic: str | None, place: str | None, routed: Routed) -> None:
    for teams in ((BOTH, TOPIC, PLACE, REST), (REST, PLACE, TOPIC, BOTH)):
        assert route(topic, place, teams) == routed


def test_of_two_alike_the_first_in_the_config_is_taken() -> None:
    assert route("parcel", None, (Team("one", ("parcel",)), Team("two", ("parcel",)))).team == "one"


def test_without_a_fitting_team_there_is_none() -> None:
    assert route("swing", None, (BOTH, TOPIC, PLACE)) == Routed(None, "no team is for this topic and place")
    assert route(None, None, ()).team is None
