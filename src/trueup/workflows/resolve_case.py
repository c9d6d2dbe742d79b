"""Resolve a case: a person's decision, checked against what the case allows and their role, recorded, then carried out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from trueup.base.errors import Refused
from trueup.base.ids import Digest
from trueup.base.money import Money
from trueup.domain.acknowledgements import backorder_line, check_reopening
from trueup.domain.cases import Case, Resolution, Role
from trueup.domain.deliveries import Delivery, DeliveryState, is_open
from trueup.domain.settlement import UNMATCHED
from trueup.storage import acts, case_merges, cases, decisions, deliveries, item_claims, orders, remittances, suspense
from trueup.storage.documents import DocumentFilter, list_documents
from trueup.storage.sales_orders import forget_wanted
from trueup.workflows.assessment import line_digest
from trueup.workflows.booking import book_payments
from trueup.workflows.deliver import ONE_LOOK, set_proof
from trueup.workflows.poll_orders import ensure_polls, take_in_page
from trueup.workflows.receive_files import ensure_looks, take_in_file
from trueup.workflows.shop_order import DIFFERS
from trueup.workflows.sync_products import ensure_syncs
from trueup.workflows.taking_in import start_answering
from trueup.workflows.world import Tx

_MAY_RESOLVE = {
    Role.OPERATIONS: (
        "held.",
        "stock.",
        "inventory.",
        "circular.",
        "acknowledgement.",
        "document.",
        "agreement.",
        "vendor-return.",
    ),
    Role.ECOMMERCE: (
        "held.stock-",
        "stock.",
        "inventory.",
        "circular.",
        "shop.",
        "product.",
        "trade-in.",
        "vendor-return.",
    ),
    Role.FINANCE: (
        "held.cost-",
        "acknowledgement.",
        "remittance.",
        "charge.",
        "claim.",
        "invoice.",
        "books.",
        "bank.",
        "settlement.",
        "trade-in.",
        "credit.",
        "deposit.",
    ),
    Role.ADMIN: ("",),
    Role.AUDITOR: (),
}
UPLOADED_AS = "upload of "
"""Begins the kind of a document that somebody handed in as something."""
_FILLS = (Resolution.ACCEPT_AS_ORDERED, Resolution.BACKORDER)
_BINDING = (Resolution.ACCEPT_AS_ORDERED, Resolution.REJECT)
_DECIDED_ANEW = ("stock.short", "stock.fenced", "circular.wholesale-conflict", "acknowledgement.fallback")
"""Cases about goods that were not there: to retry them is to decide the line again with what is there now."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who acts, with the roles the settings give them; by a `token`, when a machine acts for them with that name.

    `scopes`: what of the roles' permissions is used at all; None is all of them.
    """

    name: str
    roles: frozenset[Role]
    scopes: frozenset[str] | None = None
    token: str = ""

    @property
    def standing(self) -> str:
        """In which roles they act, and by which token: as acts are recorded."""
        roles = ", ".join(sorted(role.value for role in self.roles))
        return f"{roles}, by token {self.token}" if self.token else roles


@dataclass(frozen=True, slots=True)
class Decided:
    """What came of it: the case, or the proposal that waits for a second person."""

    case: Case
    proposal: int | None = None


def may_resolve(person: Person, case: Case) -> bool:
    """The one table of who may resolve what."""
    return may_resolve_kind(person, case.draft.kind)


def may_resolve_kind(person: Person, kind: str) -> bool:
    """Whether one of the person's roles may resolve cases of a kind."""
    return any(kind.startswith(prefix) for role in person.roles for prefix in _MAY_RESOLVE[role])


def kinds_of(person: Person) -> tuple[str, ...]:
    """The beginnings of the kinds that the person may resolve; none where that is every kind, or none of them."""
    found = sorted({prefix for role in person.roles for prefix in _MAY_RESOLVE[role]})
    return () if "" in found else tuple(found)


