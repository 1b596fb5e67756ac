"""Who answers does not depend on who saw it first."""

import pytest

from mentionbridge.rules.answering import Ours, Seen, answering

MAIN, CARE, NEW = Ours("acme", "n-1"), Ours("acme-care", "n-2"), Ours("acme-new", None)
CASES = [
    ("nobody is addressed: the first in the config", ("acme-care", (), False), [MAIN, CARE], "acme"),
    ("one is addressed", ("acme", ("n-9", "n-2"), False), [MAIN, CARE], "acme-care"),
    ("both are: the first in the config", ("acme-care", ("n-2", "n-1"), False), [MAIN, CARE], "acme"),
    ("both are, another config", ("acme", ("n-1", "n-2"), False), [CARE, MAIN], "acme-care"),
    ("a stranger is addressed", ("acme-care", ("n-9",), False), [MAIN, CARE], "acme"),
    ("a private message, or a push", ("acme-care", (), True), [MAIN, CARE], "acme-care"),
    ("a push that says whom it addresses", ("acme-care", ("n-1",), True), [MAIN, CARE], "acme"),
    ("whoever the network has not named yet is not addressed", ("acme-new", ("n-2",), False), [NEW, CARE], "acme-care"),
    ("whoever saw it is no longer configured", ("gone", (), False), [CARE], "acme-care"),
    ("the receiver is no longer configured", ("gone", (), True), [CARE], None),
    ("none is configured", ("gone", (), False), [], None),
]


@pytest.mark.parametrize(("case", "seen", "ours", "expected"), CASES, ids=[case[0] for case in CASES])
def test_who_answers(
    case: str, seen: tuple[str, tuple[str, ...], bool], ours: list[Ours], expected: str | None
) -> None:
    assert answering(Seen(*seen), ours) == expected


def test_an_account_without_a_network_id_is_never_the_addressed_one() -> None:
    assert answering(Seen("acme", (), True), [NEW]) is None
