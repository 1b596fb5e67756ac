"""django-helpdesk over its REST interface."""

from mentionbridge.helpdesks.django_helpdesk.plug import plug

__all__ = ["plug"]
