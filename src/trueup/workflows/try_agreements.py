"""Try agreements: what orders, answers and invoices of the past months would have come to under other terms. Nothing is kept.

Each order is looked at as it was when it arrived, by the item master as it is now, under the terms of its day and under the same
terms with the change. What no clause of the change moves is not told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from trueup.base.money import Money
from trueup.domain.acknowledgements import Answer, LineDecision
from trueup.domain.agreement_changes import AgreementScope
from trueup.domain.agreement_clauses import with_stored, with_terms
from trueup.domain.credit_notes import accounts_of, owed, wants_notes
from trueup.domain.hold import Hold, LineFacts, hold_line, money_at_risk
from trueup.domain.orders import OrderLine, OrderState
from trueup.domain.partners import Agreement, Fallback, Shortfall
from trueup.domain.units import line_units
from trueup.storage import decisions, orders
from trueup.storage.orders import SavedOrder, Span
from trueup.storage.views import agreement_history as views
from trueup.storage.views.credit_notes import load_kept
from trueup.workflows.assessment import candidates_of
from trueup.workflows.keep_agreements import ProposedTerms, settled_agreements
from trueup.workflows.versions import look_with_trial
from trueup.workflows.world import Tx

MONTHS = (1, 3, 6, 12)
MOST_ORDERS = 500
"""So many of the newest orders are looked at."""
_MONTH = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Moved:
    """One line, order or invoice that would have been otherwise: what it was and would have been, and the money concerned.

    `kind` and `key` say which: ("order", "amazon-us/4XYZ") or ("invoice", "12"); `line`: of an order.
    """

    kind: str
    key: str
    name: str
    before: str
    after: str
    money: Money | None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """What would have been otherwise, of one sort: in words, each by itself, and the money per currency."""

    name: str
    words: str
    moved: tuple[Moved, ...]

    @property
    def said(self) -> str:
        """The words for as many as there are."""
        return _ONE[self.name] if len(self.moved) == 1 else self.words

    @property
    def money(self) -> tuple[Money, ...]:
        """The money concerned, by currency; currencies are never added."""
        sums: defaultdict[str, int] = defaultdict(int)
        for each in self.moved:
            if each.money is not None:
                sums[each.money.currency] += each.money.minor
        return tuple(Money(minor, currency) for currency, minor in sorted(sums.items()))


@dataclass(frozen=True, slots=True)
class AgreementTrial:
    """What a change would have come to from `since` to `until`: of so many orders and lines; `left_out`: older orders not looked
    at."""

    since: datetime
    until: datetime
    orders: int
    lines: int
    left_out: int
    effects: tuple[Effect, ...]


_WORDS = {
    "held": "lines held that passed",
    "passed": "lines passed that were held",
    "worth": "lines worth another amount",
    "late": "orders answered too late",
    "in-time": "orders answered in time that were late",
    "short": "short lines answered otherwise",
    "fallback": "lines that the fallback answered otherwise",
    "booked": "invoices whose revenue Trueup books",
    "not-booked": "invoices whose revenue Trueup does not book",
    "owed": "credit notes owed",
    "not-owed": "credit notes not owed any more",
}


_ONE = {
    "held": "line held that passed",
    "passed": "line passed that was held",
    "worth": "line worth another amount",
    "late": "order answered too late",
    "in-time": "order answered in time that was late",
    "short": "short line answered otherwise",
    "fallback": "line that the fallback answered otherwise",
    "booked": "invoice whose revenue Trueup books",
    "not-booked": "invoice whose revenue Trueup does not book",
    "owed": "credit note owed",
    "not-owed": "credit note not owed any more",
}


def try_terms(tx: Tx, scope: AgreementScope, terms: Mapping[str, str] | None, months: int) -> AgreementTrial:
    """Look at the last months under the terms of each day and under the change. `terms` None: as trueup.toml says.

    Raises NotFound for a vendor code that the file does not have, Unfit for terms that cannot be agreed.
    """
    return _try(_Bench(tx, scope, terms, settled_agreements(tx, scope)), months)


def try_proposed(tx: Tx, proposed: ProposedTerms, months: int, until: datetime | None = None) -> AgreementTrial:
    """The same of a proposal, whose terms were checked when it was made. Raises as `try_terms`.

    `until`: nothing that came in later is looked at (None: all that is there); credit notes owed are those owed now.
    """
    scope = proposed.change.scope
    bench = _Bench(tx, scope, proposed.change.terms, settled_agreements(tx, scope), checked=True)
    return _try(bench, months, until)


def look_tried(proposed: ProposedTerms, trial: AgreementTrial, months: int) -> str:
    """The look of whom both were shown: a proposal, and what of so many months would have been otherwise."""
    effects = [
        [
            each.name,
            sorted(
                [*(moved.kind, moved.key, moved.line or 0, moved.before, moved.after), str(moved.money)]
                for moved in each.moved
            ),
        ]
        for each in trial.effects
    ]
    return look_with_trial(proposed.look, months, trial.until, effects)


def _try(bench: _Bench, months: int, until: datetime | None = None) -> AgreementTrial:
    tx, scope, until = bench.tx, bench.scope, until or bench.tx.now
    since = until - months * _MONTH
    span = Span(since, until)
    placed = orders.list_placed(tx.connection, scope.partner, scope.vendor_code, span, limit=MOST_ORDERS)
    every = orders.count_placed(tx.connection, scope.partner, scope.vendor_code, span)
    answered = views.first_answers(tx.connection, [saved.id for saved in placed], until)
    found: defaultdict[str, list[Moved]] = defaultdict(list)
    for saved in placed:
        for name, moved in bench.of_order(saved, answered.get(saved.id)):
            found[name].append(moved)
    for name, moved in (*bench.of_revenue(span), *bench.of_notes(since)):
        found[name].append(moved)
    effects = tuple(Effect(name, words, tuple(found[name])) for name, words in _WORDS.items() if found[name])
    lines = sum(len(saved.order.lines) for saved in placed)
    return AgreementTrial(since, until, len(placed), lines, every - len(placed), effects)


@dataclass(frozen=True, slots=True)
class _Both:
    """The terms of a day as they were, and with the change."""

    before: Agreement
    after: Agreement

    def __iter__(self) -> Iterator[Agreement]:
        return iter((self.before, self.after))

    def differ(self, clause: str) -> bool:
        """Whether the change moves that clause."""
        return bool(getattr(self.before, clause) != getattr(self.after, clause))


@dataclass(frozen=True, slots=True)
class _Bench:
    """What a change is tried by: with whom, the terms that it says, and what trueup.toml says. `checked`: the terms were before."""

    tx: Tx
    scope: AgreementScope
    terms: Mapping[str, str] | None
    settled: Sequence[Agreement]
    checked: bool = False

    def both(self, before: Agreement, day: date) -> _Both:
        """The terms of a day, and what the change makes of them."""
        if self.terms is not None:
            if self.checked:
                return _Both(before, with_stored(before, self.terms))
            return _Both(before, with_terms(before, self.terms, (*self._agreements(), *self.settled)))
        settled = next((each for each in self.settled if _covers(each, day)), before)
        return _Both(before, replace(settled, valid_from=before.valid_from, valid_to=before.valid_to))

    def of_order(self, saved: SavedOrder, answered: datetime | None) -> Iterator[tuple[str, Moved]]:
        """What of an order would have been otherwise. `answered`: when it first was."""
        agreement = self.tx.resources.agreement(self.tx.connection, saved)
        if agreement is None:
            return
        both = self.both(agreement, saved.order.ordered_at.date())
        yield from self._lines(saved, both)
        if answered is not None and both.differ("acknowledge_within"):
            due = [each.deadline(saved.due_from) for each in both]
            if (answered > due[0]) != (answered > due[1]):
                words = [f"due {each:%Y-%m-%d %H:%M} UTC" for each in due]
                moved = Moved("order", saved.order.key, saved.order.number, words[0], words[1], None)
                yield ("late" if answered > due[1] else "in-time"), moved
        if both.differ("shortfall") or both.differ("fallback"):
            for sequence, kept in decisions.load_decisions(self.tx.connection, saved.id).items():
                line = saved.order.line(sequence)
                if line is not None:
                    yield from _of_decision(saved, line, kept.decision, both)

    def _lines(self, saved: SavedOrder, both: _Both) -> Iterator[tuple[str, Moved]]:
        connection, order = self.tx.connection, replace(saved.order, state=OrderState.NEW)
        live = [line for line in order.lines if line.ordered.amount > 0]
        candidates = candidates_of(connection, order.vendor_code, both.before.shop, live)
        known = {each: found[0] for each, found in candidates.items() if len(found) == 1}
        skus = {product.sku for product, _ in known.values()}
        largest = orders.largest_before(connection, order.vendor_code, skus, saved.id)
        for line in live:
            pair, found = known.get(line.sequence), candidates[line.sequence]
            most = largest.get(pair[0].sku) if pair else None
            facts = [
                LineFacts(
                    order, line, found, line_units(line, *pair, terms) if pair else None, terms, most, saved.received_at
                )
                for terms in both
            ]
            yield from self._line(facts[0], facts[1])

    def _line(self, was: LineFacts, will: LineFacts) -> Iterator[tuple[str, Moved]]:
        rules, order = self.tx.resources.rules, was.order
        held = [tuple(rule for rule, _ in hold_line(each, rules, frozenset())) for each in (was, will)]
        worth = money_at_risk(was), money_at_risk(will)
        if bool(held[0]) != bool(held[1]):
            words = _titles(held[0]), _titles(held[1])
            moved = Moved("order", order.key, order.number, *words, worth[1], was.line.sequence)
            yield ("held" if held[1] else "passed"), moved
        if worth[0] != worth[1]:
            shown = ["–" if each is None else str(each) for each in worth]
            same = worth[0] is not None and worth[1] is not None and worth[0].currency == worth[1].currency
            more = worth[1] - worth[0] if same and worth[0] is not None and worth[1] is not None else None
            yield "worth", Moved("order", order.key, order.number, shown[0], shown[1], more, was.line.sequence)

    def of_revenue(self, span: Span) -> Iterator[tuple[str, Moved]]:
        """Invoices whose revenue would have been booked by another."""
        for each in views.invoices_within(self.tx.connection, self.scope.partner, self.scope.vendor_code, span):
            both = self._on(each.issued_on)
            if both is not None and both.differ("books_revenue"):
                words = ["by Trueup" if terms.books_revenue else "by the shop's feed" for terms in both]
                name = "booked" if both.after.books_revenue else "not-booked"
                yield name, Moved("invoice", str(each.id), each.number, words[0], words[1], each.total)

    def of_notes(self, since: datetime) -> Iterator[tuple[str, Moved]]:
        """Credit notes that would be owed now, or no more, for invoices of the time."""
        pieces = [terms for terms in self._agreements() if terms.valid_to is None or terms.valid_to > since.date()]
        for before in pieces:
            both = self.both(before, max(before.valid_from, since.date()))
            if both.differ("credit_notes"):
                notes = [self._notes(terms, since.date()) for terms in both]
                for name, one, other in (("owed", 1, 0), ("not-owed", 0, 1)):
                    for key in sorted(notes[one].keys() - notes[other].keys()):
                        words = ("none", "owed") if name == "owed" else ("owed", "none")
                        number, money = notes[one][key]
                        yield name, Moved("invoice", str(key[0]), number, *words, money)

    def _notes(self, terms: Agreement, since: date) -> dict[tuple[int, str], tuple[str, Money]]:
        """What is owed, by invoice and account."""
        accounts = accounts_of(terms, self.tx.resources.books.chart)
        if not accounts:
            return {}
        rows = load_kept(self.tx.connection, terms.partner, terms.vendor_code, accounts)
        found: dict[tuple[int, str], tuple[str, Money]] = {}
        for note in owed(row for row in rows if wants_notes(terms, row.invoice) and row.invoice.issued_on >= since):
            gross, of = Money(note.gross, note.invoice.currency), note.invoice
            found[of.id, note.account] = of.number, gross
        return found

    def _on(self, day: date) -> _Both | None:
        before = next((each for each in self._agreements() if _covers(each, day)), None)
        return self.both(before, day) if before is not None else None

    def _agreements(self) -> list[Agreement]:
        partner = self.tx.resources.agreed.now(self.tx.connection)[self.scope.partner]
        return [each for each in partner.agreements if each.vendor_code == self.scope.vendor_code]


def _covers(terms: Agreement, day: date) -> bool:
    return terms.valid_from <= day and (terms.valid_to is None or day < terms.valid_to)


def _of_decision(
    saved: SavedOrder, line: OrderLine, decision: LineDecision, both: _Both
) -> Iterator[tuple[str, Moved]]:
    """What was answered to a line for want of goods or of a decision, where another answer would have been given."""
    if decision.forced:
        name, words = "fallback", [_answer_of_fallback(line, terms) for terms in both]
    elif decision.why.startswith("short by"):
        name, words = "short", [_answer_of_shortfall(line, terms).value for terms in both]
    else:
        return
    if words[0] == words[1]:
        return
    rest = sum(part.quantity.amount for part in decision.parts if part.answer is not Answer.ACCEPTED)
    money = line.net_cost.times(rest) if line.net_cost and not line.priced_by else None
    yield name, Moved("order", saved.order.key, saved.order.number, words[0], words[1], money, line.sequence)


def _answer_of_shortfall(line: OrderLine, terms: Agreement) -> Answer:
    waits = terms.shortfall is Shortfall.BACKORDER and line.backorder_allowed
    return Answer.BACKORDERED if waits else Answer.REJECTED


def _answer_of_fallback(line: OrderLine, terms: Agreement) -> str:
    if line.backorder_allowed and terms.fallback is not Fallback.REJECT:
        return Answer.BACKORDERED.value
    return "no answer" if terms.fallback is Fallback.BACKORDER else Answer.REJECTED.value


def _titles(held: Sequence[Hold]) -> str:
    return ", ".join(rule.title for rule in held) or "passes"
