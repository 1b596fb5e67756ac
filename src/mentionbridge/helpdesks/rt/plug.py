"""Request Tracker as a kind of helpdesk."""

from mentionbridge.domain.capabilities import Support
from mentionbridge.domain.helpdesk import DeskCapabilities
from mentionbridge.helpdesks.hooks import SecretHook
from mentionbridge.helpdesks.plug import DeskOptions, DeskTools, Link
from mentionbridge.helpdesks.rt import wire
from mentionbridge.helpdesks.rt.desk import RtDesk
from mentionbridge.helpdesks.rt.options import RtOptions
from mentionbridge.helpdesks.talk import Talk

CAPABILITIES = DeskCapabilities(support=Support.SUPPORTED, hooks=True, edits=False, longest_title=200)
HEADER = "x-bridge-secret"


class RtPlug:
    """Request Tracker 5."""

    name = "rt"
    label = "Request Tracker"
    capabilities = CAPABILITIES
    options: type[DeskOptions] = RtOptions

    def link(self, options: RtOptions, tools: DeskTools) -> Link:
        """Make one desk."""
        token = options.token.get_secret_value()
        headers = {"authorization": f"token {token}", "accept": "application/json"}
        desk = RtDesk(Talk(tools.http(options.url), tools.clock, headers), options, CAPABILITIES)
        secret = options.hook_secret
        return Link(desk, SecretHook(secret, wire.hear, header=HEADER) if secret is not None else None)


plug = RtPlug()
