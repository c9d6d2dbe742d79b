"""Trade-ins: what customers give back, from the promise to the books. Recorded, graded, released, refused and answered here, each
shown first as what it would do; and every credit with what is owed on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response

from trueup.base.errors import Invalid, NotFound, TrueupError
from trueup.base.money import Money
from trueup.console.page import Group, Grows, Hit, Offer, Page, Place, Route
from trueup.console.search_words import Sought
from trueup.console.sure import Sure, ask_whether, is_sure
from trueup.console.tables import Choice, Filter, State, state_of
from trueup.console.trade_in_words import CREDITS, INSTRUMENTS, STATES, STEPS, stages_of, worth_of
from trueup.console.visit import Visit
from trueup.domain.circular_units import LANES
from trueup.domain.credits import Instrument
from trueup.domain.trade_ins import TradeIn, TradeInTerms
from trueup.formats.trade_ins_csv import customer_id
from trueup.storage.views import acts as act_views
from trueup.storage.views import circular as unit_views
from trueup.storage.views import trade_ins as views
from trueup.storage.views.cases import show_case
from trueup.storage.views.growing import Growing
from trueup.storage.views.journal import find_entry
from trueup.storage.views.products import list_circular_skus
from trueup.workflows import grade_trade_in as acts
from trueup.workflows.prove_books import prove
from trueup.workflows.world import Tx

_MOST = 50
_TABS = (Choice("", "To be done"), Choice("all", "All"))
_PROPOSED = {
    acts.GRADE: "to grade it",
    acts.REPEAT: "to give the credit anew, because it never arrived",
    acts.BREAK: "to write off what is left of the credit",
}
_PROOFS = ("credits", "deposits")
_RECORDED = ("key", "sku", "serial", "quote", "customer")


def _list(visit: Visit) -> Response:
    return _listed(visit)


def _listed(visit: Visit, refused: str = "", status: int = 200) -> Response:
    """The list, above it what is agreed; `refused`: why what was typed was not recorded, with what was typed still there."""
    state = state_of(visit, "tab", "words", "step", "at")
    before = int(state["at"]) if state["at"].isdecimal() and len(state["at"]) < 19 else None
    rows = views.page_trade_ins(visit.connection, _wanted(state), before=before, limit=_MOST + 1)
    terms = visit.desk.world.trade_ins
    return visit.render(
        "trade_ins.html",
        status=status,
        state=state,
        tabs=_TABS,
        filters=[
            Filter("words", "Key, serial or SKU"),
            Filter("step", "Credit", [Choice(each.value, words) for each, words in STEPS.items()]),
        ],
        steps=[(STEPS[each.step], each) for each in views.count_steps(visit.connection)],
        rows=rows[:_MOST],
        more=str(rows[_MOST - 1]["id"]) if len(rows) > _MOST else "",
        states=STATES,
        credits=CREDITS,
        terms=terms,
        worths=worth_of(terms) if terms else {},
        skus=list_circular_skus(visit.connection),
        given={name: visit.given(name) for name in _RECORDED},
        refused=refused,
    )


def _wanted(state: State) -> views.TradeInFilter:
    step = views.step_named(state["step"])
    every = state["tab"] == "all" or bool(state["words"]) or step is not None
    return views.TradeInFilter(only_open=not every, words=state["words"], step=step)


def _growing(visit: Visit) -> Growing:
    return views.growing_trade_ins(_wanted(state_of(visit, "tab", "words", "step")))


def _record(visit: Visit) -> Response:
    """Tried first: what cannot be recorded is said beside what was typed."""
    try:
        told = _told(visit)
        recorded = visit.act(acts.record_trade_ins, [told], visit.who, dry_run=not is_sure(visit))
    except TrueupError as error:
        return _listed(visit, str(error), error.http_status)
    address = _address(told.key)
    if recorded.same:
        return visit.go(address, f"Trade-in {told.key} is known already; nothing was changed.")
    if is_sure(visit):
        return visit.go(address, f"Trade-in {told.key} is recorded; its item is being made.")
    effects = (
        f"Trade-in {told.key} is recorded: {told.sku}, serial {told.serial}, {told.quoted} at most.",
        "Its item is made in the circular programme, not available to anybody until it is graded.",
        "Taken back by refusing it: the item is retired then, and nothing is owed.",
    )
    fields = {name: visit.given(name) for name in _RECORDED}
    title, above = f"Record trade-in {told.key}", ("Circular", "/circular")
    asked = Sure(title, "Trade-ins", "/trade-ins", effects, "Record it", "trade-ins.record", above)
    return ask_whether(visit, asked, fields)


def _told(visit: Visit) -> TradeIn:
    customer = visit.given("customer")
    return TradeIn(
        visit.given("key"),
        visit.given("sku"),
        visit.given("serial"),
        _money(visit.given("quote")),
        visit.now.astimezone(visit.present.zone).date(),
        customer_id(customer) if customer else "",
    )


def _money(text: str, currency: str = "") -> Money:
    """An amount as people type it: "80.00 USD", the currency left out where it is known."""
    number, _, said = text.strip().rpartition(" ")
    if not number:
        number, said = said, currency
    if not said or not number:
        raise Invalid(f"Amount {text!r}: expected one with its currency, such as 80.00 USD.")
    return Money.of(number.replace(",", ""), said.upper())


def _show(visit: Visit) -> Response:
    return _shown(visit)


def _shown(visit: Visit, code: str = "") -> Response:
    key = visit.path("key")
    shown = views.show_trade_in(visit.connection, key)
    terms = visit.desk.world.trade_ins
    waiting = act_views.list_proposals(visit.connection, subject=f"trade-in {key}")
    return visit.render(
        "trade_in.html",
        title=f"Trade-in {key}",
        trade_in=shown,
        address=_address(key),
        stages=stages_of(shown, _entry(visit, key)),
        states=STATES,
        instruments=INSTRUMENTS,
        worths=worth_of(terms) if terms else {},
        agreed=terms.instrument.value if terms else "",
        limit=visit.desk.settings.two_persons_above,
        unit=_unit(visit, terms, shown["item"]),
        proposals=waiting,
        proposed=_PROPOSED,
        code=code,
    )


def _entry(visit: Visit, key: str) -> int | None:
    """The entry by which the credit is owed."""
    try:
        return find_entry(visit.connection, f"trade-in {key} accepted")
    except NotFound:
        return None


def _unit(visit: Visit, terms: TradeInTerms | None, item: int | None) -> Mapping[str, str] | None:
    """Where its item is now, once a look at the programme has seen it."""
    if terms is None or item is None:
        return None
    try:
        unit = unit_views.find_unit(visit.connection, f"{terms.system}/{item}")
    except NotFound:
        return None
    lane = unit.lane(visit.now)
    return {"href": f"/circular/{quote(unit.programme)}/{item}", "lane": LANES[lane]}


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked before an act is done: its name, what the trial does not say of it, the form again, and its permission."""

    title: str
    more: Sequence[str]
    fields: Mapping[str, str]
    permission: str


