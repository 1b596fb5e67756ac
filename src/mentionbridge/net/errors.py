"""What can go wrong between us and a server, finer than the domain tells it.

PlatformDown
└── NotReached          nothing of the request was written, so it may be repeated as it is
    └── AddressRefused  the guard did not allow the address, or it is none; repeating will not help
NoAnswer
└── AnswerTooLong       the answer was over the cap; asking again would bring the same
"""

from mentionbridge.domain.errors import NoAnswer, PlatformDown


class NotReached(PlatformDown):
    """The destination was never reached: nothing of the request was written."""


class AddressRefused(NotReached):
    """The address is not one we go to, until the name or the settings change."""


class AnswerTooLong(NoAnswer):
    """The answer was longer than we take."""
