"""Whether a connection can do what it must: one harmless read an operation, and where to click where one is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from trueup.base.clock import Clock, write_instant
from trueup.base.errors import ConfigurationError, NotFound, Rejected, RemoteError, Throttled, TrueupError, Unauthorized
from trueup.connectors.amazon_vendor.calls import Call, Calls, remedy
from trueup.connectors.amazon_vendor.operations import (
    GET_PURCHASE_ORDER,
    GET_PURCHASE_ORDERS,
    GET_STATUS,
    GET_TRANSACTION,
    SUBMIT_ACKNOWLEDGEMENT,
)
from trueup.connectors.amazon_vendor.settings import AmazonVendorSettings
from trueup.connectors.amazon_vendor.tokens import AccessTokens
from trueup.remote.capability import Probe, Verdict

_NO_ORDER = "00000000"
NO_TRANSACTION = "00000000-0000-0000-0000-000000000000"
"""Of the form that Amazon gives, and nobody's."""
_SIGN_IN = (
    "Store client id, client secret and refresh token of this connection anew: Vendor Central, Integration, API Integration "
    "(View LWA credentials; Authorize). A client secret runs out after 180 days."
)
_WAIT = "Amazon or the network is in trouble; try again in a few minutes."


@dataclass(frozen=True, slots=True)
class Question:
    """A call and, for one that asks for what does not exist, that being told so is the proof of permission."""

    ability: str
    call: Call
    answers_not_found: bool = False


def probe_connection(settings: AmazonVendorSettings, tokens: AccessTokens, calls: Calls, clock: Clock) -> list[Probe]:
    """Sign in, then each operation. Without a token nothing else is tried."""
    ability = "sign in (Login with Amazon)"
    try:
        tokens.current()
    except TrueupError as error:
        to_do = _SIGN_IN if isinstance(error, Unauthorized | ConfigurationError) else _WAIT
        return [Probe(settings.name, ability, Verdict.FAILS, str(error), to_do)]
    found = [Probe(settings.name, ability, Verdict.WORKS, "Amazon gives an access token.")]
    found += [ask(settings.name, question, calls) for question in _questions(settings, clock)]
    reads = found[1]
    found.append(
        Probe(
            settings.name,
            SUBMIT_ACKNOWLEDGEMENT.name,
            Verdict.UNTRIED if reads.verdict is Verdict.WORKS else reads.verdict,
            "Not tried, a probe writes nothing: the roles that read orders also send acknowledgements.",
            reads.remedy,
            SUBMIT_ACKNOWLEDGEMENT.roles,
        )
    )
    return found


def _questions(settings: AmazonVendorSettings, clock: Clock) -> Iterator[Question]:
    now = clock.now()
    window = {
        "createdAfter": write_instant((now - timedelta(hours=1)).replace(microsecond=0)),
        "createdBefore": write_instant(now.replace(microsecond=0)),
        "limit": "1",
    }
    yield Question(GET_PURCHASE_ORDERS.name, Call(GET_PURCHASE_ORDERS, window))
    yield Question(GET_PURCHASE_ORDER.name, Call(GET_PURCHASE_ORDER, identifier=_NO_ORDER), True)
    yield Question(GET_STATUS.name, Call(GET_STATUS, window))
    yield Question(GET_TRANSACTION.name, Call(GET_TRANSACTION, identifier=NO_TRANSACTION), True)
    for code in settings.vendor_codes:
        yield Question(
            f"orders of vendor code {code}", Call(GET_PURCHASE_ORDERS, window | {"orderingVendorCode": code})
        )


def ask(connection: str, question: Question, calls: Calls) -> Probe:
    """One question's answer, and what to do about it. Never raises for what it finds."""

    def answer(verdict: Verdict, found: str, to_do: str = "") -> Probe:
        return Probe(connection, question.ability, verdict, found, to_do, operation.roles)

    operation = question.call.operation
    try:
        calls.make(question.call)
    except Unauthorized as error:
        return answer(Verdict.MISSING, str(error), remedy(operation))
    except (NotFound, Rejected) as error:
        if question.answers_not_found:
            return answer(Verdict.WORKS, "Amazon answers; what was asked for does not exist, as expected.")
        return answer(Verdict.FAILS, str(error), "Check region and vendor codes of this connection.")
    except Throttled as error:
        return answer(Verdict.FAILS, str(error), "The rate budget is spent; try again in a minute.")
    except RemoteError as error:
        return answer(Verdict.FAILS, str(error), _WAIT)
    except TrueupError as error:
        return answer(Verdict.FAILS, str(error), _SIGN_IN)
    return answer(Verdict.WORKS, "Amazon answers.")