def _try_first(visit: Visit, act: Callable[[Tx], acts.Done], asked: _Question) -> Response:
    """Tried, and told; done once that was seen. Above the limit a second person is asked."""
    key = visit.path("key")
    address = _address(key)
    done = visit.act(act, dry_run=not is_sure(visit))
    limit = visit.desk.settings.two_persons_above
    words = f"{done.words[:1].upper()}{done.words[1:]}."
    if done.proposal is not None:
        words = f"Above {limit} it is only proposed; a second person must approve it."
    if is_sure(visit):
        return visit.go(address, f"Proposed for trade-in {key}: {words}" if done.proposal else words)
    effects, above = (words, *asked.more), ("Trade-ins", "/trade-ins")
    question = Sure(asked.title, f"Trade-in {key}", address, effects, asked.title, asked.permission, above)
    return ask_whether(visit, question, asked.fields)


def _grade(visit: Visit) -> Response:
    key, grade, limit = visit.path("key"), visit.given("grade"), visit.desk.settings.two_persons_above
    value, kept, instrument = visit.given("value"), visit.given("keep") == "yes", visit.given("instrument")
    currency = views.show_trade_in(visit.connection, key)["quoted"].rpartition(" ")[2]
    judged = acts.Judgement(
        grade, _money(value, currency) if value else None, release=not kept, instrument=_instrument(instrument)
    )
    goes = "The item is kept back until somebody releases it." if kept else "The item is offered once it is ready."
    more = (
        goes,
        "This cannot be undone: the shop gives the credit at once. What was given too much is corrected there.",
    )
    fields = {"grade": grade, "value": value, "keep": "yes" if kept else "", "instrument": instrument}
    asked = _Question(f"Grade it {grade}", more, fields, "trade-ins.grade")
    return _try_first(visit, lambda tx: acts.grade_trade_in(tx, key, judged, visit.who, limit), asked)


def _instrument(text: str) -> Instrument | None:
    try:
        return Instrument(text) if text else None
    except ValueError:
        raise Invalid(f"Credit as {text!r}: expected {' or '.join(Instrument)}.") from None


def _refuse(visit: Visit) -> Response:
    key, why = visit.path("key"), _why(visit)
    asked = _Question("Refuse it", ("Its item is retired. This cannot be undone.",), {"why": why}, "trade-ins.grade")
    return _try_first(visit, lambda tx: acts.refuse_trade_in(tx, key, why, visit.who), asked)


def _release(visit: Visit) -> Response:
    key = visit.path("key")
    more = ("Customers may have it from then on. Supercycle's own console takes it out again.",)
    asked = _Question("Release its item", more, {}, "trade-ins.grade")
    return _try_first(visit, lambda tx: acts.release_trade_in(tx, key, visit.who), asked)


