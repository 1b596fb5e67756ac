"""django-helpdesk as a kind of helpdesk."""

from mentionbridge.domain.capabilities import Support
from mentionbridge.domain.helpdesk import DeskCapabilities
from mentionbridge.helpdesks.django_helpdesk import wire
from mentionbridge.helpdesks.django_helpdesk.desk import DjangoHelpdesk
from mentionbridge.helpdesks.django_helpdesk.options import DjangoHelpdeskOptions
from mentionbridge.helpdesks.hooks import SecretHook
from mentionbridge.helpdesks.plug import DeskOptions, DeskTools, Link
from mentionbridge.helpdesks.talk import Talk

CAPABILITIES = DeskCapabilities(support=Support.SUPPORTED, hooks=True, edits=True, longest_title=200)
PARAMETER = "secret"


class DjangoHelpdeskPlug:
    """django-helpdesk 2."""

    name = "django_helpdesk"
    label = "django-helpdesk"
    capabilities = CAPABILITIES
    options: type[DeskOptions] = DjangoHelpdeskOptions

    def link(self, options: DjangoHelpdeskOptions, tools: DeskTools) -> Link:
        """Make one desk."""
        headers = {"authorization": f"Token {options.token.get_secret_value()}", "accept": "application/json"}
        desk = DjangoHelpdesk(Talk(tools.http(options.url), tools.clock, headers), options, CAPABILITIES)
        secret = options.hook_secret
        # Its webhooks carry no signature and no header of ours: only the address can hold a secret.
        return Link(desk, SecretHook(secret, wire.hear, query=PARAMETER) if secret is not None else None)


plug = DjangoHelpdeskPlug()
