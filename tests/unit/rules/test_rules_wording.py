"""The words we say in public are the operator's, and nobody else's."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentionbridge.domain.account import Brand
from mentionbridge.domain.errors import NotAllowed, SetupError
from mentionbridge.domain.reply import Link
from mentionbridge.domain.verdict import Topic
from mentionbridge.rules.phrasings import DEFAULTS
from mentionbridge.rules.wording import (
    Template,
    Worded,
    check,
    check_templates,
    choose,
    fit,
    render,
    templates_of,
    unspeakable,
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
    return render(template, brand, topic, "private message", url, "en")


def test_a_template_is_filled_with_the_operators_words() -> None:
    worded = rendered()
    assert worded.text == "We have your word about your broadband. Send a private message to Acme."
    assert worded.links == (Link(47, 62, URL),)
    assert (worded.template_id, worded.lang, worded.thing) == (SHORT.id, "en", "your broadband")


def test_a_value_that_begins_a_sentence_gets_a_capital() -> None:
    worded = rendered(Template.parse("{{ thing }} is with us. {{ private }}?"))
    assert worded.text == "Your broadband is with us. Private message?"


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("about {{ thing }} {{ name }}", 19),
        ("{{ thing.x }}", 1),
        ("{% if thing %}", 1),
        ("{{ thing }} {# note #}", 13),
        ("{{ thing }} }}", 13),
        ("{ thing }", 1),
        ("{{ THING }}", 1),
        ("{{{ thing }}}", 1),
    ],
)
def test_anything_but_the_three_placeholders_is_refused_with_its_place(text: str, position: int) -> None:
    with pytest.raises(SetupError) as refused:
        Template.parse(text)
    assert f"at character {position};" in str(refused.value)
    assert "{{ thing }}, {{ private }}, {{ brand }}" in str(refused.value)


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
        check_templates(Brand("acme", "Acme", templates=(SHORT_TEXT, text)))


SHORT_TEXT = "We have your word about {{ thing }}."


def test_the_error_says_which_template() -> None:
    with pytest.raises(SetupError, match=r"brands\.acme\.templates, number 2"):
        check_templates(Brand("acme", "Acme", templates=(SHORT_TEXT, "Hello.")))


@pytest.mark.parametrize(
    "name", ["see x.example", "@sam", "#1", "line 1234", "a\u202eb", "", "  ", "x" * 81, "a\nb", "ａ＠ｂ"]
)
def test_names_that_must_not_be_said_are_refused_at_load(name: str) -> None:
    with pytest.raises(SetupError, match=r"brands\.acme\.topics\.net\.name"):
        check_templates(Brand("acme", "Acme", topics=(Topic("net", name, ()),)))
    with pytest.raises(SetupError, match=r"brands\.acme\.name"):
        check_templates(Brand("acme", name))
    with pytest.raises(SetupError, match=r"brands\.acme\.generic_topic"):
        check_templates(Brand("acme", "Acme", generic_topic=name))


def test_a_brand_speaks_its_own_phrasings_or_ours() -> None:
    own = Brand("acme", "Acme", templates=(SHORT_TEXT,))
    assert check_templates(own) == templates_of(own) == (Template.parse(SHORT_TEXT),)
    assert check_templates(BRAND) == templates_of(BRAND) == tuple(map(Template.parse, DEFAULTS))


@pytest.mark.parametrize("text", DEFAULTS)
def test_our_own_phrasings_are_plain_honest_and_short(text: str) -> None:
    template = Template.parse(text)
    check(template)
    assert {"thing", "private"} <= set(template.names)
    assert not re.search(r"\b(hours?|minutes?|soon|shortly|today|tomorrow|promise|guarantee)\b", text)
    assert graphemes.count(rendered(template, topic=None).text) <= 240


def test_an_unknown_topic_or_a_forbidden_name_falls_back() -> None:
    assert rendered(topic="other").thing == "the trouble you describe"
    assert rendered(topic=None).thing == "the trouble you describe"
    bad = Brand("acme", "@acme", topics=(Topic("net", "call 0800", ()),), generic_topic="#x")
    assert rendered(brand=bad).text == "We have your word about this. Send a private message to our team."


@pytest.mark.parametrize(
    "url", [None, "", "javascript:alert(1)", "https://", "https://x y", "https://x\n", "//x", "https://[", "https://é"]
)
def test_no_address_no_link(url: str | None) -> None:
    assert rendered(url=url).links == ()


def test_a_hostile_label_gives_way() -> None:
    assert "private message" in render(SHORT, BRAND, "net", "http://evil.example", URL, "en").text


ANY_TEXT = st.text(st.characters(codec=None, categories=None), max_size=90)
TEMPLATES = st.sampled_from(DEFAULTS).map(Template.parse)


@given(TEMPLATES, ANY_TEXT, ANY_TEXT, ANY_TEXT, ANY_TEXT, ANY_TEXT)
def test_whatever_fills_it_nothing_leads_out(
    template: Template, name: str, thing: str, generic: str, label: str, url: str
) -> None:
    brand = Brand("acme", name, topics=(Topic("net", thing, ()),), generic_topic=generic)
    worded = render(template, brand, "net", label, url, "en")
    plain = unicodedata.normalize("NFKC", worded.text)
    assert not re.search(r"@|#|://|www\.|\d{3}", plain)
    assert not [c for c in worded.text if unicodedata.category(c)[0] == "C"]
    assert all(start < end <= len(worded.text) for start, end in worded.kept)


@given(TEMPLATES, st.text(min_size=5, max_size=80))
def test_no_word_of_the_customer_can_get_in(template: Template, said: str) -> None:
    """A topic is chosen by key; a key that is raw text names nothing and is never shown."""
    worded = render(template, BRAND, said, "private message", URL, "en")
    expected = render(template, BRAND, None, "private message", URL, "en")
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
    templates = templates_of(BRAND)
    heard: list[str] = []
    while fresh := choose(templates, "thread-9", heard):
        heard.append(fresh[0].id)
    assert sorted(heard) == sorted(template.id for template in templates)


@given(st.text(), st.sets(st.sampled_from([template.id for template in templates_of(BRAND)])))
def test_the_choice_follows_from_the_seed(seed: str, used: set[str]) -> None:
    templates = templates_of(BRAND)
    chosen = choose(templates, seed, used)
    assert chosen == choose(tuple(reversed(templates)), seed, used)
    assert {template.id for template in chosen} == {template.id for template in templates} - used


def test_seeds_spread_over_the_phrasings() -> None:
    first = {choose(templates_of(BRAND), f"thread-{n}", ())[0].id for n in range(60)}
    assert len(first) == len(DEFAULTS)


@given(ANY_TEXT)
def test_what_may_be_said_holds_nothing_that_leads_out(value: str) -> None:
    if unspeakable(value) is None:
        assert not set(unicodedata.normalize("NFKC", value)) & set("@#\n\r\x00\u202e\u200b")
