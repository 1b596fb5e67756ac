"""The words we say in public are the operator's, and nobody else's."""

import re
import unicodedata
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentionbridge.domain.account import Brand
from mentionbridge.domain.errors import NotAllowed, SetupError
from mentionbridge.domain.reply import Link
from mentionbridge.domain.verdict import Place, Topic
from mentionbridge.domain.wording import Kind, Tone, Wording
from mentionbridge.rules.linting import check, check_words, unspeakable
from mentionbridge.rules.phrasings import LANGUAGES, shipped
from mentionbridge.rules.templates import Template
from mentionbridge.rules.wording import (
    Told,
    Worded,
    choose,
    fit,
    language_of,
    phrasings_of,
    reference_of,
    render,
    thing_of,
    with_reference,
)
from mentionbridge.text import graphemes

BRAND = Brand(
    "acme",
    "Acme",
    topics=(Topic("net", "your broadband", ("broadband",)), Topic("play", "the playground", ("swing",))),
    generic_topic="the trouble you describe",
)
URL = "https://bridge.example/dm/acme"
SHORT = Template.parse("We have your word about {{ thing }}. Send a {{private}} to {{brand}}.")


def rendered(
    template: Template = SHORT, brand: Brand = BRAND, topic: str | None = "net", url: str | None = URL
) -> Worded:
    return render(template, brand, Told(topic), url, "en")


def brand_saying(*texts: str, kind: Kind = Kind.ACKNOWLEDGE, **facts: Any) -> Brand:
    return Brand("acme", "Acme", wordings=(Wording("templates", kind, "en", Tone.FORMAL, texts),), **facts)


def in_use(brand: Brand, kind: Kind = Kind.ACKNOWLEDGE, lang: str = "en") -> tuple[Template, ...]:
    return phrasings_of(brand, kind, lang)[0]


def test_a_template_is_filled_with_the_operators_words() -> None:
    worded = rendered()
    assert worded.text == "We have your word about your broadband. Send a private message to Acme."
    assert worded.links == (Link(47, 62, URL),)
    assert (worded.template_id, worded.lang, worded.thing) == (SHORT.id, "en", "your broadband")


def test_a_value_that_begins_a_sentence_gets_a_capital() -> None:
    worded = rendered(Template.parse("{{ thing }} is with us. {{ private }}?"))
    assert worded.text == "Your broadband is with us. Private message?"


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("about {{ thing }} {{ name }}", 1, "names 'name'"),
        ("{{ thing.x }}", 1, "holds `getattr`"),
        ("{{ thing }}\n\n{{ thing[0] }}", 3, "holds `getitem`"),
        ("{{ thing() }}", 1, "holds `call`"),
        ("{{ 1 }}", 1, "holds `const`"),
        ("{{ thing|upper }}", 1, "uses the filter 'upper'"),
        ("{{ thing|capital(1) }}", 1, "uses the filter 'capital'"),
        ("{% if thing %}x{% endif %}", 1, "asks for 'thing', which is never empty"),
        ("{% if place and opens %}x{% endif %}", 1, "holds `and`"),
        ("{% if place %}a{% elif opens %}b{% endif %}", 1, "holds `elif`"),
        ("{% if place %}", 1, "cannot be read"),
        ("a {{ place }}", 1, "says 'place', which may be empty"),
        ("{% if not place %}{{ place }}{% endif %}", 1, "says 'place', which may be empty"),
        ("{% for x in y %}{% endfor %}", 1, "holds `for`"),
        ("a\n{% set x = 1 %}", 2, "holds `assign`"),
        ("{% include 'x' %}", 1, "holds `include`"),
        ("{{ thing }} {# note #}", 1, "is a comment"),
        ("{% raw %}x{% endraw %}", 1, "is a raw block"),
        ("{{ thing }}\n }}", 2, "holds a stray '}'"),
        ("{ thing }", 1, "holds a stray '{'"),
        ("{{ THING }}", 1, "names 'THING'"),
        ("{{{ thing }}}", 1, "cannot be read"),
    ],
)
def test_anything_but_what_is_listed_is_refused_with_line_and_reason(text: str, line: int, why: str) -> None:
    with pytest.raises(SetupError) as refused:
        Template.parse(text)
    assert f"Line {line} of this template {why}" in str(refused.value)
    assert "{{ thing }}, {{ private }}, {{ brand }}" in str(refused.value)


FULL = "{{ thing|capital }}{% if place %} in {{ place }}{% else %} there{% endif %}, {{ brand|small }}: {{ private }}."
WEDNESDAY = datetime(2026, 1, 7, 9, 5, tzinfo=UTC)


