"""What an operator tells of a Request Tracker."""

from functools import cached_property

from pydantic import Field

from mentionbridge.domain.helpdesk import StatusWords
from mentionbridge.domain.ticket import Priority, TicketState
from mentionbridge.helpdesks.plug import DeskOptions, Priorities, status_words

STATES = {
    TicketState.NEW: "new",
    TicketState.OPEN: "open",
    TicketState.PENDING: "stalled",
    TicketState.SOLVED: "resolved",
    TicketState.CLOSED: "resolved",
}
PRIORITIES = {Priority.LOW: "10", Priority.NORMAL: "30", Priority.HIGH: "60", Priority.URGENT: "90"}


class RtOptions(DeskOptions):
    """`[helpdesks.NAME.options]` for Request Tracker."""

    queue: str = Field(min_length=1, description="The queue that tickets go to.")
    key_field: str = Field("MentionbridgeKey", pattern=r"^[^{}'\"]+$", description="The custom field with our key.")
    states: dict[TicketState, str] = Field(default=STATES, description="Its status for each of our states.")
    their_states: dict[str, TicketState] = Field(
        default={"rejected": TicketState.SOLVED}, description="What other statuses of its mean here."
    )
    priorities: Priorities = Field(default=PRIORITIES, description="Its priority for each of ours.")

    @cached_property
    def words(self) -> StatusWords:
        """Both directions of the states."""
        return status_words({**STATES, **self.states}, self.their_states)
