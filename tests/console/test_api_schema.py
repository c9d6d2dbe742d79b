"""The description of the API held against its answers by schemathesis, which knows nothing of us: a few tries an operation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from tests.console.calling import token
from tests.console.conftest import Filled, console_over
from tests.console.installed import Console
from trueup.api.v1 import describe

SCHEMA = schemathesis.openapi.from_dict(describe())
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    ignored_auth,
    unsupported_method,
]

ASKED_OTHERWISE = {"POST /api/v1/trade-ins/{trade_in}/grading"}
"""A trade-in's key may hold a slash, so that to GET this address asks for the trade-in that is called so: it answers that too."""


@pytest.fixture(scope="module")
def own(filled: Filled, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A console that nobody else looks at: what is tried here changes things."""
    with console_over(filled, tmp_path_factory.mktemp("schema")) as running:
        yield running


@pytest.fixture(scope="module")
def tokens() -> dict[str, str]:
    """A token an operation, for each may call only so often."""
    return {}


@SCHEMA.parametrize()
@hypothesis.settings(max_examples=4, deadline=None, derandomize=True)
def test_answers_are_as_described(case: schemathesis.Case[Any], own: Console, tokens: dict[str, str]) -> None:
    """Whatever is asked: no defect, a status, a type and a form that the description has, and nothing without a token."""
    label = case.operation.label
    if label not in tokens:
        tokens[label] = token(own, "Ana Admin")
    checks = [each for each in CHECKS if each is not unsupported_method or label not in ASKED_OTHERWISE]
    case.call_and_validate(base_url=own.url, headers={"Authorization": f"Bearer {tokens[label]}"}, checks=checks)
