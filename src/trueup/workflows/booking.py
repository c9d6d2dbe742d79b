"""Booking: settlements become entries of the journal, and with them what is settled of invoices, open of claims, in suspense.

Everything of one batch happens in one transaction. What is posted is never edited: a payment that is seen otherwise later gets
an entry of the difference.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from trueup.base.errors import Refused
from trueup.base.money import Money
from trueup.domain.chart import Purpose
from trueup.domain.deduction import Sightings, stems
from trueup.domain.posting import Heading, difference, post_placements
from trueup.domain.remittances import PaymentState, Remittance, RemittanceLine
from trueup.domain.settlement import Ground, KnownInvoice, Placement, Settlement, Suspended, settle
from trueup.durable.tally import Tally
from trueup.storage import claims, invoices, journal, remittances, suspense
from trueup.storage.case_batches import ids_of_open
from trueup.storage.claims import ClaimChange
from trueup.storage.journal import Posted
from trueup.storage.remittances import HELD, POSTED, UNPOSTED, SavedRemittance
from trueup.workflows.books_cases import Changed, lock_cases, note_changed, note_closed_month
from trueup.workflows.grammar_of import RulesNow
from trueup.workflows.world import ACTOR, Tx

_AT_ONCE = 200
_SUSPENDED, _CLOSED, _UNPAID = "in suspense", "of a closed month", "not paid"


@dataclass
class Booking:
    """What a batch of payments does to the books, collected before it is written. `because`: why known ones are booked again,
    said in the narration of what that posts."""

    partner: str
    because: str = ""
    entries: list[Posted] = field(default_factory=list)
    settled: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    claims: dict[tuple[str, str], ClaimChange] = field(default_factory=dict)
    suspended: list[tuple[int, Sequence[Suspended]]] = field(default_factory=list)
    cases: set[tuple[str, str]] = field(default_factory=set)
    _rules: RulesNow | None = None

    def rules(self, tx: Tx) -> RulesNow:
        """The rules of finance's that a batch is read by: asked for once."""
        if self._rules is None:
            self._rules = tx.resources.books.grammars.now(tx.connection)
        return self._rules

    def add(self, entry: Posted, wanted: Iterable[Placement], posted: Iterable[Placement], receivable: str) -> None:
        """An entry, and what the placements behind it change about invoices and claims."""
        self.entries.append(entry)
        for sign, placements in ((1, wanted), (-1, posted)):
            for each in placements:
                if each.invoice is not None and each.account == receivable:
                    self.settled[each.invoice] -= sign * each.minor
                if each.claim:
                    self._add_claim(each, sign, entry.entry.day)

    def _add_claim(self, each: Placement, sign: int, day: date) -> None:
        key = (each.claim, each.currency)
        before = self.claims.get(key)
        taken, given = (sign * each.minor, 0) if each.minor > 0 else (0, -sign * each.minor)
        if before is None:
            self.claims[key] = ClaimChange(taken, given, each.type, each.invoice, day, day)
            return
        self.claims[key] = ClaimChange(
            before.taken + taken,
            before.given + given,
            before.type,
            before.invoice if before.invoice is not None else each.invoice,
            min(before.first_on, day),
            max(before.last_on, day),
        )


