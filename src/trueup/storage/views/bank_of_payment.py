"""What the bank says of one payment: the movements that it is, to the cent; by how much they differ; or why there is none yet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

import sqlalchemy as sa

from trueup.base.money import Money
from trueup.domain.bank import ExpectedPayment
from trueup.domain.bank_matching import named_with
from trueup.domain.remittances import PaymentState
from trueup.storage.bank import BY_PERSON, covered_accounts, load_untied_lines
from trueup.storage.remittances import SavedRemittance

OTHER_AMOUNT = "bank.other-amount"
TIED, DIFFERS, OPEN, AWAITED, UNKNOWN, NONE = "tied", "differs", "open", "awaited", "unknown", "none"


def tell_bank(connection: sa.Connection, saved: SavedRemittance) -> dict[str, Any]:
    """A payment beside the bank. `state`: tied (to the cent), differs, open (a case asks where it is, or which line it is), awaited
    (the bank is known until `known_until` and has it not), unknown (no statement in its currency), none (nothing is to come).
    What differs without a tie is the lines that name it beside what they are named with.

    `announced` and `received` are of all `payments` that the bank's lines are together, by currency; mostly of this one alone.
    Of those only what is paid is announced: of a payment that was voided nothing is to come. `sides`: both of each currency, tied.
    """
    name = f"{saved.partner}/{saved.remittance.payment}"
    tie = connection.execute(_TIE, {"names": [name]}).first()
    case = connection.execute(_CASE, {"subject": f"payment {name}"}).first()
    if tie is not None:
        payments, keys = list(tie.payments), list(tie.lines)
    elif case is not None and case.kind == OTHER_AMOUNT:
        payments, keys = _named_with(connection, saved)
    else:
        payments, keys = [name], []
    lines = [_line(row) for row in connection.execute(_LINES, {"keys": keys})] if keys else []
    announced = _sums((row.amount_minor, row.currency) for row in connection.execute(_PAYMENTS, {"names": payments}))
    received = _sums((each["amount"].minor, each["amount"].currency) for each in lines)
    apart, found = _apart(announced, received), tie is not None or bool(lines)
    return {
        "state": _state(connection, saved, case, not apart if tie is not None else None),
        "payments": payments,
        "announced": _shown(announced),
        "received": _shown(received),
        "difference": _shown(apart) if found else [],
        "sides": _sides(announced, received) if found else [],
        "booked_on": max((each["booked_on"] for each in lines), default=None),
        "lines": [{**each, "amount": str(each["amount"])} for each in lines],
        "rule": tie.rule if tie is not None else "",
        "why": tie.why if tie is not None else case.title if case is not None else "",
        "by": tie.actor if tie is not None else "",
        "case": case.id if case is not None else None,
        "known_until": _known_until(connection, saved.remittance.amount.currency),
    }


def tell_banks(connection: sa.Connection, names: Collection[str]) -> dict[str, str]:
    """Which of these payments (partner/number) the bank ties, and of which a tie or an open case says that it differs, or that the
    payment is not there: "tied", "differs", "open". Of the others nothing is known yet, or nothing is to come."""
    cases = connection.execute(_CASES, {"subjects": [f"payment {each}" for each in names]})
    found = {each.subject.removeprefix("payment "): DIFFERS if each.kind == OTHER_AMOUNT else OPEN for each in cases}
    for tie in connection.execute(_TIES, {"names": list(names)}):
        found[tie.name] = TIED if tie.rule != BY_PERSON or _is_equal(connection, tie) else DIFFERS
    return found


def _is_equal(connection: sa.Connection, tie: sa.Row[Any]) -> bool:
    """Whether what a person tied is of one sum."""
    announced = connection.execute(_PAYMENTS, {"names": list(tie.payments)})
    lines = [_line(row)["amount"] for row in connection.execute(_LINES, {"keys": list(tie.lines)})]
    sums = _sums((row.amount_minor, row.currency) for row in announced)
    return not _apart(sums, _sums((each.minor, each.currency) for each in lines))


def _state(connection: sa.Connection, saved: SavedRemittance, case: sa.Row[Any] | None, agrees: bool | None) -> str:
    told = saved.remittance
    if agrees is not None:
        return DIFFERS if not agrees else TIED if told.state is PaymentState.PAID else NONE
    if case is not None:
        return DIFFERS if case.kind == OTHER_AMOUNT else OPEN
    if told.state is not PaymentState.PAID or told.amount.minor <= 0:
        return NONE
    return AWAITED if _known_until(connection, told.amount.currency) else UNKNOWN


def _named_with(connection: sa.Connection, saved: SavedRemittance) -> tuple[list[str], list[str]]:
    """The payments and the lines that name each other and are not of one sum: what a case of another amount is about."""
    told = saved.remittance
    payment = ExpectedPayment(saved.partner, told.payment, told.paid_on, told.amount)
    lines = load_untied_lines(connection, told.payment)
    others = connection.execute(_UNTIED, {"currencies": sorted({each.amount.currency for each in lines})})
    known = [
        ExpectedPayment(row.partner, row.payment, row.paid_on, Money(row.amount_minor, row.currency)) for row in others
    ]
    payments, naming = named_with(payment, (each for each in known if each != payment), lines)
    name = f"{saved.partner}/{told.payment}"
    return [f"{each.partner}/{each.number}" for each in payments] or [name], [each.key for each in naming]


def _known_until(connection: sa.Connection, currency: str) -> str | None:
    days = [each.until for each in covered_accounts(connection) if each.currency == currency]
    return min(days).isoformat() if days else None


def _sums(amounts: Iterable[tuple[int, str]]) -> dict[str, int]:
    sums: defaultdict[str, int] = defaultdict(int)
    for minor, currency in amounts:
        sums[currency] += int(minor)
    return dict(sums)


def _apart(announced: dict[str, int], received: dict[str, int]) -> dict[str, int]:
    """What came beyond what was announced, by currency; nothing where both are the same."""
    currencies = sorted({*announced, *received})
    apart = {each: received.get(each, 0) - announced.get(each, 0) for each in currencies}
    return {currency: minor for currency, minor in apart.items() if minor}


def _sides(announced: dict[str, int], received: dict[str, int]) -> list[dict[str, str | None]]:
    """What was announced beside what came, of each currency that either has; and what is between them, None for nothing."""
    apart = _apart(announced, received)
    return [
        {
            "announced": str(Money(announced.get(each, 0), each)),
            "received": str(Money(received.get(each, 0), each)),
            "difference": str(Money(apart[each], each)) if each in apart else None,
        }
        for each in sorted({*announced, *received})
    ]


def _shown(sums: dict[str, int]) -> list[str]:
    return [str(Money(minor, currency)) for currency, minor in sorted(sums.items())]


def _line(row: sa.Row[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "account": row.account,
        "booked_on": row.booked_on.isoformat(),
        "amount": Money(row.minor, row.currency),
        "payer": row.payer,
        "evidence": row.evidence,
        "place": row.place,
    }


_TIE = sa.text(
    "SELECT payments, lines, rule, why, actor FROM trueup.bank_ties WHERE payments @> CAST(:names AS text[]) ORDER BY id LIMIT 1"
)
_LINES = sa.text(
    "SELECT id, account, booked_on, minor, currency, payer, evidence, place FROM trueup.bank_lines WHERE key = ANY(:keys)"
    " ORDER BY booked_on, id"
)
_PAYMENTS = sa.text(
    "SELECT r.amount_minor, r.currency FROM unnest(CAST(:names AS text[])) AS n(name) JOIN trueup.remittances r"
    " ON r.partner = split_part(n.name, '/', 1) AND r.payment = substr(n.name, length(split_part(n.name, '/', 1)) + 2)"
    " AND r.state = 'paid'"
)
_UNTIED = sa.text(
    "SELECT r.partner, r.payment, r.paid_on, r.amount_minor, r.currency FROM trueup.remittances r WHERE r.state = 'paid'"
    " AND r.currency = ANY(:currencies) AND NOT EXISTS (SELECT 1 FROM trueup.bank_ties t"
    " WHERE t.payments @> ARRAY[r.partner || '/' || r.payment])"
)
_TIES = sa.text(
    "SELECT DISTINCT ON (n.name) n.name, t.payments, t.lines, t.rule FROM unnest(CAST(:names AS text[])) AS n(name)"
    " JOIN trueup.bank_ties t ON t.payments @> ARRAY[n.name] ORDER BY n.name, t.id"
)
_CASES = sa.text(
    "SELECT subject, kind FROM trueup.cases WHERE subject = ANY(:subjects) AND state = 'open'"
    " AND kind IN ('bank.other-amount', 'bank.paid-not-received', 'bank.contest') ORDER BY id DESC"
)
_CASE = sa.text(
    "SELECT id, kind, title FROM trueup.cases WHERE subject = :subject AND state = 'open'"
    " AND kind IN ('bank.other-amount', 'bank.paid-not-received', 'bank.contest') ORDER BY id LIMIT 1"
)