def _answer(visit: Visit) -> Response:
    key, arrived, limit = visit.path("key"), visit.given("arrived"), visit.desk.settings.two_persons_above
    if not arrived and visit.given("never") != "yes":
        raise Invalid("Say the movement's id in the shop, or that the credit never arrived.")
    more = () if arrived else ("It is given anew: look at the customer's account in the shop before.",)
    fields = {"arrived": arrived, "never": visit.given("never")}
    asked = _Question("It arrived" if arrived else "Give it anew", more, fields, "credits.answer")
    return _try_first(visit, lambda tx: acts.answer_credit(tx, key, arrived, visit.who, limit), asked)


def _break(visit: Visit) -> Response:
    key, why, limit = visit.path("key"), _why(visit), visit.desk.settings.two_persons_above
    more = ("It is income then. Nothing is done in the shop, and it cannot be undone.",)
    asked = _Question("Write off what is left", more, {"why": why}, "credits.break")
    return _try_first(visit, lambda tx: acts.break_credit(tx, key, why, visit.who, limit), asked)


def _why(visit: Visit) -> str:
    if not visit.given("why"):
        raise Invalid("Say why, for whoever reads it later.")
    return visit.given("why")


def _reveal(visit: Visit) -> Response:
    """The code stands in this one answer, which no cache keeps."""
    return _shown(visit, visit.act(acts.reveal_code, visit.path("key"), visit.who).reveal())


def _credits(visit: Visit) -> Response:
    state = state_of(visit, "tab")
    rows = views.list_credits(visit.connection, visit.now.date(), every=state["tab"] == "all")
    owed: dict[str, int] = {}
    for row in rows:
        money = Money.of(*row["owed"].split(" "))
        owed[money.currency] = owed.get(money.currency, 0) + money.minor
    return visit.render(
        "credits.html",
        title="Credits",
        state=state,
        tabs=(Choice("", "Owed"), Choice("all", "All")),
        rows=rows,
        owed=[Money(minor, currency) for currency, minor in sorted(owed.items())],
        states=CREDITS,
        instruments=INSTRUMENTS,
    )


def _reconcile(visit: Visit) -> Response:
    counted = visit.act(lambda tx: [prove(tx, name) for name in _PROOFS])
    found = sum(each["open"] for each in counted)
    told = (
        f"{found} of them differ; each is a case."
        if found
        else "Credits, deposits, items, the shop and the books agree."
    )
    return visit.go("/exceptions?kind=credit.,trade-in.,deposit." if found else "/credits", told)


def _of_case(visit: Visit) -> Response:
    """A case about a credit leads to its trade-in; any other is shown itself."""
    number = visit.number("case")
    subject = str(show_case(visit.connection, number)["subject"])
    about = subject.startswith("trade-in ")
    address = _address(subject.removeprefix("trade-in ")) if about else f"/exceptions?row={number}"
    return RedirectResponse(address, status_code=303)


def _address(key: str) -> str:
    return f"/trade-ins/{quote(key)}"


def _find(visit: Visit, sought: Sought) -> list[Hit]:
    """By key, serial or product; the newest, where filters alone say what is sought."""
    if not sought.wants("trade-in"):
        return []
    words = sought.words
    rows = views.page_trade_ins(visit.connection, views.TradeInFilter(words=words), before=None, limit=sought.most)
    return [
        Hit(
            "trade-in",
            f"{row['key']}: {row['sku']}",
            _address(row["key"]),
            sought.why("its serial" if words.lower() in row["serial"].lower() else "its key or product"),
            STATES[row["state"]][1],
            words.lower() in (row["key"].lower(), row["serial"].lower()),
            money=row["value"] or row["quoted"],
            at=row["recorded_on"],
        )
        for row in rows
    ]


PAGE = Page(
    "trade-ins",
    "Trade-ins",
    (
        Route("/trade-ins", _list),
        Route("/trade-ins", _record, "trade-ins.record", "POST"),
        Route("/trade-ins/{key:path}/grade", _grade, "trade-ins.grade", "POST"),
        Route("/trade-ins/{key:path}/refuse", _refuse, "trade-ins.grade", "POST"),
        Route("/trade-ins/{key:path}/release", _release, "trade-ins.grade", "POST"),
        Route("/trade-ins/{key:path}/answer", _answer, "credits.answer", "POST"),
        Route("/trade-ins/{key:path}/break", _break, "credits.break", "POST"),
        Route("/trade-ins/{key:path}/code", _reveal, "trade-ins.reveal", "POST"),
        Route("/trade-ins/{key:path}", _show),
        Route("/credits", _credits),
        Route("/credits/reconcile", _reconcile, "proofs.ask", "POST"),
        Route("/credits/of-case/{case:int}", _of_case),
    ),
    Place(Group.GOODS, 6, "arrow-back-up"),
    "i",
    find=_find,
    offers=(Offer("See credits owed", "/credits"),),
    decides={"settle": "/credits/of-case/{case}"},
    grows=(
        Grows("/trade-ins", "trade-in", "trade-ins", _growing),
        Grows("/credits", "credit", "credits", lambda _visit: views.growing_credits()),
    ),
)