def test_conditions_and_filters_say_what_is_known() -> None:
    brand = Brand("acme", "Acme", BRAND.topics, places=(Place("quay", "Old Quay", ()),))
    said = render(Template.parse(FULL), brand, Told("net", "quay"), None, "en").text
    assert said == "Your broadband in Old Quay, acme: private message."
    said = render(Template.parse(FULL), brand, Told("net", "elsewhere"), None, "en").text
    assert said == "Your broadband there, acme: private message."


def test_when_the_desk_opens_is_said_in_the_language_of_the_sentence() -> None:
    back = Template.parse("{{ thing }}{% if opens %} ({{ opens }}){% endif %}{% if not opens %} (never){% endif %}.")
    assert render(back, BRAND, Told("net", opens=WEDNESDAY), None, "en").text == "Your broadband (Wednesday, 09:05)."
    assert render(back, BRAND, Told(None, opens=WEDNESDAY), None, "de").text.endswith("(Mittwoch, 09:05).")
    assert render(back, BRAND, Told("net"), None, "en").text == "Your broadband (never)."


def test_every_way_through_a_template_is_judged() -> None:
    hollow = "We know about {{ thing }}.{% if place %} How can we help{% if opens %}?{% endif %}{% endif %}"
    with pytest.raises(SetupError, match="asks what"):
        check(Template.parse(hollow), Kind.ACKNOWLEDGE)
    half = "{% if place %}{{ thing }} in {{ place }}{% else %}We know.{% endif %}"
    with pytest.raises(SetupError, match="names no thing"):
        check(Template.parse(half), Kind.ACKNOWLEDGE)


@pytest.mark.parametrize(("kind", "lang"), [(kind, lang) for lang in LANGUAGES for kind in Kind])
def test_what_we_ship_passes_our_own_linter_and_fits_everywhere(kind: Kind, lang: str) -> None:
    told = Told(None, None, WEDNESDAY, news="We are on it.")
    for (of, _), templates in shipped(lang).phrasings.items():
        if of is not kind:
            continue
        assert len({template.id for template in templates}) == len(templates)
        for template in templates:
            check(template, kind)
            said = render(template, BRAND, told, URL, lang).text
            assert graphemes.count(said) <= 240, said
            assert not re.search(r"\b(soon|shortly|today|tomorrow|promise|guarantee|bald|heute|morgen)\b", said), said


def test_a_thread_can_hear_at_least_two_phrasings_of_what_is_said_by_itself() -> None:
    for lang in LANGUAGES:
        for kind in (Kind.ACKNOWLEDGE, Kind.OFF_HOURS, Kind.PERSONAL_DATA):
            assert len(in_use(Brand("acme", "Acme", lang=lang), kind, lang)) >= 2


@pytest.mark.parametrize(
    ("brand", "said", "answered"),
    [
        (Brand("a", "A"), "fr", "en"),
        (Brand("a", "A"), None, "en"),
        (Brand("a", "A", languages=("fr",)), "fr-CA", "fr"),
        (Brand("a", "A", lang="de-AT"), "en", "de"),
        (Brand("a", "A", lang="sv"), "en", "sv"),
        (Brand("a", "A", languages=("en-NZ",), lang="mi"), "en-GB", "en"),
    ],
)
def test_a_post_is_answered_in_its_own_language_if_the_brand_speaks_it(
    brand: Brand, said: str | None, answered: str
) -> None:
    assert language_of(brand, said) == answered


def test_our_own_phrasings_fill_what_a_brand_has_not_written() -> None:
    own = brand_saying(SHORT_TEXT, languages=("de", "sv"))
    assert phrasings_of(own, Kind.ACKNOWLEDGE, "en") == ((Template.parse(SHORT_TEXT),), "en")
    assert phrasings_of(own, Kind.OFF_HOURS, "en")[0] == shipped("en").phrasings[Kind.OFF_HOURS, Tone.FORMAL]
    assert phrasings_of(own, Kind.ACKNOWLEDGE, "de")[0] == shipped("de").phrasings[Kind.ACKNOWLEDGE, Tone.FORMAL]
    assert phrasings_of(own, Kind.ACKNOWLEDGE, "sv")[1] == "en"
    familiar = Brand("acme", "Acme", lang="de", tone=Tone.FAMILIAR)
    assert "deinen Hinweis" in in_use(familiar, lang="de")[0].text
    assert in_use(familiar, Kind.PRAISE, "de") == shipped("de").phrasings[Kind.PRAISE, Tone.FORMAL]
    formal = Wording("wording.a", Kind.ACKNOWLEDGE, "de", Tone.FORMAL, ("Ihr {{ thing }}.",))
    told = Brand("acme", "Acme", lang="de", tone=Tone.FAMILIAR, wordings=(formal,))
    assert [each.text for each in in_use(told, lang="de")] == ["Ihr {{ thing }}."]


