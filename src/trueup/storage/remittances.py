"""Remittances in the database: every payment with its lines as each source tells it, and which of its tellings is posted.

A payment is known by its partner and its number. Its tellings are compared, never added: the posted one is the one that ties,
and of several that do the one of the better source, so that the order in which files arrive changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert

from trueup.base.errors import NotFound
from trueup.domain.remittances import Adjustment, Remittance, RemittanceLine, RemittanceSource
from trueup.domain.tellings import Telling, primary_of, tell_again
from trueup.storage.bulk import among, copy_rows, reserve_ids
from trueup.storage.json_values import from_json, to_json
from trueup.storage.schema import metadata

remittances = sa.Table(
    "remittances",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=False), primary_key=True),
    sa.Column("partner", sa.Text, nullable=False),
    sa.Column("payment", sa.Text, nullable=False),
    sa.Column("payee", sa.Text, nullable=False),
    sa.Column("paid_on", sa.Date, nullable=False),
    sa.Column("amount_minor", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.CHAR(3), nullable=False),
    sa.Column("invoice_currency", sa.CHAR(3), nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("tie_minor", sa.BigInteger, nullable=False),
    sa.Column("line_count", sa.Integer, nullable=False),
    sa.Column("unique_id", sa.Text, nullable=False),
    sa.Column("evidence", sa.CHAR(64), nullable=False),
    sa.Column("posting", sa.Text, nullable=False),
    sa.Column("post_on", sa.Date),
    sa.Column("taken_in_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Index("uq_remittances_payment", "partner", "payment", unique=True),
    sa.Index("ix_remittances_paid_on", "paid_on", "id"),
)
remittance_tellings = sa.Table(
    "remittance_tellings",
    metadata,
    sa.Column("remittance_id", sa.BigInteger, sa.ForeignKey("remittances.id"), primary_key=True),
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("header", JSONB, nullable=False),
    sa.Column("evidence", sa.CHAR(64), nullable=False),
    sa.Column("arrived_at", sa.TIMESTAMP(timezone=True), nullable=False),
)
remittance_lines = sa.Table(
    "remittance_lines",
    metadata,
    sa.Column("remittance_id", sa.BigInteger, primary_key=True),
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("reference", sa.Text, nullable=False),
    sa.Column("paid", sa.BigInteger, nullable=False),
    sa.Column("discount", sa.BigInteger, nullable=False),
    sa.Column("withheld", sa.BigInteger, nullable=False),
    sa.Column("gross", sa.BigInteger),
    sa.Column("remaining", sa.BigInteger),
    sa.Column("invoice_day", sa.Date),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("more", JSONB),
    sa.Column("place", sa.Text, nullable=False),
    sa.Column("evidence", sa.CHAR(64)),
)
_HEADER = (
    "id partner payment payee paid_on amount_minor currency invoice_currency state source tie_minor line_count unique_id evidence "
    "posting taken_in_at"
).split()
_TELLING = "remittance_id source header evidence arrived_at".split()
_LINE = (
    "remittance_id source number reference paid discount withheld gross remaining invoice_day description kind more place evidence"
).split()
POSTED, UNPOSTED, HELD = "posted", "unposted", "held"
"""`unposted`: in progress, voided or failed. `held`: its month is closed, and a person must say on which day it is posted."""


@dataclass(frozen=True, slots=True)
class SavedRemittance:
    """A payment as it stands: all its tellings, and the one that the books follow."""

    id: int
    partner: str
    tellings: Mapping[RemittanceSource, Telling]
    posting: str
    post_on: date | None

    @property
    def primary(self) -> Telling:
        """The telling the books follow."""
        return primary_of(self.tellings)

    @property
    def remittance(self) -> Remittance:
        """What the books follow."""
        return self.primary.remittance


def find_remittances(connection: sa.Connection, partner: str, payments: Collection[str]) -> dict[str, int]:
    """The ids of those payments that are known, by number."""
    query = sa.select(remittances.c.payment, remittances.c.id).where(
        remittances.c.partner == partner, among(remittances.c.payment, payments)
    )
    return {row.payment: row.id for row in connection.execute(query)}


def save_new(
    connection: sa.Connection, partner: str, batch: Sequence[tuple[Remittance, str]], *, evidence: str, now: datetime
) -> list[int]:
    """Save payments that are not known yet, each with its state of posting; returns their ids in order."""
    ids = reserve_ids(connection, "remittances", len(batch))
    copy_rows(
        connection,
        "remittances",
        _HEADER,
        (
            _header(number, partner, told, (evidence, posting, now))
            for number, (told, posting) in zip(ids, batch, strict=True)
        ),
    )
    tellings = ((n, told.source.value, _plain(told), evidence, now) for n, (told, _) in zip(ids, batch, strict=True))
    copy_rows(connection, "remittance_tellings", _TELLING, tellings)
    lines = (
        row for number, (told, _) in zip(ids, batch, strict=True) for row in _line_rows(number, told, {}, evidence)
    )
    copy_rows(connection, "remittance_lines", _LINE, lines)
    return ids


def load_remittance(connection: sa.Connection, remittance_id: int, *, lock: bool = False) -> SavedRemittance:
    """A payment with all its tellings. Raises NotFound."""
    query = sa.select(remittances).where(remittances.c.id == remittance_id)
    header = connection.execute(query.with_for_update() if lock else query).mappings().one_or_none()
    if header is None:
        raise NotFound(f"No remittance {remittance_id} is known.")
    lines: dict[str, list[RemittanceLine]] = {}
    of_lines: dict[str, dict[int, str]] = {}
    rows = connection.execute(
        sa.select(remittance_lines)
        .where(remittance_lines.c.remittance_id == remittance_id)
        .order_by(remittance_lines.c.source, remittance_lines.c.number)
    ).mappings()
    for row in rows:
        lines.setdefault(row["source"], []).append(line_of(row))
        if row["evidence"]:
            of_lines.setdefault(row["source"], {})[row["number"]] = row["evidence"]
    told = sa.select(remittance_tellings).where(remittance_tellings.c.remittance_id == remittance_id)
    tellings = {
        RemittanceSource(row["source"]): Telling(
            replace(from_json(row["header"], Remittance), lines=tuple(lines.get(row["source"], ()))),
            row["evidence"],
            of_lines.get(row["source"], {}),
        )
        for row in connection.execute(told).mappings()
    }
    return SavedRemittance(header["id"], header["partner"], tellings, header["posting"], header["post_on"])


def find_remittance(connection: sa.Connection, partner: str, payment: str) -> SavedRemittance:
    """By partner and payment number. Raises NotFound."""
    found = find_remittances(connection, partner, [payment]).get(payment)
    if found is None:
        raise NotFound(
            f"No payment {payment} of {partner} is known; import its remittance with `trueup remittances import`."
        )
    return load_remittance(connection, found)


def merge_telling(
    connection: sa.Connection, saved: SavedRemittance, told: Remittance, *, evidence: str, now: datetime
) -> SavedRemittance:
    """Add what a document tells of a known payment; returns the payment as it stands then.

    The same source again: a document whose lines tie is the whole and takes the place of what was; otherwise lines that are
    not there yet are added, each as often as one document shows it.
    """
    before = saved.tellings.get(told.source)
    merged = tell_again(before, told, evidence)
    if merged is not before:
        _replace_telling(connection, saved.id, merged, now)
    result = replace(saved, tellings={**saved.tellings, told.source: merged})
    _follow(connection, result)
    return result


def partners_of(connection: sa.Connection, ids: Collection[int]) -> dict[int, str]:
    """Whose these payments are, in the order of their ids."""
    query = sa.select(remittances.c.id, remittances.c.partner).where(among(remittances.c.id, ids))
    return {row.id: row.partner for row in connection.execute(query.order_by(remittances.c.id))}


def set_posting(connection: sa.Connection, remittance_id: int, posting: str, post_on: date | None = None) -> None:
    """Note whether the payment is posted, and the day a person chose for it."""
    connection.execute(
        sa.update(remittances).where(remittances.c.id == remittance_id).values(posting=posting, post_on=post_on)
    )


def _replace_telling(connection: sa.Connection, remittance_id: int, telling: Telling, now: datetime) -> None:
    source = telling.remittance.source.value
    values = {"header": _plain(telling.remittance), "evidence": telling.evidence, "arrived_at": now}
    connection.execute(
        insert(remittance_tellings)
        .values(remittance_id=remittance_id, source=source, **values)
        .on_conflict_do_update(index_elements=["remittance_id", "source"], set_=values)
    )
    connection.execute(
        sa.delete(remittance_lines).where(
            remittance_lines.c.remittance_id == remittance_id, remittance_lines.c.source == source
        )
    )
    rows = _line_rows(remittance_id, telling.remittance, telling.of_lines, telling.evidence)
    copy_rows(connection, "remittance_lines", _LINE, rows)


def _follow(connection: sa.Connection, saved: SavedRemittance) -> None:
    """The payment's own row says what the telling says that the books follow."""
    told = saved.remittance
    connection.execute(
        sa.update(remittances)
        .where(remittances.c.id == saved.id)
        .values(
            payee=told.payee,
            paid_on=told.paid_on,
            amount_minor=told.amount.minor,
            currency=told.amount.currency,
            invoice_currency=told.currency,
            state=told.state.value,
            source=told.source.value,
            tie_minor=told.tie.minor,
            line_count=len(told.lines),
            unique_id=told.unique_id,
            evidence=saved.primary.evidence,
        )
    )


