"""Templates: anybody who reads may see how a sentence would look; nothing is said."""

from fakes.web_world import Site
from mentionbridge.ports.access import Scope

URL = "/v1/templates/preview"


async def test_phrasings_are_worded_on_each_account(site: Site) -> None:
    reader = await site.token(Scope.READ)
    found = (await site.http.post(URL, reader, {"brand": "acme", "topic": "parcel", "kind": "resolved"})).json()
    assert all("your parcel" in each["text"].lower() for each in found["items"])
    assert {each["account_id"] for each in found["items"]} >= {"acme-demo"}
    assert all(each["length"] <= each["limit"] and each["problem"] is None for each in found["items"])


async def test_another_phrasing_is_judged_before_anybody_uses_it(site: Site) -> None:
    reader = await site.token(Scope.READ)
    bad = await site.http.post(URL, reader, {"brand": "acme", "text": "Hi\n{% for x in y %}{% endfor %}"})
    assert (bad.status_code, bad.json()["code"]) == (422, "invalid")
    assert "Line 2 of this template holds `for`" in bad.json()["detail"]
    hollow = await site.http.post(URL, reader, {"brand": "acme", "text": "Sorry about {{ thing }}, how can we help?"})
    assert "asks what the customer has just told us" in hollow.json()["detail"]
    news = {"brand": "acme", "kind": "incident", "news": "See https://x.example"}
    link = await site.http.post(URL, reader, news)
    assert (link.status_code, link.json()["code"]) == (409, "not_speakable")
    nowhere = await site.http.post(URL, reader, {"brand": "acme", "topic": "nothing"})
    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "not_found")
    stranger = await site.http.post(URL, reader, {"brand": "borealis"})
    assert (stranger.status_code, stranger.json()["code"]) == (422, "unknown_brand")