def test_a_thing_is_never_named_in_another_language() -> None:
    topics = (Topic("net", "your broadband", (), {"de": "Ihr Internet"}),)
    brand = Brand(
        "a", "A", topics, languages=("de", "fr"), generic_topics={"fr": "votre souci"}, generic_topic="it all"
    )
    assert [thing_of(brand, "net", lang) for lang in ("en", "de", "fr")] == [
        "your broadband",
        "Ihr Internet",
        "votre souci",
    ]
    assert [thing_of(brand, None, lang) for lang in ("en", "de", "fr")] == [
        "it all",
        "das geschilderte Problem",
        "votre souci",
    ]


def test_a_reference_is_short_the_same_for_ever_and_no_word() -> None:
    marked = Brand("acme", "Acme", BRAND.topics, reference=True)
    told = Told("net", ticket_id="tkt_1")
    whole = render(SHORT, marked, told, URL, "en")
    said = with_reference(whole, SHORT, told, marked)
    assert said.text == f"{whole.text} ({reference_of('tkt_1')})" and said.links == whole.links
    assert with_reference(whole, SHORT, told, BRAND) == whole
    own = Template.parse("{{ thing }}{% if reference %}, case {{ reference }}{% endif %}.")
    spoken = render(own, marked, told, URL, "en")
    assert spoken.text == f"Your broadband, case {reference_of('tkt_1')}."
    assert with_reference(spoken, own, told, marked) == spoken
    many = {reference_of(f"tkt_{n}") for n in range(3000)}
    assert len(many) == 3000
    assert all(re.fullmatch("[BCDFGHJKLMNPQRSTVWXZ]{3}-[BCDFGHJKLMNPQRSTVWXZ]{3}", each) for each in many)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Sorry, how can we help?", "names no thing"),
        ("Sorry about {{ thing }}, how can we help?", "asks what"),
        ("About {{ thing }}: please call us.", "phone"),
        ("Sorry for any inconvenience with {{ thing }}.", "nobody believes"),
        ("See help.example about {{ thing }}", "a link"),
        ("See https://x about {{ thing }}", "a link"),
        ("Hello.{{ thing }}", "a link"),
        ("@sam about {{ thing }}", "an @"),
        ("\uff20sam about {{ thing }}", "an @"),
        ("#sorry about {{ thing }}", "a #"),
        ("Dial 0800 about {{ thing }}", "digits"),
        ("\u202eabout {{ thing }}", "hidden"),
        ("about\u200b {{ thing }}", "hidden"),
    ],
)
def test_hollow_or_leading_phrasings_are_refused_at_load(text: str, why: str) -> None:
    with pytest.raises(SetupError, match=why):
        check_words(brand_saying(SHORT_TEXT, text))


SHORT_TEXT = "We have your word about {{ thing }}."


def test_the_error_says_which_template() -> None:
    with pytest.raises(SetupError, match=r"brands\.acme\.templates, number 2"):
        check_words(brand_saying(SHORT_TEXT, "Hello."))


@pytest.mark.parametrize(
    "name", ["see x.example", "@sam", "#1", "line 1234", "a\u202eb", "", "  ", "x" * 81, "a\nb", "ａ＠ｂ"]
)
def test_names_that_must_not_be_said_are_refused_at_load(name: str) -> None:
    with pytest.raises(SetupError, match=r"brands\.acme\.topics\.net\.name"):
        check_words(Brand("acme", "Acme", topics=(Topic("net", name, ()),)))
    with pytest.raises(SetupError, match=r"brands\.acme\.name"):
        check_words(Brand("acme", name))
    with pytest.raises(SetupError, match=r"brands\.acme\.generic_topic"):
        check_words(Brand("acme", "Acme", generic_topic=name))


def test_an_unknown_topic_or_a_forbidden_name_falls_back() -> None:
    assert rendered(topic="other").thing == "the trouble you describe"
    assert rendered(topic=None).thing == "the trouble you describe"
    bad = Brand("acme", "@acme", topics=(Topic("net", "call 0800", ()),), generic_topic="#x")
    said = rendered(brand=bad).text
    assert said == "We have your word about the trouble you describe. Send a private message to our team."


@pytest.mark.parametrize(
    "url", [None, "", "javascript:alert(1)", "https://", "https://x y", "https://x\n", "//x", "https://[", "https://é"]
)
def test_no_address_no_link(url: str | None) -> None:
    assert rendered(url=url).links == ()


