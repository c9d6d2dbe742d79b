"""Codings: lines that wait in suspense, and saying what many of them are at once, with an outcome for each."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import Field, StrictBool

from trueup.api.door import Calling
from trueup.api.resource import Operation, Resource
from trueup.api.resources.jobs import WholeWork, whole_work
from trueup.api.shapes import Day, DryRun, Key, Name, Page, Paging, Price, Shape, Text, Told
from trueup.storage.views.waiting_lines import WaitingFilter, page_waiting
from trueup.workflows.code_lines import MOST, Coding
from trueup.workflows.jobs.code_lines import MOST_LINES, Sheet, ask_codings
from trueup.workflows.limit_codings import code_within
from trueup.workflows.match_lines import MAY
from trueup.workflows.world import Tx

_AMOUNT = {"amount": "-10.00", "currency": "USD"}


class WaitingLine(
    Shape,
    json_schema_extra={
        "examples": [
            {
                "remittance": 12,
                "line": 4,
                "partner": "amazon-us",
                "payment": "700100",
                "paid_on": "2026-11-02",
                "kind": "remittance.unrecognised",
                "reference": "XQZ 77 WHAT",
                "description": "",
                "why": "no type reads it",
                "case": 7,
                "amount": _AMOUNT,
            }
        ]
    },
):
    """A line that waits in suspense, and the case that asks about it."""

    remittance: int
    line: int
    partner: str
    payment: str
    paid_on: Day
    kind: str
    reference: str
    description: str
    why: str
    case: int | None
    amount: Price


class WaitingQuery(Paging):
    """Which lines."""

    partner: Name = ""
    """Of this partner."""
    kind: Name = ""
    """That wait in cases of this kind."""
    words: Name = ""
    """With this in their reference."""


class CodingOf(
    Told, json_schema_extra={"examples": [{"remittance": 12, "line": 4, "type": "co-op", "note": "A fair."}]}
):
    """What a line that waits is: of a deduction type, on its account or another one."""

    remittance: int = Field(ge=1, le=2**63 - 1)
    line: int = Field(ge=-(2**31), le=2**31 - 1)
    type: str = Field(min_length=1, max_length=100, pattern=r"^[^\x00]*$")
    account: str = Field("", max_length=100, pattern=r"^[^\x00]*$")
    note: Text = ""


_LARGEST_SHEET = MOST_LINES * 400
"""So many bytes are taken of a sheet: some 400 a line."""


class CodingLines(Told, json_schema_extra={"examples": [{"lines": [{"remittance": 12, "line": 4, "type": "co-op"}]}]}):
    """What many lines are."""

    lines: list[CodingOf] = Field(min_length=1, max_length=MOST)


class CodingSheet(
    CodingLines,
    json_schema_extra={"examples": [{"lines": [{"remittance": 12, "line": 4, "type": "co-op"}], "tried": True}]},
):
    """What thousands of lines are."""

    lines: list[CodingOf] = Field(min_length=1, max_length=MOST_LINES)
    tried: StrictBool = False
    """Only tried: the job says what would come of it, and nothing is booked."""


class CodedLine(
    Shape,
    json_schema_extra={"examples": [{"remittance": 12, "line": 4, "amount": _AMOUNT, "refused": None}]},
):
    """What came of a line: its money is booked, or why it was refused."""

    remittance: int
    line: int
    amount: Price | None
    refused: str | None


class CodedLines(
    Shape,
    json_schema_extra={
        "examples": [
            {
                "booked": 1,
                "refused": 0,
                "lines": [{"remittance": 12, "line": 4, "amount": _AMOUNT, "refused": None}],
                "proposal": None,
                "dry_run": False,
            }
        ]
    },
):
    """What came of all of them."""

    booked: int
    refused: int
    lines: list[CodedLine]
    proposal: int | None
    """With a number nothing is booked yet: together the lines are above the limit, and a second person must approve it."""
    dry_run: bool


def list_waiting_lines(call: Calling, asked: Annotated[WaitingQuery, Query()]) -> Page[WaitingLine]:
    """List lines that wait in suspense, of the newest payment first."""
    wanted = WaitingFilter(asked.partner, asked.kind, asked.words)
    with call.look() as connection:
        paged = page_waiting(connection, wanted, asked.at, asked.limit)
        return call.page(WaitingLine, paged.rows, paged.after)


def code(call: Calling, told: CodingLines, dry_run: DryRun = False, key: Key = None) -> CodedLines:
    """Say what many lines are. Each stands by itself: what is refused leaves the others booked."""
    codings = [Coding(**each.model_dump()) for each in told.lines]

    def act(tx: Tx) -> CodedLines:
        done, proposal = code_within(tx, codings, call.person, call.desk.settings.two_persons_above)
        lines = [
            {
                "remittance": each.coding.remittance,
                "line": each.coding.line,
                "amount": each.amount,
                "refused": each.refused or None,
            }
            for each in done
        ]
        refused = sum(1 for each in done if each.refused)
        booked = 0 if proposal is not None else len(done) - refused
        told = {"booked": booked, "refused": refused, "lines": lines, "proposal": proposal, "dry_run": dry_run}
        return CodedLines.model_validate(told)

    return call.once(act, key, dry_run=dry_run)


def code_sheet(call: Calling, told: CodingSheet, dry_run: DryRun = False, key: Key = None) -> WholeWork:
    """Say what thousands of lines are: a worker tries or books them, and the job has an outcome for each that is refused."""
    codings = [Coding(**each.model_dump()) for each in told.lines]
    sheet = Sheet(f"{len(codings):,} lines in suspense", codings)

    def act(tx: Tx) -> WholeWork:
        return whole_work(tx.connection, ask_codings(tx, sheet, call.person, tried=told.tried))

    return call.once(act, key, dry_run=dry_run)


RESOURCE = Resource(
    "codings",
    "Codings",
    (
        Operation("/waiting-lines", list_waiting_lines),
        Operation("/codings", code, MAY, "POST"),
        Operation("/coding-sheets", code_sheet, MAY, "POST", 202, largest_body=_LARGEST_SHEET),
    ),
)