def resolve_case(
    tx: Tx, case_id: int, resolution: Resolution, person: Person, note: str, two_persons_above: Money | None = None
) -> Decided:
    """Decide a case. A binding decision above the limit is only proposed, and carried out when a second person approves.

    Raises NotFound, Conflict (resolved already, merged), Refused (role, a resolution the case does not allow, a dismissal without a
    reason).
    """
    case = cases.load_case(tx.connection, case_id)
    case_merges.demand_apart(tx.connection, case_id)
    _check(case, resolution, person)
    if resolution is Resolution.DISMISS and not note.strip():
        raise Refused(
            f"Say why case {case_id} is dismissed: nothing is changed by it, and whoever finds it again will ask."
        )
    if _takes_two(resolution, case.draft.money_at_risk, two_persons_above):
        arguments = {"case": case_id, "resolution": resolution.value, "note": note}
        wanted = acts.Proposal("case.resolve", f"case {case_id}", arguments, note, person.name)
        proposal, fresh = acts.propose_once(tx.connection, wanted, tx.now)
        if fresh:
            _act(tx, case, person, "case.proposed", {"resolution": resolution.value, "proposal": str(proposal)})
        return Decided(case, proposal)
    return Decided(_carry_out(tx, case, resolution, person, note))


def approve_proposal(tx: Tx, proposal_id: int, person: Person) -> Decided:
    """The second person: the proposal is carried out in the same transaction. The database refuses the proposer."""
    row = acts.approve(tx.connection, proposal_id, person.name, tx.now)
    if row["act"] != "case.resolve":
        raise Refused(f"Proposal {proposal_id} is to {row['act']} {row['subject']}, not to resolve a case.")
    case = cases.load_case(tx.connection, row["arguments"]["case"])
    resolution = Resolution(row["arguments"]["resolution"])
    _check(case, resolution, person)
    _act(tx, case, person, "case.approved", {"proposal": str(proposal_id), "proposed_by": row["proposed_by"]})
    return Decided(_carry_out(tx, case, resolution, person, row["arguments"]["note"]))


def _takes_two(resolution: Resolution, risk: Money | None, limit: Money | None) -> bool:
    """Whether a second person must agree."""
    return resolution in _BINDING and risk is not None and is_above(risk, limit)


def is_above(amount: Money, limit: Money | None) -> bool:
    """Whether an act on so much money takes two persons; money of another currency than the limit's always does."""
    return limit is not None and (amount.currency != limit.currency or abs(amount).minor > limit.minor)


DONE_ELSEWHERE = {
    Resolution.CLASSIFY: "trueup cases classify",
    Resolution.CHOOSE: "trueup cases choose",
    Resolution.POST_NOW: "trueup cases post-now",
    Resolution.WRITE_OFF: "trueup cases write-off",
    Resolution.DISPUTE: "trueup recover CLAIM --submit",
    Resolution.SETTLE: "trueup trade-ins answer",
}
"""What takes more than a word: the case closes when the books say so."""


def _check(case: Case, resolution: Resolution, person: Person) -> None:
    if resolution in DONE_ELSEWHERE and resolution in case.draft.resolutions:
        raise Refused(
            f"Case {case.id} is not closed by a word: {DONE_ELSEWHERE[resolution]} does what {resolution.value} means."
        )
    if resolution not in case.draft.resolutions:
        allowed = ", ".join(item.value for item in case.draft.resolutions)
        raise Refused(
            f"Case {case.id} ({case.draft.kind}) cannot be resolved by {resolution.value}; allowed: {allowed}."
        )
    # Not at the top: what asks for permissions knows persons from here.
    from trueup.workflows.demand_deciding import demand_deciding

    demand_deciding(person, case)


def _carry_out(tx: Tx, case: Case, resolution: Resolution, person: Person, note: str) -> Case:
    order_id, sequence = cases.load_case_line(tx.connection, case.id)
    if resolution in _FILLS and order_id is not None and sequence is not None:
        _check_fillable(tx, order_id, sequence, resolution)
    if resolution is Resolution.DISMISS:
        _dismiss_with(tx, case, person, note)
    done = cases.resolve_case(tx.connection, case.id, resolution.value, by=person.name, note=note, now=tx.now)
    _act(tx, case, person, "case.resolved", {"resolution": resolution.value, "note": note})
    if resolution is Resolution.DISMISS:
        return done
    if order_id is not None and sequence is not None:
        _lift(tx, case, order_id, sequence, resolution, person)
    _retry(tx, case, order_id)
    return done