class Sight:
    """What the grammar sees in the lines of a batch, looked at once: a line is asked for its stems, then for what it is."""

    def __init__(self, tx: Tx, booking: Booking, batch: Iterable[Remittance]) -> None:
        partner, rules = booking.partner, booking.rules(tx)
        # By identity: the lines live as long as their batch does, and to hash one costs more than to look at it.
        self._seen: dict[int, Sightings] = {}
        self._plain: dict[int, list[str]] = {}
        wanted: set[str] = set()
        for told in batch:
            grammar = rules.grammar(told.payee, told.paid_on)
            self._plain[id(told)] = plain = [grammar.plain(line) for line in told.lines]
            wanted.update(plain)
            for line in (line for line, stem in zip(told.lines, plain, strict=True) if not stem):
                self._seen[id(line)] = seen = grammar.sight(line)
                wanted |= stems(seen)
        wanted.discard("")
        self._known: defaultdict[str, dict[str, KnownInvoice]] = defaultdict(dict)
        for reference, (number, name, currency) in invoices.find_invoices(tx.connection, partner, wanted).items():
            self._known[currency][reference] = KnownInvoice(number, name, currency)
        self._partner, self._books, self._rules = partner, tx.resources.books, rules

    def ground(self, told: Remittance, answers: suspense.Answers | None = None) -> Ground:
        """What a payment of the batch is settled on. Invoices of another currency are not what its lines settle."""
        rules, seen = self._rules, self._seen
        grammar = rules.grammar(told.payee, told.paid_on)

        def sight(line: RemittanceLine) -> Sightings:
            known = seen.get(id(line))
            return grammar.sight(line) if known is None else known

        ground = Ground(
            self._partner,
            self._books.chart,
            rules.types,
            sight,
            self._known[told.currency],
            accounts=rules.accounts,
            plain=self._plain[id(told)],
            plain_type=grammar.plain_type,
        )
        if answers is None:
            return ground
        return replace(
            ground,
            decided=answers.decided,
            matched=answers.matched,
            contested=answers.contested,
            undone=answers.undone,
        )


def book_new(tx: Tx, partner: str, batch: Sequence[Remittance], evidence: str) -> int:
    """Payments that nobody told of before: saved, settled and posted. Returns how many."""
    booking = Booking(partner)
    sight = Sight(tx, booking, batch)
    shut = journal.closed(tx.connection, {told.paid_on for told in batch})
    postings = [_posting(told, told.paid_on in shut) for told in batch]
    ids = remittances.save_new(
        tx.connection, partner, list(zip(batch, postings, strict=True)), evidence=evidence, now=tx.now
    )
    receivable = tx.resources.books.chart.code(Purpose.RECEIVABLE)
    became: Counter[str] = Counter()
    for number, told, posting in zip(ids, batch, postings, strict=True):
        if posting != POSTED:
            became[_CLOSED if posting == HELD else _UNPAID] += len(told.lines)
            if posting == HELD:
                note_closed_month(tx, partner, told, evidence)
            continue
        result = settle(told, sight.ground(told))
        booking.suspended.append((number, result.suspended))
        booking.cases.update((each.kind, each.subject) for each in result.suspended)
        became += _became(told, result)
        if result.placements:
            heading = Heading(f"{partner}/{told.payment}", told.paid_on, _narration(partner, told), evidence)
            entry = post_placements(heading, result.placements)
            booking.add(
                Posted(entry, result.placements, "remittance", ACTOR, number), result.placements, (), receivable
            )
    write(tx, booking, fresh=True)
    held = {words: became.pop(words) for words in (_SUSPENDED, _CLOSED) if words in became}
    waiting = ids_of_open(tx.connection, booking.cases)
    tx.count(Tally("lines of new payments", sum(len(told.lines) for told in batch), became, held, waiting))
    return len(ids)


def _became(told: Remittance, result: Settlement) -> Counter[str]:
    """What its lines came to. One of which a part waits is one that waits; one that moves nothing is placed nowhere."""
    numbers = {line.number for line in told.lines}
    waiting = {each.line for each in result.suspended} & numbers
    placed = ({each.line for each in result.placements} & numbers) - waiting
    idle = sum(1 for line in told.lines if line.number not in waiting and line.number not in placed)
    return Counter({_SUSPENDED: len(waiting), "booked": len(placed), "that move nothing": idle})


