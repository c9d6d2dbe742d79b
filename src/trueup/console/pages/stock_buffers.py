"""Buffers: what each channel is never shown, where that stands, and changing it, tried on the products' own history first."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from trueup.base.errors import Invalid
from trueup.console.page import Offer, Page, Route
from trueup.console.sure import is_sure
from trueup.console.tables import Choice, state_of
from trueup.console.typed_numbers import given_number, whole_number
from trueup.console.visit import Visit
from trueup.domain.buffer_changes import ALL, BufferChange, BufferScope, SecondPerson, read_rule
from trueup.storage.views import acts as act_views
from trueup.workflows.explain_stock import load_known
from trueup.workflows.keep_buffers import ACT, change_buffer, undo_change
from trueup.workflows.list_buffers import list_buffers, list_decided
from trueup.workflows.try_buffers import preview_change, told
from trueup.workflows.versions import Basis

_FIELDS = ("channel", "sku", "kind", "eaches", "percent", "risk_percent", "from", "reason", "seen")
_SHOWN = 50
OWN, BENEATH = "own", "beneath"
_KINDS = (Choice(OWN, "A buffer of its own"), Choice(BENEATH, "As stands beneath it: give its own up"))


def _show(visit: Visit) -> Response:
    sku = visit.asked("sku")
    state = state_of(visit, "sku", "channel", "at")
    rows = list_buffers(visit.connection, visit.desk.world, sku, visit.now)
    chosen = next((row for row in rows if _key(row) == visit.asked("channel")), rows[0] if rows else None)
    before = whole_number(state["at"])
    skus = [sku, ALL] if sku else None
    versions = list_decided(visit.connection, visit.now, skus=skus, before=before, limit=_SHOWN + 1)
    return visit.render(
        "stock_buffers.html",
        sku=sku,
        state=state,
        rows=rows,
        chosen=chosen,
        key=_key,
        channels=[Choice(_key(row), f"{row['channel']} at {row['location']}") for row in rows],
        kinds=_KINDS,
        wanted={name: visit.asked(name) or (chosen or {}).get(name) for name in ("eaches", "percent", "risk_percent")},
        versions=versions[:_SHOWN],
        more=versions[_SHOWN - 1]["version"] if len(versions) > _SHOWN else None,
        newest=_newest(versions),
        title=load_known(visit.connection, sku).title if sku else "",
        proposals=act_views.list_proposals(visit.connection, act=ACT, limit=None),
        policy=visit.desk.settings.installation.two_persons_for_buffers,
        zone=str(visit.present.zone),
    )


def _newest(versions: list[dict[str, Any]]) -> set[int]:
    """Of each scope the version that no other stands over: the one that can be taken back."""
    found: dict[tuple[Any, ...], int] = {}
    for row in versions:
        found.setdefault((row["channel"], row["location"], row["sku"]), row["version"])
    return set(found.values())


def _key(row: dict[str, Any]) -> str:
    return f"{row['channel']}|{row['location']}"


def _change(visit: Visit) -> Response:
    """Tried on own history first; then decided, or proposed to a second person."""
    change, basis, policy = _meant(visit), Basis(_seen(visit)), _policy(visit)
    if is_sure(visit):
        done = visit.act(change_buffer, change, visit.who, policy, basis)
        undo = f"/stock-buffers/{done.version.id}/undo" if done.version else ""
        return visit.go(_address(change.scope), f"{done}.", undo)
    preview = visit.act(preview_change, change, visit.who, policy, basis, dry_run=True)
    return visit.render(
        "stock_buffers_try.html",
        change=change,
        preview=preview,
        figures=[(words, _rounded(before), _rounded(after)) for words, before, after in told(preview.trial)],
        products=sorted(preview.trial.replayed, key=lambda each: -abs(each.after.lost - each.before.lost))[:20],
        fields={name: visit.given(name) for name in _FIELDS} | {"sure": "yes"},
        back=_address(change.scope),
        later=change.effective_from > visit.now,
    )


def _meant(visit: Visit) -> BufferChange:
    """What the form says. Raises Invalid."""
    channel, _, location = visit.given("channel").partition("|")
    given = {name: visit.given(name) for name in ("eaches", "percent", "risk_percent")}
    rule = None if visit.given("kind") == BENEATH else read_rule(**given)
    begins = visit.given("from")
    try:
        moment = datetime.fromisoformat(begins) if begins else visit.now
    except ValueError as error:
        raise Invalid(
            f"From {begins!r}: expected a day and a time such as 2026-12-01T08:00, or nothing for now."
        ) from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=visit.present.zone)
    scope = BufferScope(channel, location, visit.given("sku"))
    return BufferChange(scope, rule, moment, visit.given("reason"))


def _seen(visit: Visit) -> int | None:
    return given_number(visit.given("seen"), "What was seen")


def _policy(visit: Visit) -> SecondPerson:
    return visit.desk.settings.installation.two_persons_for_buffers


def _address(scope: BufferScope) -> str:
    return f"/stock-buffers?sku={quote(scope.sku)}" if scope.sku else "/stock-buffers"


def _rounded(figure: Fraction) -> str:
    """To one decimal; whole numbers as such."""
    tenths = round(figure * 10)
    return f"{tenths // 10}" if tenths % 10 == 0 else f"{tenths // 10}.{tenths % 10}"


def _undo(visit: Visit) -> Response:
    """What held before a version holds again."""
    done = visit.act(undo_change, visit.number("version"), visit.who, _policy(visit))
    return visit.go(_address(done.scope), f"{done}.")


PAGE = Page(
    "stock-buffers",
    "Buffers",
    (
        Route("/stock-buffers", _show),
        Route("/stock-buffers", _change, "stock.buffers", "POST"),
        Route("/stock-buffers/{version:int}/undo", _undo, "stock.buffers", "POST"),
    ),
    about={"/stock-buffers": "buffer of "},
    offers=(Offer("Change a buffer", "/stock-buffers", "stock.buffers"),),
)
