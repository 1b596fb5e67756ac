"""What an operator tells of a django-helpdesk."""

from functools import cached_property

from pydantic import Field

from mentionbridge.domain.helpdesk import StatusWords
from mentionbridge.domain.ticket import Priority, TicketState
from mentionbridge.helpdesks.plug import DeskOptions, Priorities, status_words

STATES = {
    TicketState.NEW: "1",
    TicketState.OPEN: "1",
    TicketState.PENDING: "1",
    TicketState.SOLVED: "3",
    TicketState.CLOSED: "4",
}
THEIR_STATES = {
    "1": TicketState.OPEN,
    "2": TicketState.OPEN,
    "3": TicketState.SOLVED,
    "4": TicketState.SOLVED,
    "5": TicketState.SOLVED,
}
PRIORITIES = {Priority.LOW: "4", Priority.NORMAL: "3", Priority.HIGH: "2", Priority.URGENT: "1"}


class DjangoHelpdeskOptions(DeskOptions):
    """`[helpdesks.NAME.options]` for django-helpdesk; its statuses and priorities are numbers, written as text."""

    queue: int = Field(ge=1, description="The number of the queue that tickets go to.")
    states: dict[TicketState, str] = Field(default=STATES, description="Its status for each of our states.")
    their_states: dict[str, TicketState] = Field(
        default=THEIR_STATES, description="What each of its statuses means here."
    )
    priorities: Priorities = Field(default=PRIORITIES, description="Its priority for each of ours.")

    @cached_property
    def words(self) -> StatusWords:
        """Both directions of the states."""
        return status_words({**STATES, **self.states}, {**THEIR_STATES, **self.their_states})