def book_again(tx: Tx, saved: SavedRemittance, *, actor: str = ACTOR, booking: Booking | None = None) -> bool:
    """Settle a known payment with what is known now, and post the difference. Returns whether there was any.

    Raises Refused when the payment's month is closed and nobody chose a day.
    """
    told = saved.remittance
    own = booking if booking is not None else Booking(saved.partner)
    posted = journal.load_placements(tx.connection, saved.id)
    wanted = _wanted(tx, own, saved)
    change = difference(wanted.placements, posted)
    before = suspense.suspended_of(tx.connection, [saved.id]).get(saved.id, [])
    own.suspended.append((saved.id, wanted.suspended))
    own.cases.update((each.kind, each.subject) for each in (*before, *wanted.suspended))
    if change:
        own.add(_correction(tx, saved, change, (actor, own.because)), wanted.placements, posted, _receivable(tx))
    posting = POSTED if told.state is PaymentState.PAID else UNPOSTED
    if posting != saved.posting:
        remittances.set_posting(tx.connection, saved.id, posting, saved.post_on)
    if booking is None:
        write(tx, own, fresh=False)
    return bool(change)


def book_payments(tx: Tx, numbers: Collection[int], actor: str = ACTOR) -> int:
    """Book known payments again, by id, in the order that everyone keeps; returns how many are booked otherwise now."""
    of_partner: defaultdict[str, list[int]] = defaultdict(list)
    for number, partner in remittances.partners_of(tx.connection, numbers).items():
        of_partner[partner].append(number)
    count = 0
    for partner, ids in sorted(of_partner.items()):
        for start in range(0, len(ids), _AT_ONCE):
            booking = Booking(partner)
            for number in ids[start : start + _AT_ONCE]:
                saved = remittances.load_remittance(tx.connection, number, lock=True)
                count += book_again(tx, saved, actor=actor, booking=booking)
            write(tx, booking, fresh=False)
    return count


def write(tx: Tx, booking: Booking, *, fresh: bool) -> None:
    """All of it, in one order that every batch keeps, so that two of them wait for each other and do not die."""
    journal.append_entries(tx.connection, booking.entries, tx.now)
    beyond = invoices.add_settled(tx.connection, booking.settled)
    balances = claims.add_to_claims(tx.connection, booking.partner, booking.claims)
    lock_cases(tx.connection, booking.cases)
    suspense.replace_suspended(tx.connection, booking.partner, booking.suspended, fresh=fresh)
    # What was booked anew and came to the same did not change: an invoice that was paid beyond its total still is.
    settled = frozenset(number for number, minor in booking.settled.items() if minor)
    note_changed(tx, Changed(booking.partner, booking.cases, beyond, settled, balances))


def _wanted(tx: Tx, booking: Booking, saved: SavedRemittance) -> Settlement:
    told = saved.remittance
    if told.state is not PaymentState.PAID:
        return Settlement((), ())
    answers = suspense.load_answers(tx.connection, saved.id, told.source.value)
    return settle(told, Sight(tx, booking, [told]).ground(told, answers))


def _correction(tx: Tx, saved: SavedRemittance, change: tuple[Placement, ...], said: tuple[str, str]) -> Posted:
    """The entry of a difference; `said`: who books it, and why where that is no telling of the payment's."""
    actor, because = said
    told, count = saved.remittance, journal.count_entries(tx.connection, saved.id)
    base = f"{saved.partner}/{told.payment}"
    first = count == 0
    day = saved.post_on or told.paid_on
    if journal.closed(tx.connection, {day}):
        if first:
            raise Refused(
                f"Payment {told.payment} of {saved.partner} is of {told.paid_on}, a closed month: say on which day it is posted."
            )
        day = journal.first_open_day(tx.connection, max(day, tx.now.date()))
    narration = _narration(saved.partner, told)
    heading = Heading(
        base if first else f"{base} correction {count}",
        day,
        narration if first else because or f"Correction of {narration[0].lower()}{narration[1:]}",
        saved.primary.evidence,
        "" if first or told.state is PaymentState.PAID else base,
    )
    return Posted(post_placements(heading, change), change, "remittance" if first else "correction", actor, saved.id)


def _receivable(tx: Tx) -> str:
    return tx.resources.books.chart.code(Purpose.RECEIVABLE)


def _posting(told: Remittance, shut: bool) -> str:
    if told.state is not PaymentState.PAID:
        return UNPOSTED
    return HELD if shut else POSTED


def _narration(partner: str, told: Remittance) -> str:
    return f"Payment {told.payment} of {partner}: {Money(told.amount.minor, told.amount.currency)}"
