"""The two machines, by their tables: every state is reached, the ends are ends, and nothing sent is unsaid."""

from collections.abc import Collection, Mapping
from typing import Any

import pytest

from mentionbridge.domain import reply, ticket
from mentionbridge.domain.errors import NotAllowed
from mentionbridge.domain.reply import SAID, ReplyState
from mentionbridge.domain.ticket import Hand, TicketState

R = ReplyState
ENDS = {R.NOT_SENT, R.REFUSED, R.FAILED, R.REJECTED, R.EXPIRED, R.CANCELLED, R.RETRACTED}


def reached(moves: Mapping[Any, Collection[Any]], *starts: Any) -> set[Any]:
    found, waiting = set(starts), list(starts)
    while waiting:
        for state in set(moves[waiting.pop()]) - found:
            found.add(state)
            waiting.append(state)
    return found


def test_every_state_has_its_row() -> None:
    assert set(reply.MOVES) == set(ReplyState)
    assert set(ticket.MOVES) == set(TicketState)


def test_every_state_of_a_reply_is_reached_from_a_draft() -> None:
    assert reached(reply.MOVES, R.DRAFT) == set(ReplyState)


def test_every_state_of_a_ticket_is_reached_from_new_but_new_itself_never_again() -> None:
    assert reached(ticket.MOVES, TicketState.NEW) == set(TicketState)
    assert not any(TicketState.NEW in after for after in ticket.MOVES.values())


def test_the_ends_of_a_reply_are_ends() -> None:
    assert {state for state, after in reply.MOVES.items() if not after} == ENDS


def test_from_every_state_a_reply_can_come_to_an_end() -> None:
    for state in ReplyState:
        assert reached(reply.MOVES, state) & (ENDS | {R.SENT}), state


def test_sending_is_entered_from_queued_alone() -> None:
    assert {state for state, after in reply.MOVES.items() if R.SENDING in after} == {R.QUEUED}


def test_what_may_be_out_is_never_cancelled_rejected_or_expired() -> None:
    for state in SAID:
        assert not reply.MOVES[state] & {R.CANCELLED, R.REJECTED, R.EXPIRED, R.DRAFT}, state
    # While it is being sent, only the network's own no makes it a person's to post.
    assert {state for state in SAID if R.MANUAL in reply.MOVES[state]} == {R.SENDING}


def test_a_sent_reply_can_only_be_taken_back() -> None:
    assert reply.MOVES[R.SENT] == {R.RETRACTED}


def test_an_unknown_fate_is_settled_or_repeated_under_its_key() -> None:
    assert reply.MOVES[R.UNKNOWN] == {R.SENT, R.NOT_SENT, R.QUEUED}


@pytest.mark.parametrize("old", ReplyState)
@pytest.mark.parametrize("new", ReplyState)
def test_a_reply_moves_as_the_table_says(old: ReplyState, new: ReplyState) -> None:
    if new in reply.MOVES[old]:
        reply.check_move(old, new)
        return
    with pytest.raises(NotAllowed, match=f"is {old} cannot become {new}") as raised:
        reply.check_move(old, new)
    assert raised.value.code == "reply_move"


@pytest.mark.parametrize("old", TicketState)
@pytest.mark.parametrize("new", TicketState)
@pytest.mark.parametrize("by", Hand)
def test_a_ticket_moves_as_the_table_says(old: TicketState, new: TicketState, by: Hand) -> None:
    if by in ticket.MOVES[old].get(new, ()):
        ticket.check_move(old, new, by)
        return
    with pytest.raises(NotAllowed, match="from here it may become") as raised:
        ticket.check_move(old, new, by)
    assert raised.value.code == "ticket_move"


def test_a_customer_opens_again_and_the_bridge_only_closes_what_was_solved() -> None:
    by = {
        hand: {(old, new) for old, after in ticket.MOVES.items() for new in after if hand in after[new]}
        for hand in Hand
    }
    opened = {(old, TicketState.OPEN) for old in (TicketState.PENDING, TicketState.SOLVED, TicketState.CLOSED)}
    assert by[Hand.CUSTOMER] == opened
    assert by[Hand.BRIDGE] == {(TicketState.SOLVED, TicketState.CLOSED)}
    assert by[Hand.PERSON] == by[Hand.DESK] > opened | by[Hand.BRIDGE]
