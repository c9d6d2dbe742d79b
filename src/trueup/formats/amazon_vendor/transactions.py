"""getTransaction replies: how far Amazon is with something we submitted. Never proof that an acknowledgement landed.

Source: Amazon's transaction status guide. For acknowledgements Amazon says Processing or Failure only; `Success` exists for
shipments alone, and "not a Failure after fifteen minutes" is no read-back.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from trueup.base.errors import Unreadable
from trueup.base.ids import digest_of
from trueup.formats.amazon_vendor._elements import Element, Note, findings_of, open_reply, read_payload
from trueup.formats.document import Format, Reading

NAME = "amazon-vendor-transaction"
_OPENING_BYTES = 4096


class TransactionState(StrEnum):
    """Amazon's words in lower case."""

    PROCESSING = "processing"
    SUCCESS = "success"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class TransactionStatus:
    """A transaction by the reference we were given. `errors` are Amazon's own codes and words, one text each."""

    reference: str
    state: TransactionState
    errors: tuple[str, ...] = ()


_STATES = {state.value: state for state in TransactionState}


def read_transaction(content: bytes) -> Reading[TransactionStatus]:
    """The one status of a reply. An unknown state is taken for processing, with a warning: it proves nothing.

    Raises Unreadable for what is no whole JSON reply of this operation.
    """
    payload = open_reply(content, "a transaction status reply")
    if "transactionStatus" not in payload:
        raise Unreadable(
            f"Not a transaction status reply: the payload has {', '.join(sorted(payload))[:200] or 'nothing'}."
        )
    notes: list[Note] = []
    values = read_payload(payload, notes, lambda part: _transaction(part["transactionStatus"]))
    return Reading(digest_of(content), NAME, tuple(values), findings_of(content, notes))


def _transaction(part: Element) -> TransactionStatus:
    unknown = TransactionState.PROCESSING
    return TransactionStatus(
        reference=part["transactionId"].needed_text(),
        state=part["status"].word(_STATES, missing=unknown, unknown=unknown),
        errors=tuple(_problem(error) for error in part["errors"].elements()),
    )


def _problem(error: Element) -> str:
    code, words, details = (error[name].text().strip() for name in ("code", "message", "details"))
    said = f"{code}: {words}" if code and words else code or words or "no reason given"
    return f"{said} ({details})" if details else said


def _recognise(content: bytes) -> bool:
    opening = content[:_OPENING_BYTES]
    return b'"payload"' in opening and b'"transactionStatus"' in opening


FORMAT = Format(NAME, "Amazon Vendor transaction status (SP-API)", _recognise, read_transaction)
