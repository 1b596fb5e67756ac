"""Requests schemathesis makes up from the OpenAPI document, sent to a door in this process and judged by its checks."""

import asyncio
import copy
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import requests
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from fakes.web_world import Site, document

with warnings.catch_warnings():
    # What the library itself imports warns of things that are none of ours.
    warnings.simplefilter("ignore")
    import schemathesis
    from schemathesis import checks
    from schemathesis.specs.openapi import checks as told

CHECKS = [
    checks.not_a_server_error,
    told.status_code_conformance,
    told.content_type_conformance,
    told.response_headers_conformance,
    told.response_schema_conformance,
    told.negative_data_rejection,
    told.missing_required_header,
]
BASE = "http://bridge.example"
BY_ITEM = {("POST", "/v1/mentions"), ("POST", "/v1/import")}
"""What is wrong with an item of a batch is told in its own result, and refuses no other."""


def operations() -> Iterator[Any]:
    """Yield every operation of the document; who may use it is what another test is about."""
    whole = copy.deepcopy(document())
    for methods in whole["paths"].values():
        for operation in methods.values():
            operation.pop("security", None)
    for found in schemathesis.openapi.from_dict(whole).get_all_operations():
        yield found.ok()


async def try_all(site: Site, token: Mapping[str, str], things: Mapping[str, str], examples: int) -> Counter[int]:
    """Send made-up requests to every operation, half of them about `things`; returns how many had which status."""
    loop, seen = asyncio.get_running_loop(), Counter[int]()

    def send(case: Any) -> None:
        prepared = requests.Request(**case.as_transport_kwargs(base_url=BASE)).prepare()
        headers = {**prepared.headers, **token}
        sent = site.http.client.request(prepared.method, prepared.url, headers=headers, content=prepared.body or b"")
        answer: httpx.Response = asyncio.run_coroutine_threadsafe(sent, loop).result(30)
        seen[answer.status_code] += 1
        by_item = (case.operation.method.upper(), case.operation.path) in BY_ITEM
        case.validate_response(
            answer, checks=[each for each in CHECKS if not (by_item and each is told.negative_data_rejection)]
        )

    wrong = []
    for operation in operations():
        try:
            await asyncio.to_thread(_make_up(operation, things, examples, send))
        except Exception as error:
            error.add_note(operation.label)
            wrong.append(error)
    if wrong:
        raise ExceptionGroup("answers that are not as told", wrong)
    return seen


def _make_up(operation: Any, things: Mapping[str, str], examples: int, send: Any) -> Any:
    modes = [schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE]
    cases = st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in modes))

    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(cases, st.booleans())
    def one(case: Any, known: bool) -> None:
        if known:
            case.path_parameters = {name: things.get(name, value) for name, value in case.path_parameters.items()}
        send(case)

    return one
