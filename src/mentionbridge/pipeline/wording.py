"""Wording: put an occasion into words this thread has not heard yet, as long as its network takes."""

from collections.abc import Sequence

from mentionbridge.domain.account import Brand
from mentionbridge.domain.mention import Mention
from mentionbridge.domain.wording import Kind
from mentionbridge.pipeline.bridge import Bridge, Connected
from mentionbridge.ports.platform import Platform
from mentionbridge.ports.store import UnitOfWork
from mentionbridge.rules.templates import Template
from mentionbridge.rules.wording import Told, Worded, choose, fit, language_of, phrasings_of, render, with_reference


async def in_fresh_words(
    bridge: Bridge,
    uow: UnitOfWork,
    connected: Connected,
    mention: Mention,
    kind: Kind,
    told: Told,
    heard: str | None,
    link: str | None = None,
) -> tuple[Worded, bool]:
    """Word it for who speaks the language `heard`; False when this thread has heard every phrasing already.

    Raises NotAllowed when no phrasing fits the network.
    """
    brand = bridge.brand(mention.brand_id)
    used = await uow.replies.phrasings_in_thread(mention.brand_id, mention.platform, mention.thread_id)
    templates, lang = phrasings_of(brand, kind, language_of(brand, heard))
    fresh = choose(templates, mention.external_id, used)
    variants = fresh or choose(templates, mention.external_id, ())
    return word(variants, brand, told, connected.platform, lang, link), bool(fresh)


def word(
    templates: Sequence[Template], brand: Brand, told: Told, platform: Platform, lang: str, link: str | None = None
) -> Worded:
    """Word a sentence in the first phrasing that fits this network; raises NotAllowed when none does."""
    variants = [render(template, brand, told, link, lang) for template in templates]
    marked = [with_reference(*each, told, brand) for each in zip(variants, templates, strict=True)]
    return fit(marked + variants if marked != variants else variants, platform.count, platform.capabilities.max_length)
