"""Remittances: every payment, and one as a statement that adds up, each line with its document, its account and its reason."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from starlette.responses import Response

from trueup.base.errors import Invalid
from trueup.base.money import Money
from trueup.console.money_words import Names
from trueup.console.page import Group, Grows, Hit, Offer, Page, Place, Route
from trueup.console.pages.matches import undoings
from trueup.console.search_words import Sought
from trueup.console.tables import Choice, Column, Filter, read_day, state_of
from trueup.console.visit import Visit
from trueup.domain.posting import rule_words
from trueup.storage.views import remittances as views
from trueup.storage.views.bank_of_payment import tell_banks
from trueup.storage.views.growing import Growing
from trueup.storage.views.match_desk import undone_of
from trueup.storage.views.remittance_groups import BY, SUSPENSE, LineGroup, group_lines, load_charged, tell_claim
from trueup.storage.views.remittance_lines import explain_lines, standing, waiting_lines
from trueup.workflows.import_remittances import Upload
from trueup.workflows.jobs.import_remittances import ask_import

_COLUMNS = (
    Column("Payment"),
    Column("Paid on", spare=True),
    Column("Partner", spare=True),
    Column("Told by", spare=True),
    Column("Lines", "number", spare=True),
    Column("Amount", "number"),
    Column("In suspense", "number"),
    Column("Bank", "mark"),
    Column("State", "mark", spare=True),
)
_STATES = (
    Choice("posted", "Posted"),
    Choice("held", "Held"),
    Choice("unposted", "Not posted"),
    Choice("voided", "Voided"),
    Choice("failed", "Failed"),
)
_MOST_LINES = 500


def _list(visit: Visit) -> Response:
    state = state_of(visit, "partner", "state", "waits", "bank", "since", "at")
    wanted = _wanted(visit)
    partners = [Choice(name, name) for name in sorted(visit.desk.world.partners)]
    paged = views.page_remittances(visit.connection, wanted, state["at"])
    return visit.render(
        "remittances.html",
        state=state,
        columns=_COLUMNS,
        names=Names(visit),
        filters=(
            Filter("partner", "Partner", partners),
            Filter("state", "State", _STATES),
            Filter("waits", "In suspense", (Choice("yes", "Something waits"),)),
            Filter("bank", "Bank", (Choice("tied", "Tied"), Choice("untied", "Not tied"))),
            Filter("since", "Paid since", kind="date"),
        ),
        paged=paged,
        banks=tell_banks(visit.connection, [f"{row['partner']}/{row['payment']}" for row in paged.rows]),
        waiting=(waiting := views.sum_waiting(visit.connection, wanted)),
        untied=sum(count for count, _ in views.sum_remittances(visit.connection, replace(wanted, untied=True))),
        sums=_sums(views.sum_remittances(visit.connection, wanted), waiting),
    )


def _wanted(visit: Visit) -> views.RemittanceFilter:
    return views.RemittanceFilter(
        partner=visit.asked("partner") or None,
        since=read_day(visit.asked("since"), "Paid since"),
        state=visit.asked("state") or None,
        unexplained=visit.asked("waits") == "yes",
        tied=visit.asked("bank") == "tied",
        untied=visit.asked("bank") == "untied",
    )


def _sums(totals: Sequence[tuple[int, Money]], waiting: Sequence[tuple[int, Money]]) -> list[tuple[Any, ...]]:
    """Per currency how many payments were made in it, what they come to, and what waits of invoices in it."""
    paid = {money.currency: (count, money) for count, money in totals}
    waits = {money.currency: money for _, money in waiting}
    return [(each, *paid.get(each, (0, None)), waits.get(each)) for each in sorted({*paid, *waits})]


def _growing(visit: Visit) -> Growing:
    return views.growing_remittances(_wanted(visit))


def _ask_file(visit: Visit) -> Response:
    return visit.render(
        "remittances_upload.html", title="Upload remittances", partners=sorted(visit.desk.world.partners)
    )


def _upload(visit: Visit) -> Response:
    """Archived at once and looked at; what it holds is booked by a worker, and its page says how far that is."""
    name, content = visit.upload("file")
    partner = visit.given("partner")
    if partner not in visit.desk.world.partners:
        raise Invalid(f"Partner {partner!r}: expected one of {', '.join(sorted(visit.desk.world.partners))}.")
    job = visit.act(ask_import, Upload(content, name, partner, visit.who))
    return visit.go(f"/jobs/{job}", f"{name} is archived.")


_BY = (
    Choice("", "As told"),
    Choice("reason", "By reason"),
    Choice("invoice", "By invoice"),
    Choice("order", "By order"),
)


def _show(visit: Visit) -> Response:
    number = visit.number("id")
    state, names = state_of(visit, "only", "by", "group", "at"), Names(visit)
    shown, saved = views.show_remittance(visit.connection, number), views.load_payment(visit.connection, number)
    groups = group_lines(visit.connection, saved, state["by"]) if state["by"] in BY else []
    # A group without a name is said in the address by a dash: no name is one.
    chosen = next((each for each in groups if (each.key or "-") == state["group"]), None)
    told = saved.primary.remittance
    every = {line.number: line.settled for line in told.lines} | ({0: told.tie.minor} if told.tie else {})
    only, shares = set(every), chosen.shares if chosen is not None else None
    if state["only"] == "waits":
        waits = waiting_lines(visit.connection, saved)
        only, shares = only & waits.keys(), waits if shares is None else shares
    if shares is not None:
        only &= shares.keys()
    pages = _pages(only, state["at"])
    lines = explain_lines(visit.connection, saved, limit=_MOST_LINES, only=pages.here)
    return visit.render(
        "remittance.html",
        title=f"Payment {shown['payment']}",
        state=state,
        tabs=(Choice("all", "All lines"), Choice("waits", "What waits")),
        grouping=_BY,
        groups=groups,
        group_words=_group_words(names, shown, groups, state["by"]),
        chosen=chosen,
        shares={each: Money(shares[each], told.currency) for each in only} if shares is not None else {},
        totals=_totals(only, every, shares, told.currency),
        charged=load_charged(visit.connection, number),
        shown=shown,
        answer=_answer(shown),
        waits=_waits(shown),
        lines=[{**each, "stands": standing(each["postings"])} for each in lines],
        pages=pages,
        names=names,
        proposals=undoings(visit, f"payment {shown['partner']}/{shown['payment']} line "),
    )


def _totals(only: Collection[int], every: Mapping[int, int], shares: Mapping[int, int] | None, currency: str) -> Any:
    """What all the lines come to, however many pages they are: settled, and of the group or of what waits, where one is chosen."""
    settled = Money(sum(every[each] for each in only), currency)
    return settled, Money(sum(shares[each] for each in only), currency) if shares is not None else None


def _answer(shown: Mapping[str, Any]) -> str:
    """What one asks a payment first: whose it is, and whether what it says came to the bank, or by how much not."""
    bank, received = shown["bank"], " and ".join(shown["bank"]["received"])
    on = f" on {bank['booked_on']}" if bank["booked_on"] else ""
    apart = [
        f"{each.removeprefix('-')} too {'little' if each.startswith('-') else 'much'}" for each in bank["difference"]
    ]
    words = {
        "tied": f" Ties to the bank: {received}{on}",
        "differs": f" In the bank {received}{on}: {' and '.join(apart)}" if apart else " The bank differs",
        "open": " Not tied to the bank",
        "awaited": " Not in the bank yet",
        "unknown": " Whether it came to the bank is unknown",
    }
    return f"{shown['partner']}, paid {shown['paid_on']}.{words.get(bank['state'], '')}"


def _waits(shown: Mapping[str, Any]) -> Money:
    """What of the payment is in suspense, as Amazon pays."""
    of_suspense = [row["amount"] for row in shown["booked"] if row["kind"]]
    total = Money.zero(shown["booked_sum"].split(" ")[1])
    return sum((Money.of(*each.split(" ")) for each in of_suspense), total)


def _suspense(row: Mapping[str, Any]) -> str:
    return f"Suspense, case {row['case']}" if row["case"] else "Suspense"


def _group_words(names: Names, shown: Mapping[str, Any], groups: Sequence[LineGroup], by: str) -> dict[str, str]:
    """What groups are called, by their keys."""
    told = {row["group"]: row["what"].capitalize() for row in shown["told"]}
    booked = {
        row["group"]: f"{_suspense(row) if row['kind'] else names.type(row['type'])}, {names.account(row['account'])}"
        for row in shown["booked"]
    }

    words: dict[str, str] = {"telling": told, "booking": booked}.get(by, {}) | {"": "None named"}
    if by == "reason":
        words |= {each.key: names.type(each.key) for each in groups if each.key} | {SUSPENSE: "In suspense"}
    return {each.key: words.get(each.key, each.key) for each in groups}


@dataclass(frozen=True, slots=True)
class _Pages:
    """The lines that one page shows of so many, and the lines with which the pages before and after it begin; "" for none."""

    here: frozenset[int]
    count: int
    before: str
    after: str


def _pages(wanted: Collection[int], at: str) -> _Pages:
    """The page that begins with a line, in the order of lines; what the payment as a whole leaves unexplained (0) stands last."""
    numbers = sorted(wanted, key=lambda number: (number == 0, number))
    start = numbers.index(int(at)) if at.isdecimal() and int(at) in wanted else 0
    after = start + _MOST_LINES
    before = str(numbers[max(0, start - _MOST_LINES)]) if start else ""
    here = frozenset(numbers[start:after])
    return _Pages(here, len(numbers), before, str(numbers[after]) if after < len(numbers) else "")


def _line(visit: Visit) -> Response:
    """All that is known of one line: whole, or as the part that its row unfolds."""
    number, wanted = visit.number("id"), visit.number("line")
    saved = views.load_payment(visit.connection, number)
    [line] = explain_lines(visit.connection, saved, wanted)
    claims = {
        posting["claim"]: posting["amount"].rpartition(" ")[2] for posting in line["postings"] if posting["claim"]
    }
    told = [tell_claim(visit.connection, saved.partner, claim, currency) for claim, currency in claims.items()]
    return visit.render(
        "remittance_line_part.html" if visit.partial else "remittance_line.html",
        title=f"Line {wanted} of payment {saved.remittance.payment}",
        payment=saved,
        line=line,
        chains=[each for each in told if each is not None],
        charged=load_charged(visit.connection, number).get(wanted, []),
        history=undone_of(visit.connection, number, wanted),
        names=Names(visit),
        rule_words=rule_words,
    )


def _find(visit: Visit, sought: Sought) -> list[Hit]:
    if not sought.wants("payment"):
        return []
    number = sought.words.removeprefix("payment ").rpartition("/")[2]
    rows = _sought(visit, sought, views.RemittanceFilter(begins=number, ranges=sought.ranges))
    hits = []
    for row in rows:
        exact = row["payment"] == number
        hits.append(_hit(row, sought.why("its number" if exact else "its number begins so"), exact=exact))
    if sought.amount:
        rows = _sought(visit, sought, views.RemittanceFilter(ranges=sought.amount))
        hits += [_hit(row, "its amount", exact=True) for row in rows]
    return hits


def _sought(visit: Visit, sought: Sought, wanted: views.RemittanceFilter) -> Sequence[Mapping[Any, Any]]:
    narrowed = replace(wanted, partner=sought.partner or None)
    return views.page_remittances(visit.connection, narrowed, "", sought.most).rows


def _hit(row: Mapping[Any, Any], why: str, *, exact: bool) -> Hit:
    state = "In suspense" if row["in_suspense"] else row["posting"].capitalize()
    address, money, paid_on = f"/remittances/{row['id']}", row["amount"], row["paid_on"]
    return Hit("payment", row["payment"], address, why, state, exact, money, row["partner"], paid_on)


PAGE = Page(
    "remittances",
    "Remittances",
    (
        Route("/remittances", _list),
        Route("/remittances/upload", _ask_file),
        Route("/remittances/upload", _upload, "remittances.import", "POST"),
        Route("/remittances/{id:int}", _show),
        Route("/remittances/{id:int}/lines/{line:int}", _line),
    ),
    Place(Group.MONEY, 1, "cash"),
    "m",
    find=_find,
    grows=(Grows("/remittances", "payment", "payments", _growing),),
    offers=(Offer("Upload remittances", "/remittances/upload", "remittances.import"),),
)