def _dismiss_with(tx: Tx, case: Case, person: Person, note: str) -> None:
    """What was merged into a dismissed case is dismissed with it, where that is allowed; anything else is back in the queue."""
    for number in case_merges.merged_into(tx.connection, case.id):
        other = cases.load_case(tx.connection, number)
        if Resolution.DISMISS in other.draft.resolutions and may_resolve(person, other):
            why = f"with case {case.id}, which stood for it{f': {note}' if note else ''}"
            resolution = Resolution.DISMISS.value
            cases.resolve_case(tx.connection, number, resolution, by=person.name, note=why, now=tx.now)
            _act(tx, other, person, "case.resolved", {"resolution": resolution, "note": why})


def _lift(tx: Tx, case: Case, order_id: int, sequence: int, resolution: Resolution, person: Person) -> None:
    """A decision about a line is for these terms of it; a forced answer makes way for it."""
    if resolution is Resolution.RETRY and case.draft.kind not in _DECIDED_ANEW:
        return
    saved = orders.load_order(tx.connection, order_id, lock=True)
    decisions.drop_decision(tx.connection, order_id, sequence)
    if resolution is Resolution.RETRY:
        item_claims.forget_lost(tx.connection, order_id, sequence, tx.now)
        return
    held_by = case.draft.kind.removeprefix("held.")
    every = [rule.name for rule in tx.resources.rules]
    for rule in [held_by] if case.draft.kind.startswith("held.") else every:
        lifted = decisions.LiftedHold(sequence, line_digest(saved, sequence), rule, resolution, person.name)
        decisions.lift_hold(tx.connection, order_id, lifted, tx.now)


def _check_fillable(tx: Tx, order_id: int, sequence: int, resolution: Resolution) -> None:
    """Refused at once, with the reason: a decision that Amazon would ignore must not look like one that was carried out."""
    saved = orders.load_order(tx.connection, order_id, lock=True)
    line, agreement = saved.order.line(sequence), tx.resources.agreement(tx.connection, saved)
    if line is None or agreement is None:
        return
    before, _ = decisions.load_answers(tx.connection, order_id)
    if sequence in before:
        check_reopening(before[sequence], line)
    if resolution is Resolution.BACKORDER:
        backorder_line(line, None, agreement, tx.now, "")


def _retry(tx: Tx, case: Case, order_id: int | None) -> None:
    """Do again what the case kept from being done."""
    kind, _, name = case.draft.subject.partition(" ")
    turn = f"case {case.id} at {tx.now:%Y%m%d%H%M%S%f}"  # no run's id is that of one that was called off
    match kind:
        case "delivery":
            _deliver_again(tx, deliveries.load_delivery(tx.connection, int(name)), case.id, turn)
        case "document":
            _read_again(tx, name)
        case "charge":
            tx.at(tx.now, "check_charges", f"charges:{turn}", name.partition("/")[0], False)
        case "source" | "product":
            _look_at_sources(tx)
        case "trade-in":
            _settle_trade_in(tx, name)
        case "inventory":
            _tell_again(tx, name)
        case "vendor-return":
            _make_again(tx, int(name))
        case "run":
            _run_again(tx, name, case.id, turn)
    if case.draft.kind.startswith("remittance."):
        _settle_again(tx, case)
    if case.draft.kind == DIFFERS and order_id is not None:
        forget_wanted(tx.connection, order_id)
    if order_id is not None:
        start_answering(tx, order_id, timedelta(0))


def _settle_trade_in(tx: Tx, key: str) -> None:
    # Not at the top: who settles trade-ins knows persons from here.
    from trueup.workflows.settle_trade_in import settle_again

    settle_again(tx, key)


def _tell_again(tx: Tx, name: str) -> None:
    # Not at the top: flows begin there whose cases are resolved here.
    from trueup.workflows.tell_inventory import tell_again

    tell_again(tx, name)


def _make_again(tx: Tx, unit_id: int) -> None:
    from trueup.workflows.take_back_goods import make_again

    make_again(tx, unit_id)


def _settle_trade_in_run(tx: Tx, trade_in_id: int) -> None:
    from trueup.workflows.settle_trade_in import start_settling

    start_settling(tx, trade_in_id)


