"""Settlement: where every cent of a remittance goes. Each line is placed on the account of what it is, or in suspense with a case.

Only what is certain is placed here: a line whose grammar says what it is, or that names an invoice of ours. What needs a search
for its partner waits in suspense until reconciliation finds a single explanation, or a person chooses one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from trueup.base.money import Money
from trueup.base.unguarded import unguarded
from trueup.domain.chart import Chart, Purpose
from trueup.domain.deduction import (
    Ambiguous,
    Classification,
    DeductionType,
    Family,
    Recognised,
    Sightings,
    Unrecognised,
    classify,
    stems,
)
from trueup.domain.deduction_rules import shape_of
from trueup.domain.invoices import normal_reference
from trueup.domain.reason_codes import reason
from trueup.domain.remittances import Adjustment, Remittance, RemittanceLine

UNRECOGNISED = "remittance.unrecognised"
UNKNOWN_INVOICE = "remittance.unknown-invoice"
AMBIGUOUS = "remittance.ambiguous"
DOES_NOT_TIE = "remittance.does-not-tie"
HIDDEN_ITEMS = "remittance.hidden-items"
UNMATCHED = "remittance.unmatched"
"""A person took apart what a line was posted as: it waits until a person says what it is."""
TO_CHECK = "remittance.to-check"
"""What a person left open of a line when they said what the rest of it is."""
CLAIMED = (Purpose.DISPUTED, Purpose.AUDIT_CLAIMS)
"""Whose balance is the sum of open claims."""


@unguarded
@dataclass(frozen=True, slots=True)
class KnownInvoice:
    """What settlement needs of an invoice of ours."""

    id: int
    number: str
    currency: str


@unguarded
@dataclass(frozen=True, slots=True)
class Placement:
    """A posting and what it is about: a debit where `minor` is positive.

    `line`: the number of the remittance's line, 0 for what the payment as a whole makes. `type`: the deduction type's code.
    `invoice`: the id of the invoice it settles or is about. `claim`: `family/chain`. `rule`: what decided. `case`: where it is
    suspense, the kind and subject of its case.
    """

    line: int
    account: str
    minor: int
    currency: str
    reference: str = ""
    type: str = ""
    invoice: int | None = None
    claim: str = ""
    rule: str = ""
    case: str = ""


@dataclass(frozen=True, slots=True)
class Suspended:
    """What went to suspense: `minor` as Amazon pays (positive raises the payment), and the case that says why.

    `stems`: the invoices that would explain it if they were ours: when one is imported, the line is looked at again.
    """

    line: int
    kind: str
    subject: str
    minor: int
    currency: str
    why: str
    reference: str = ""
    stems: tuple[str, ...] = ()

    @property
    def case(self) -> str:
        """Kind and subject as one text, as placements name it."""
        return f"{self.kind} {self.subject}"


@dataclass(frozen=True, slots=True)
class LineDecision:
    """What a person decided about a line: the deduction type it is (with an account of its own, perhaps) and its invoice."""

    type: str
    account: str
    by: str
    invoice: int | None = None
    claim: str = ""


@dataclass(frozen=True, slots=True)
class Settlement:
    """All placements of a payment: they sum to zero in each currency; and what of them is in suspense, with its reason."""

    placements: tuple[Placement, ...]
    suspended: tuple[Suspended, ...]


@dataclass(frozen=True, slots=True)
class Ground:
    """What a payment is settled on: our partner, the chart, the grammar, the invoices its lines name, what persons decided,
    and what was matched (placements of the line's settled amount, or of a part: the rest waits), was taken apart again by a person
    (`undone`) or has several explanations, by line.
    `accounts`: those of rules that have one of their own, by the rule's name. `plain`: for each line in order the stem by which
    `plain_type` alone sees it, "" where more is to be looked at; empty where nobody looked."""

    partner: str
    chart: Chart
    types: Mapping[str, DeductionType]
    sight: Callable[[RemittanceLine], Sightings]
    known: Mapping[str, KnownInvoice]
    decided: Mapping[int, LineDecision] = field(default_factory=dict)
    matched: Mapping[int, tuple[Placement, ...]] = field(default_factory=dict)
    contested: Mapping[int, Suspended] = field(default_factory=dict)
    undone: Mapping[int, Suspended] = field(default_factory=dict)
    accounts: Mapping[str, str] = field(default_factory=dict)
    plain: Sequence[str] = ()
    plain_type: DeductionType | None = None


def settle(remittance: Remittance, ground: Ground) -> Settlement:
    """Place every line, the cash, the exchange and what does not tie. A payment that was voided or failed places nothing."""
    placements: list[Placement] = []
    suspended: list[Suspended] = []
    plainly = _plain_placements(remittance, ground)
    for line in remittance.lines:
        placed = next(plainly, None)
        if placed is None:
            _place_line(line, remittance, ground, (placements, suspended))
        else:
            placements.append(placed)
        if line.adjustments or line.discount or line.withheld:
            _place_kept(line, remittance, ground, (placements, suspended))
    _place_tie(remittance, ground, (placements, suspended))
    placements.extend(_cash(remittance, ground.chart))
    return Settlement(tuple(placements), tuple(suspended))


def _plain_placements(remittance: Remittance, ground: Ground) -> Iterator[Placement | None]:
    """Of each line that is nothing but an invoice of ours paid its placement: what `_place_line` would find, found at once."""
    type_, known, currency = ground.plain_type, ground.known, remittance.currency
    if type_ is None or ground.decided or ground.matched or ground.undone:
        return
    account, code, rule = _account_of(type_, ground), type_.code, _rule_of(type_)
    for line, stem in zip(remittance.lines, ground.plain, strict=True):
        invoice = known.get(stem) if stem else None
        if invoice is None:
            yield None
            continue
        settled = line.paid + line.discount + line.withheld
        yield Placement(line.number, account, -settled, currency, line.reference, code, invoice.id, "", rule)


def about(line: RemittanceLine, ground: Ground) -> Classification:
    """What the line is, by grammar and the invoices we know."""
    return classify(line, ground.sight(line), ground.known)


def _place_line(
    line: RemittanceLine, remittance: Remittance, ground: Ground, into: tuple[list[Placement], list[Suspended]]
) -> None:
    placements, suspended = into
    currency, chart = remittance.currency, ground.chart
    if line.settled:
        decision, matched = ground.decided.get(line.number), ground.matched.get(line.number)
        undone, waits = ground.undone.get(line.number), None
        if decision is not None:
            placements.append(_by_person(line, decision, currency))
        elif matched is not None:
            placements.extend(matched)
            waits = _rest_of(line, matched, remittance, ground)
        elif undone is not None:
            waits = replace(undone, line=line.number, minor=line.settled)
        else:
            found = about(line, ground)
            if isinstance(found, Recognised):
                placements.append(_recognised(line, found, ground, currency))
            else:
                waits = ground.contested.get(line.number) or _suspend(line, found, remittance, ground)
        if waits is not None:
            suspended.append(waits)
            placements.append(_in_suspense(waits, chart))


def _rest_of(
    line: RemittanceLine, matched: Sequence[Placement], remittance: Remittance, ground: Ground
) -> Suspended | None:
    """What is left of a line beside what it was matched to, None where that is all of it."""
    left = line.settled + sum(each.minor for each in matched)
    if not left:
        return None
    subject = f"payment {ground.partner}/{remittance.payment} line {line.number}, the rest"
    why = f"of {Money(line.settled, remittance.currency)} this was left open, to check"
    return Suspended(line.number, TO_CHECK, subject, left, remittance.currency, why, line.reference)


def _place_kept(
    line: RemittanceLine, remittance: Remittance, ground: Ground, into: tuple[list[Placement], list[Suspended]]
) -> None:
    """What was kept of a line: by adjustments inside it, as a discount, as tax."""
    placements, currency, chart = into[0], remittance.currency, ground.chart
    for index, adjustment in enumerate(line.carved) if line.adjustments else ():
        _place_adjustment((line, index, adjustment), remittance, ground, into)
    if line.discount:
        code = chart.code(Purpose.DISCOUNTS)
        placements.append(
            Placement(line.number, code, line.discount, currency, line.reference, "terms-discount", rule="column")
        )
    if line.withheld:
        code = chart.code(Purpose.WITHHOLDING)
        placements.append(
            Placement(line.number, code, line.withheld, currency, line.reference, "withholding", rule="column")
        )


def _recognised(line: RemittanceLine, found: Recognised, ground: Ground, currency: str) -> Placement:
    type_, seen = found.type, found.sighting
    invoice = ground.known.get(normal_reference(seen.stem)) if seen.stem else None
    return Placement(
        line.number,
        _account_of(type_, ground),
        -line.settled,
        currency,
        line.reference,
        type_.code,
        invoice.id if invoice else None,
        _claim(type_, seen.chain or line.reference) if seen.chain or _is_claim(type_) else "",
        _rule_of(type_),
    )


def _account_of(type_: DeductionType, ground: Ground) -> str:
    """The account of the rule that sees it, or the type's."""
    return ground.accounts.get(type_.rule) or ground.chart.code_of_type(type_.code, type_.purpose)


def _rule_of(type_: DeductionType) -> str:
    """What decides where the type is seen, as placements name it."""
    return type_.rule or ("exact-reference" if type_.family is Family.INVOICE else "grammar")


def claim_of(type_: DeductionType, reference: str) -> str:
    """The claim that a line is which a person says to be of this type; "" where lines of it are none."""
    return _claim(type_, reference) if _is_claim(type_) else ""


def _is_claim(type_: DeductionType) -> bool:
    """Whether a line without a chain is a claim of its own: it may be contested, or stands on an account of claims."""
    return type_.disputable or type_.purpose in CLAIMED


def _claim(type_: DeductionType, chain: str) -> str:
    """The name of a claim."""
    return f"{type_.family.value}/{normal_reference(chain)}"


def adjustment_number(line: int, index: int) -> int:
    """How an adjustment inside a line is known among the lines of its payment: below zero."""
    return -(line * 100 + index + 1)


def _place_adjustment(
    which: tuple[RemittanceLine, int, Adjustment],
    remittance: Remittance,
    ground: Ground,
    into: tuple[list[Placement], list[Suspended]],
) -> None:
    """What was carved out of a line goes where its reason code says; a code that says too little waits in suspense."""
    line, index, adjustment = which
    if not adjustment.minor:
        return
    number, currency = adjustment_number(line.number, index), remittance.currency
    reference = adjustment.reference or line.reference
    decision = ground.decided.get(number)
    if decision is not None:
        placed = Placement(number, decision.account, -adjustment.minor, currency, reference, decision.type)
        into[0].append(replace(placed, claim=decision.claim, rule=f"decided by {decision.by}"))
        return
    found = reason(adjustment.code)
    type_ = ground.types.get(found.type) if found is not None and found.type else None
    if type_ is not None and type_.direction.fits(adjustment.minor):
        account = ground.chart.code_of_type(type_.code, type_.purpose)
        claim = _claim(type_, reference) if _is_claim(type_) else ""
        placed = Placement(number, account, -adjustment.minor, currency, reference, type_.code, claim=claim)
        into[0].append(replace(placed, rule=f"reason code {adjustment.code}"))
        return
    said = f"means {found.label}, which does not say enough to be booked" if found else "is none that we know"
    sign = "plus" if adjustment.minor > 0 else "minus"
    subject = f"{ground.partner} adjustments {adjustment.code} {currency} {sign}"
    why = f"adjustment {adjustment.code} inside the line {said}"
    waiting = Suspended(number, UNRECOGNISED, subject, adjustment.minor, currency, why, reference)
    into[1].append(waiting)
    into[0].append(_in_suspense(waiting, ground.chart))


def _by_person(line: RemittanceLine, decision: LineDecision, currency: str) -> Placement:
    return Placement(
        line.number,
        decision.account,
        -line.settled,
        currency,
        line.reference,
        decision.type,
        decision.invoice,
        decision.claim,
        f"decided by {decision.by}",
    )


def _in_suspense(waiting: Suspended, chart: Chart) -> Placement:
    code = chart.code(Purpose.SUSPENSE)
    return Placement(
        waiting.line, code, -waiting.minor, waiting.currency, waiting.reference, rule="suspense", case=waiting.case
    )


def _suspend(
    line: RemittanceLine, found: Unrecognised | Ambiguous, remittance: Remittance, ground: Ground
) -> Suspended:
    """Lines of one shape and sign wait in one case, for they have one answer; what is about one invoice likewise."""
    currency, amount = remittance.currency, line.settled
    payment = f"payment {ground.partner}/{remittance.payment}"
    match found:
        case Ambiguous(rivals):
            rival = " or ".join(sorted({each.type.label for each in rivals}))
            kind, subject, why = AMBIGUOUS, f"{payment} line {line.number}", f"it reads as {rival}"
            wanted: tuple[str, ...] = ()
        case Unrecognised(why):
            sightings = ground.sight(line)
            wanted = tuple(sorted(stems(sightings)))
            sign = "plus" if amount > 0 else "minus"
            if any(seen.sighting.stem for seen in sightings):
                kind, subject = UNKNOWN_INVOICE, f"{ground.partner} reference {line.reference} {currency} {sign}"
            else:
                shape = shape_of(line.reference or line.kind or line.description)
                kind, subject = UNRECOGNISED, f"{ground.partner} lines like {shape} {currency} {sign}"
    return Suspended(line.number, kind, subject, amount, currency, why, line.reference, wanted)


def _place_tie(remittance: Remittance, ground: Ground, into: tuple[list[Placement], list[Suspended]]) -> None:
    """Reported, never forced: the payment posts in full, its lines as they stand, and the difference waits in suspense."""
    tie = remittance.tie
    if not tie:
        return
    decision = ground.decided.get(0)
    if decision is not None:
        decided = Placement(0, decision.account, -tie.minor, tie.currency, remittance.payment, decision.type)
        into[0].append(replace(decided, claim=decision.claim, rule=f"decided by {decision.by}"))
        return
    kind = HIDDEN_ITEMS if remittance.hides_items else DOES_NOT_TIE
    why = f"the payment is {remittance.expected}, its {len(remittance.lines)} lines come to {remittance.expected - tie}"
    if remittance.hides_items:
        why += "; the export itself warns that it hides items of this payment"
    subject = f"payment {ground.partner}/{remittance.payment}"
    waiting = Suspended(0, kind, subject, tie.minor, tie.currency, why, remittance.payment)
    into[1].append(waiting)
    into[0].append(_in_suspense(waiting, ground.chart))


def _cash(remittance: Remittance, chart: Chart) -> list[Placement]:
    """Cash in the currency it came in; through conversion where the invoices are of another, at the stated rate."""
    cash, expected, number = chart.code(Purpose.CASH), remittance.expected, remittance.payment

    def place(account: str, minor: int, currency: str, rule: str) -> Placement:
        return Placement(0, account, minor, currency, number, rule=rule)

    placements = [place(cash, remittance.amount.minor, remittance.amount.currency, "cash")]
    if remittance.invoiced is not None and remittance.invoiced.currency != remittance.amount.currency:
        conversion = chart.code(Purpose.CONVERSION)
        difference = remittance.exchange_difference
        gain = difference.minor if difference is not None else 0
        placements.append(place(conversion, expected.minor, expected.currency, "conversion"))
        placements.append(place(conversion, gain - remittance.amount.minor, remittance.amount.currency, "conversion"))
        if gain:
            placements.append(place(chart.code(Purpose.FX), -gain, remittance.amount.currency, "exchange difference"))
    return [each for each in placements if each.minor]
