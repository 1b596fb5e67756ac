"""Preview: how a sentence of ours would read on each account, before anybody reads it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mentionbridge.domain.account import Brand
from mentionbridge.domain.errors import NotAllowed, NotFound
from mentionbridge.domain.reply import Link
from mentionbridge.domain.wording import Kind
from mentionbridge.pipeline.bridge import Bridge, Connected
from mentionbridge.rules.linting import LONGEST_NEWS, check, unspeakable
from mentionbridge.rules.templates import Template
from mentionbridge.rules.wording import Told, fit, language_of, phrasings_of, render, with_reference


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to preview; without `text` the phrasings in use, without `account_id` every account of the brand."""

    brand_id: str
    kind: Kind
    lang: str | None = None
    topic: str | None = None
    place: str | None = None
    news: str | None = None
    text: str | None = None
    account_id: str | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """One phrasing on one account; `problem` says why it could not be said there."""

    account_id: str
    template_id: str
    lang: str
    text: str
    length: int
    limit: int
    shortened: bool
    links: Sequence[Link]
    problem: str | None = None


def preview(bridge: Bridge, wanted: Wanted) -> list[Preview]:
    """Word it for every account asked for; raises SetupError for a wrong template, and NotFound and NotAllowed."""
    brand = bridge.brand(wanted.brand_id)
    templates, lang = phrasings_of(brand, wanted.kind, language_of(brand, wanted.lang))
    if wanted.text is not None:
        own = Template.parse(wanted.text)
        check(own, wanted.kind)
        templates = (own,)
    if wanted.news is not None and (what := unspeakable(wanted.news, LONGEST_NEWS)):
        raise NotAllowed("not_speakable", f"This is said in public and holds {what}; choose plain words.")
    told = _told(bridge, brand, wanted)
    return [
        _on(connected, template, brand, told, lang) for connected in _accounts(bridge, wanted) for template in templates
    ]


def _told(bridge: Bridge, brand: Brand, wanted: Wanted) -> Told:
    for what, key, known in (("topic", wanted.topic, brand.topics), ("place", wanted.place, brand.places)):
        if key is not None and key not in {each.key for each in known}:
            raise NotFound(f"There is no {what} {key!r} in the config.")
    opens = bridge.timing_of(brand.id).hours.opens_after(bridge.clock.now())
    return Told(wanted.topic, wanted.place, opens, "tkt_preview", wanted.news)


def _accounts(bridge: Bridge, wanted: Wanted) -> Iterator[Connected]:
    if wanted.account_id is not None:
        yield bridge.at(wanted.brand_id, wanted.account_id)
        return
    yield from (each for each in bridge.connected.values() if each.account.brand_id == wanted.brand_id)


def _on(connected: Connected, template: Template, brand: Brand, told: Told, lang: str) -> Preview:
    platform = connected.platform
    whole = render(template, brand, told, platform.private_link(), lang)
    marked, limit = with_reference(whole, template, told, brand), platform.capabilities.max_length
    problem = None
    try:
        worded = fit([marked] if marked == whole else [marked, whole], platform.count, limit)
    except NotAllowed as error:
        worded, problem = whole, str(error)
    return Preview(
        account_id=connected.account.id,
        template_id=template.id,
        lang=lang,
        text=worded.text,
        length=platform.count(worded.text),
        limit=limit,
        shortened=problem is None and worded.text != marked.text,
        links=worded.links,
        problem=problem,
    )