def _settle_again(tx: Tx, case: Case) -> None:
    """Book what waits in it with what is known now, and hold it against all that is open. What still waits has a case again."""
    lines = suspense.waiting_lines(tx.connection, case.draft.kind, case.draft.subject)
    for number, line in lines if case.draft.kind == UNMATCHED else ():
        suspense.forget_undone(tx.connection, number, [line.line])
    waiting = {number for number, _ in lines}
    book_payments(tx, waiting)
    for partner in sorted(set(remittances.partners_of(tx.connection, waiting).values())):
        tx.at(tx.now, "reconcile_remittances", f"reconcile:{partner}:case {case.id}", partner)


def _deliver_again(tx: Tx, delivery: Delivery, case_id: int, turn: str) -> None:
    """Hand out, send, or look for it now; what was refused is answered anew. Never sent again unseen."""
    if delivery.order_id is None:
        if delivery.state is DeliveryState.PREPARED:
            tx.start("hand_out_again", f"hand-out:{delivery.id}:{turn}", [delivery.id])
    elif delivery.state is DeliveryState.PREPARED:
        run_id = f"send:{delivery.id}:{delivery.attempt}"
        tx.cancel(run_id)
        tx.start("resend", f"{run_id} {turn}", delivery.id, delivery.attempt, delivery.order_id)
    elif delivery.state is DeliveryState.REJECTED:
        deliveries.move_delivery(tx.connection, delivery, DeliveryState.SUPERSEDED, tx.now)
    elif is_open(delivery.state):
        set_proof(tx, delivery.id, ONE_LOOK + case_id, tx.now)


def _look_at_sources(tx: Tx) -> None:
    # Not at the top: they settle remittances, and who does that knows persons from here.
    from trueup.workflows.poll_invoice_statuses import ensure_status_polls
    from trueup.workflows.poll_receipts import ensure_receipts
    from trueup.workflows.poll_remittances import ensure_remittance_polls

    ensure_remittance_polls(tx)
    ensure_status_polls(tx)
    ensure_syncs(tx)
    ensure_polls(tx)
    ensure_receipts(tx)
    ensure_looks(tx)


def _run_again(tx: Tx, run_id: str, case_id: int, turn: str) -> None:
    """What a run that failed with a defect was about is done by a new one. Its id says what that was."""
    flow, _, rest = run_id.partition(":")
    about = rest.partition(":")[0]
    match flow:
        case "acknowledge":
            start_answering(tx, int(about))
        case "deadline":
            revision = orders.current_revision(tx.connection, int(about))
            tx.start("answer_before_deadline", f"{run_id} {turn}", int(about), revision)
        case "trade-in":
            _settle_trade_in_run(tx, int(about))
        case "vendor-return":
            _make_again(tx, int(about))
        case "send" | "prove":
            _deliver_again(tx, deliveries.load_delivery(tx.connection, int(about)), case_id, turn)
        case _:
            _look_at_sources(tx)


def _read_again(tx: Tx, digest: str) -> None:
    """The document is in the archive; perhaps it can be read now (a new version, a new format)."""
    arrivals = list_documents(tx.connection, DocumentFilter(digest=Digest(digest)), limit=1)
    if not arrivals:
        return
    found = arrivals[0]
    if found.kind == "orders":
        take_in_page(tx, _partner_of(tx, found.source), digest, found.name)
    elif found.kind == "file":
        owed = take_in_file(tx, found.subject, digest, found.name, found.size_bytes)
        if owed:
            tx.start("hand_out_again", f"hand-out:{digest}:{tx.now:%Y%m%d%H%M%S%f}", owed)
    elif found.kind == "remittance":
        run_id = f"settle:{digest}:{tx.now:%Y%m%d%H%M%S%f}"
        tx.start("settle_remittance", run_id, found.source, digest, found.name)
    elif found.kind.startswith(UPLOADED_AS):
        kind, run_id = found.kind.removeprefix(UPLOADED_AS), f"upload:{found.id}:{tx.now:%Y%m%d%H%M%S%f}"
        tx.start("receive_upload", run_id, found.subject, kind, digest, found.name)


def _partner_of(tx: Tx, source: str) -> str:
    """Whose order source that is."""
    return next(name for name, routes in tx.resources.routes.items() if routes.order_source == source)


def _act(tx: Tx, case: Case, person: Person, act: str, after: dict[str, str]) -> None:
    acts.append_act(
        tx.connection,
        tx.now,
        acts.Act(
            actor=person.name,
            role=person.standing,
            act=act,
            subject=f"case {case.id}",
            before={"state": case.state.value},
            after=after,
        ),
    )