def _header(number: int, partner: str, told: Remittance, kept: tuple[str, str, datetime]) -> tuple[Any, ...]:
    """`kept`: the evidence, the state of posting, and when it was taken in."""
    return (
        number,
        partner,
        told.payment,
        told.payee,
        told.paid_on,
        told.amount.minor,
        told.amount.currency,
        told.currency,
        told.state.value,
        told.source.value,
        told.tie.minor,
        len(told.lines),
        told.unique_id,
        *kept,
    )


def _plain(told: Remittance) -> dict[str, Any]:
    return dict(to_json(replace(told, lines=())))


def _line_rows(
    remittance_id: int, told: Remittance, of_lines: Mapping[int, str], evidence: str
) -> Iterable[tuple[Any, ...]]:
    source = told.source.value
    for line in told.lines:
        of_line = of_lines.get(line.number)
        yield (
            remittance_id,
            source,
            line.number,
            line.reference,
            line.paid,
            line.discount,
            line.withheld,
            line.gross,
            line.remaining,
            line.invoice_day,
            line.description,
            line.kind,
            _more(line),
            line.place,
            of_line if of_line != evidence else None,
        )


def _more(line: RemittanceLine) -> dict[str, Any] | None:
    """What few lines have."""
    if not (line.references or line.adjustments or line.standalone):
        return None
    return {
        "references": dict(line.references),
        "adjustments": [[each.code, each.minor, each.reference] for each in line.adjustments],
        "standalone": line.standalone,
    }


def line_of(row: Mapping[Any, Any]) -> RemittanceLine:
    """A row of remittance_lines as a line."""
    more = row["more"] or {"references": {}, "adjustments": [], "standalone": False}
    return RemittanceLine(
        number=row["number"],
        reference=row["reference"],
        paid=row["paid"],
        discount=row["discount"],
        withheld=row["withheld"],
        gross=row["gross"],
        remaining=row["remaining"],
        invoice_day=row["invoice_day"],
        description=row["description"],
        kind=row["kind"],
        references=more["references"],
        adjustments=tuple(Adjustment(*each) for each in more["adjustments"]),
        standalone=more["standalone"],
        place=row["place"],
    )
