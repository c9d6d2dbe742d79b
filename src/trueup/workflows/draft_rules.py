"""Draft rules: what someone wants as a version that could be kept, tried on all history before anything is.

A draft follows from what is written down, from a case of lines that wait, or from a single line of a payment.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from trueup.base.errors import Conflict, NotFound, Refused
from trueup.domain.chart import Purpose
from trueup.domain.deduction import DeductionType, Direction
from trueup.domain.deduction_rules import DeductionRule, NewType, RuleField, RuleForm, shape_of
from trueup.domain.remittances import RemittanceLine
from trueup.domain.settlement import CLAIMED, UNRECOGNISED
from trueup.storage import cases, remittances, suspense
from trueup.storage import deduction_rules as storage
from trueup.storage.deduction_rules import PROPOSED, SavedRule
from trueup.storage.views.rule_history import count_lines
from trueup.workflows.authority import demand_role
from trueup.workflows.grammar_of import RulesNow
from trueup.workflows.resolve_case import Person
from trueup.workflows.try_rules import Tried, try_saved
from trueup.workflows.world import Tx

SINCE_EVER = date(2000, 1, 1)
"""From when a rule holds that nobody dates: history that is imported later is then read as what came before."""
LONG_HISTORY = 20_000
"""Lines of history from which on a trial is long work: a worker does it, and its own page says how far it is."""
_NOT_FOR_LINES = (Purpose.SUSPENSE, Purpose.CASH, Purpose.CLEARING, Purpose.CONVERSION, Purpose.RECEIVABLE)
_UNKEPT = 0
"""The number of a new rule that is only tried: no rule is ever kept under it."""


@dataclass(frozen=True, slots=True)
class WantedRule:
    """A rule as someone wants it. `direction` None: as its type goes. `valid_from` None: for every payment, whenever it was made.

    `replaces`: the id of the rule that this is a new version of, "" for a new one. `case`: the case it follows from.
    `instead_of`: the version of `replaces` that waits for its review and is edited by this one; 0 where none waits.
    """

    field: RuleField
    form: RuleForm
    pattern: str
    type: str | NewType
    direction: Direction | None = None
    payee: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    account: str = ""
    note: str = ""
    replaces: str = ""
    case: int | None = None
    instead_of: int = 0


@dataclass(frozen=True, slots=True)
class LineForm:
    """How a line that waits reads: what of it says most, the shape of that, and which way its money goes."""

    field: RuleField
    pattern: str
    direction: Direction
    lines: int = 1


def draft_rule(tx: Tx, wanted: WantedRule, person: Person, *, kept: bool = False) -> SavedRule:
    """What is wanted as a version that is proposed now; nothing is written. `kept`: it is about to be, under a number of its own.

    Raises Refused (role; a type, purpose or account that cannot be), Conflict (a version waits already), Invalid, NotFound.
    """
    demand_role(person, "rules.propose")
    rules = tx.resources.books.grammars.now(tx.connection)
    kind, type_ = _type(rules, wanted.type)
    _check_account(tx, wanted, type_)
    number, version = _place(tx, wanted, kept)
    rule = DeductionRule(
        id=storage.id_of(number),
        version=version,
        field=wanted.field,
        form=wanted.form,
        pattern=wanted.pattern,
        direction=wanted.direction or type_.direction,
        type=kind,
        valid_from=wanted.valid_from or SINCE_EVER,
        proposed_by=person.name,
        payee=wanted.payee,
        valid_to=wanted.valid_to,
    )
    return SavedRule(rule, wanted.account, wanted.note, wanted.case, tx.now, PROPOSED)


def try_wanted(
    tx: Tx, wanted: WantedRule, person: Person, since: date | None = None, told: Callable[[int], None] | None = None
) -> Tried:
    """Try on all history what is not kept yet; `told` how far it is. Raises as `draft_rule`."""
    rules = tx.resources.books.grammars.now(tx.connection)
    return try_saved(tx.connection, rules, draft_rule(tx, wanted, person), since, told)


def is_long(tx: Tx) -> bool:
    """Whether all history is so long that a trial on it is long work."""
    return has_long_history(tx.connection)


def has_long_history(connection: sa.Connection) -> bool:
    """The same, for a page that only looks."""
    return count_lines(connection, date.min) > LONG_HISTORY


def demand_short(tx: Tx) -> None:
    """Raise Refused where all history is so long that nobody waits while it is read."""
    if is_long(tx):
        raise Refused(
            f"History has more than {LONG_HISTORY:,} lines: to read them all is long work. Ask for a trial on all history, which a "
            "worker does: it counts the lines of each effect, with an example of each."
        )


def rule_of_case(tx: Tx, case_id: int, type_code: str, account: str, note: str) -> WantedRule:
    """The rule that would have answered a case of lines that no type reads: their form, their sign, and the type chosen.

    Asked for before the case is answered. Raises Refused for another kind of case, or lines without any text.
    """
    form = form_of_case(tx, case_id)
    if cases.load_case(tx.connection, case_id).draft.kind != UNRECOGNISED:
        raise Refused(_no_form(tx, case_id))
    return WantedRule(
        field=form.field,
        form=RuleForm.SHAPE,
        pattern=form.pattern,
        type=type_code,
        direction=form.direction,
        account=_own_account(tx, type_code, account),
        note=note,
        case=case_id,
    )


def form_of_case(tx: Tx, case_id: int) -> LineForm:
    """How the lines read that wait in a case. Raises NotFound, Refused where none waits there."""
    case = cases.load_case(tx.connection, case_id)
    waiting = suspense.waiting_lines(tx.connection, case.draft.kind, case.draft.subject)
    lines = [(number, each.line) for number, each in waiting if each.line > 0]
    if not lines:
        raise Refused(_no_form(tx, case_id))
    form = form_of_line(tx, *lines[0])
    return LineForm(form.field, form.pattern, form.direction, len(lines))


def form_of_line(tx: Tx, remittance: int, number: int) -> LineForm:
    """How a line of a payment reads. Raises NotFound."""
    saved = remittances.load_remittance(tx.connection, remittance)
    line = next((each for each in saved.remittance.lines if each.number == number), None)
    if line is None:
        raise NotFound(f"Payment {saved.remittance.payment} has no line {number}; nothing was drafted from it.")
    field, text = next(((field, text) for field, text in _texts(line) if text), (RuleField.REFERENCE, ""))
    return LineForm(field, shape_of(text), Direction.GIVES if line.settled > 0 else Direction.TAKES)


def _no_form(tx: Tx, case_id: int) -> str:
    kind = cases.load_case(tx.connection, case_id).draft.kind
    return (
        f"Case {case_id} ({kind}): a rule can be proposed from lines that no type reads; leave --propose-rule away, or write one "
        "with `trueup rules propose`."
    )


def _texts(line: RemittanceLine) -> tuple[tuple[RuleField, str], ...]:
    """What a line is grouped by, in the order in which a case of unrecognised lines looks at it."""
    return (
        (RuleField.REFERENCE, line.reference),
        (RuleField.KIND, line.kind),
        (RuleField.DESCRIPTION, line.description),
    )


def _type(rules: RulesNow, wanted: str | NewType) -> tuple[str | NewType, DeductionType]:
    """The type as a rule keeps it, and what it is: built in, brought by another rule, or new."""
    if isinstance(wanted, NewType):
        if wanted.code in rules.types:
            raise Refused(f"Type {wanted.code!r} is there already; name it with --type instead of defining it anew.")
        return wanted, _as_type(wanted)
    if wanted not in rules.types:
        known = ", ".join(sorted(rules.types))
        raise Refused(
            f"{wanted!r} is no deduction type; expected one of {known}; or define it (--label and --purpose)."
        )
    brought = next(
        (
            each.rule.type
            for each in rules.saved
            if isinstance(each.rule.type, NewType) and each.rule.type.code == wanted
        ),
        None,
    )
    return brought or wanted, rules.types[wanted]


def _as_type(new: NewType) -> DeductionType:
    if new.purpose in (*_NOT_FOR_LINES, *CLAIMED):
        raise Refused(f"Type {new.code!r}: purpose {new.purpose.value} is not for a type of your own; choose another.")
    return DeductionType(new.code, new.label, new.family, new.purpose, new.treatment, lambda _: ())


def _check_account(tx: Tx, wanted: WantedRule, type_: DeductionType) -> None:
    if not wanted.account:
        return
    chart = tx.resources.books.chart
    if chart.account(wanted.account) is None:
        raise Refused(f"Account {wanted.account!r} is not in the chart; see `trueup journal accounts`.")
    if wanted.account in {chart.code(purpose) for purpose in _NOT_FOR_LINES}:
        raise Refused(f"Account {wanted.account} is not where an explained line can go; choose another.")
    if type_.disputable or type_.purpose in CLAIMED:
        own = chart.code_of_type(type_.code, type_.purpose)
        raise Refused(
            f"Lines of type {type_.code} can be disputed: they stand on account {own} until that is settled, not on "
            f"{wanted.account}. Leave the account away, choose another type, or give the type that account in the chart."
        )


def _own_account(tx: Tx, type_code: str, account: str) -> str:
    """The account a rule needs beside its type's: none where it is the same."""
    type_ = tx.resources.books.grammars.now(tx.connection).types.get(type_code)
    usual = tx.resources.books.chart.code_of_type(type_.code, type_.purpose) if type_ else ""
    return "" if account == usual else account


def _place(tx: Tx, wanted: WantedRule, kept: bool) -> tuple[int, int]:
    """The number and version of what is proposed. What is edited must be what the editor saw."""
    if not wanted.replaces:
        return (storage.next_number(tx.connection) if kept else _UNKEPT), 1
    newest = storage.load_versions(tx.connection, wanted.replaces)[-1]
    waits = newest.rule.version if newest.state == PROPOSED else 0
    if waits and not wanted.instead_of:
        raise Conflict(f"Rule {newest.rule.name} waits for its review; approve or reject it first.")
    if wanted.instead_of and waits != wanted.instead_of:
        raise Conflict(
            f"Rule {newest.rule.id} version {wanted.instead_of} waits no more: version {newest.rule.version} is {newest.state}; "
            "look at it first."
        )
    return newest.number, newest.rule.version + 1
