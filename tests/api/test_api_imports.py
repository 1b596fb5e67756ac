"""History brought along over HTTP: every item a ticket, and nobody is answered."""

from fakes.people import ACME
from fakes.web_world import Site
from mentionbridge.domain.mention import Surface
from mentionbridge.domain.verdict import Label, Severity, Verdict
from mentionbridge.ports.access import Scope
from mentionbridge.ports.store import Queue
from mentionbridge.rules.routing import Handling, MentionFacts, decide

PRAISE = Verdict(Label.PRAISE, 0.02, Severity.NORMAL, (), "en", (), "rules", "1")


async def test_an_imported_post_is_silent_and_says_how_it_came(site: Site) -> None:
    token = await site.token(Scope.INGEST, Scope.READ, accounts=[ACME.id])
    item = {
        "platform": "demo",
        "account": ACME.id,
        "external_id": "old-1",
        "author": {"external_id": "u-9", "handle": "ada"},
        "text": "lovely jacket, thank you",
        "created_at": site.world.clock.now().isoformat(),
    }
    answer = await site.http.post("/v1/import", token, {"mentions": [item, {**item, "account": "elsewhere"}]})
    first, second = answer.json()["results"]
    assert (first["status"], second["status"], second["code"]) == ("created", "rejected", "unknown_account")
    mention = (await site.http.get(f"/v1/mentions/{first['id']}", token)).json()
    assert (mention["origin"], mention["silent"]) == ("import", True)
    again = await site.http.post("/v1/import", token, {"mentions": [item]})
    assert again.json()["results"][0]["status"] == "duplicate"
    async with site.world.store.writing() as uow:
        assert len(await uow.claims.take(Queue.JUDGE, 5, 30)) == 1


def test_whatever_is_imported_is_a_matter_for_a_ticket_and_for_no_answer() -> None:
    facts = MentionFacts(surface=Surface.PUBLIC, tagged=True, silent=True)
    assert not decide(PRAISE, facts).opens_ticket
    decision = decide(PRAISE, MentionFacts(surface=Surface.PUBLIC, tagged=True, silent=True, imported=True))
    assert (decision.opens_ticket, decision.acknowledge) == (True, Handling.NONE)