ANY_TEXT = st.text(st.characters(codec=None, categories=None), max_size=90)
TEMPLATES = st.sampled_from(in_use(BRAND))


@given(TEMPLATES, ANY_TEXT, ANY_TEXT, ANY_TEXT, ANY_TEXT, ANY_TEXT)
def test_whatever_fills_it_nothing_leads_out(
    template: Template, name: str, thing: str, generic: str, place: str, url: str
) -> None:
    places = (Place("quay", place, ()),)
    brand = Brand("acme", name, topics=(Topic("net", thing, ()),), generic_topic=generic, places=places)
    worded = render(template, brand, Told("net", "quay", news=place), url, "en")
    plain = unicodedata.normalize("NFKC", worded.text)
    assert not re.search(r"@|#|://|www\.|\d{3}", plain)
    assert not [c for c in worded.text if unicodedata.category(c)[0] == "C"]
    assert all(start < end <= len(worded.text) for start, end in worded.kept)


@given(TEMPLATES, st.text(min_size=5, max_size=80))
def test_no_word_of_the_customer_can_get_in(template: Template, said: str) -> None:
    """A topic is chosen by key; a key that is raw text names nothing and is never shown."""
    worded = render(template, BRAND, Told(said, said), URL, "en")
    expected = render(template, BRAND, Told(), URL, "en")
    assert worded == expected


@given(TEMPLATES, st.sampled_from(["net", "play", None]), st.integers(1, 260))
def test_what_fits_keeps_its_thing_and_its_links(template: Template, topic: str | None, limit: int) -> None:
    whole = rendered(template, topic=topic)
    try:
        worded = fit([whole], graphemes.count, limit)
    except NotAllowed as refused:
        assert refused.code == "too_long"
        assert limit < graphemes.count(whole.text)
        return
    assert graphemes.count(worded.text) <= limit
    assert worded.thing.lower() in worded.text.lower()
    assert [worded.text[link.start : link.end] for link in worded.links] == ["private message"]
    assert len(worded.kept) == len(whole.kept)


LONG = Template.parse(
    "First we say a lot of things. About {{ thing }}. Then more. Send a {{ private }}! And that is all."
)


def test_spare_sentences_go_last_first_and_links_move_along() -> None:
    whole = rendered(LONG)
    texts = [fit([whole], len, limit).text for limit in (len(whole.text), len(whole.text) - 1, 85, 60)]
    assert texts == [
        "First we say a lot of things. About your broadband. Then more. Send a private message! And that is all.",
        "First we say a lot of things. About your broadband. Then more. Send a private message!",
        "First we say a lot of things. About your broadband. Send a private message!",
        "About your broadband. Send a private message!",
    ]
    last = fit([whole], len, 60)
    assert [last.text[link.start : link.end] for link in last.links] == ["private message"]
    assert [last.text[a:b] for a, b in last.kept] == ["your broadband", "private message"]
    with pytest.raises(NotAllowed, match="fits into 40"):
        fit([whole], len, 40)


def test_a_whole_phrasing_is_better_than_a_shortened_one() -> None:
    assert fit([rendered(LONG), rendered(SHORT)], len, 75).template_id == SHORT.id


def test_a_full_stop_in_a_name_ends_no_sentence() -> None:
    brand = Brand("acme", "Acme", topics=(Topic("net", "the St. Agnes line", ()),))
    worded = rendered(Template.parse("About {{ thing }} we know. Spare words here. A {{ private }} helps."), brand)
    assert fit([worded], len, 64).text == "About the St. Agnes line we know. A private message helps."


def test_a_thread_never_hears_a_phrasing_twice() -> None:
    templates = in_use(BRAND)
    heard: list[str] = []
    while fresh := choose(templates, "thread-9", heard):
        heard.append(fresh[0].id)
    assert sorted(heard) == sorted(template.id for template in templates)


@given(st.text(), st.sets(st.sampled_from([template.id for template in in_use(BRAND)])))
def test_the_choice_follows_from_the_seed(seed: str, used: set[str]) -> None:
    templates = in_use(BRAND)
    chosen = choose(templates, seed, used)
    assert chosen == choose(tuple(reversed(templates)), seed, used)
    assert {template.id for template in chosen} == {template.id for template in templates} - used


def test_seeds_spread_over_the_phrasings() -> None:
    first = {choose(in_use(BRAND), f"thread-{n}", ())[0].id for n in range(60)}
    assert len(first) == len(in_use(BRAND))


@given(ANY_TEXT)
def test_what_may_be_said_holds_nothing_that_leads_out(value: str) -> None:
    if unspeakable(value) is None:
        assert not set(unicodedata.normalize("NFKC", value)) & set("@#\n\r\x00\u202e\u200b")
