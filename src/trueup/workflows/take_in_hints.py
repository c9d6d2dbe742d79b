"""Take in hints: deliveries that came together are archived, told apart from doubles, and become what is looked at again.

All in one transaction, so that an answer to the sender means that nothing of it can be lost; nothing is fetched in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from trueup.base.errors import DocumentError
from trueup.base.ids import Digest
from trueup.domain.cases import CaseDraft, Resolution
from trueup.formats.requests import MEDIA_TYPE, KeptRequest, write_requests
from trueup.remote.hints import About, Hint, Subject
from trueup.storage import cases, hints, sales_orders
from trueup.storage.documents import Arrival
from trueup.workflows.export_shop import export_ended
from trueup.workflows.poll_sales import sales_changed
from trueup.workflows.rounds import Rounds, ask_sooner
from trueup.workflows.taking_in import start_answering
from trueup.workflows.wake_stock import look_now
from trueup.workflows.world import Tx

KIND = "hints"


@dataclass(frozen=True, slots=True)
class ArrivedHint:
    """A delivery whose sender is proven, as it came."""

    source: str
    hint: Hint
    request: KeptRequest
    received_at: datetime


def take_in_hints(tx: Tx, arrived: Sequence[ArrivedHint]) -> int:
    """Returns how many were new."""
    fresh = 0
    for source in sorted({each.source for each in arrived}):
        mine = [each for each in arrived if each.source == source]
        fresh += _take_in(tx, source, mine)
    return fresh


def _take_in(tx: Tx, source: str, arrived: Sequence[ArrivedHint]) -> int:
    content = write_requests(each.request for each in arrived)
    arrival = Arrival(KIND, source, f"{len(arrived)} deliveries", tx.now, source, MEDIA_TYPE)
    digest = tx.resources.archive.append(tx.connection, content, arrival).digest
    known = hints.save_hints(tx.connection, [_row(each, digest, place) for place, each in enumerate(arrived)])
    firsts = {each.hint.delivery: each for each in reversed(arrived) if (source, each.hint.delivery) in known}
    subjects: list[Subject] = []
    for each in firsts.values():
        try:
            subjects += tx.resources.connections.hint_sources[source].read_hint(each.hint, each.request.body)
        except DocumentError as error:
            _tell_unreadable(tx, source, each.hint, digest, str(error))
    look_again(tx, source, subjects)
    return len(firsts)


def look_again(tx: Tx, source: str, subjects: Sequence[Subject]) -> None:
    """Note what is to be read again, and have it read."""
    by: dict[About, list[str]] = {}
    for subject in subjects:
        by.setdefault(subject.about, []).append(subject.key)
    if by.get(About.SALES_ORDER):
        sales_changed(tx, source)
    for order_id in sales_orders.doubt_orders(tx.connection, source, by.get(About.SALES_ORDER, ())):
        start_answering(tx, order_id)
    for words in by.get(About.CONNECTION, ()):
        cases.open_case(tx.connection, _access_changed(source, words), tx.now)
    for reference in by.get(About.EXPORT, ()):
        export_ended(tx, source, reference)
    if items := by.get(About.STOCK):
        look_now(tx, source, items)


def take_in_signal(tx: Tx, arrived: ArrivedHint, chains: Sequence[Rounds]) -> int:
    """Somebody who knows our secret says that a connection has news. What was said is kept; the connection is asked.

    Returns how many of its rounds come sooner.
    """
    content = write_requests([arrived.request])
    name = arrived.hint.topic
    arrival = Arrival(KIND, arrived.source, name, tx.now, arrived.source, MEDIA_TYPE)
    digest = tx.resources.archive.append(tx.connection, content, arrival).digest
    hints.save_hints(tx.connection, [_row(arrived, digest, 0)])
    return ask_sooner(tx, [rounds for rounds in chains if rounds.source == arrived.source])


def _row(each: ArrivedHint, digest: Digest, place: int) -> hints.SavedHint:
    hint = each.hint
    return hints.SavedHint(
        each.source, hint.delivery, hint.event, hint.topic, hint.triggered_at, each.received_at, digest, place
    )


def _tell_unreadable(tx: Tx, source: str, hint: Hint, digest: str, words: str) -> None:
    draft = CaseDraft(
        kind="hint.unreadable",
        subject=f"hints {source} {hint.topic}",
        title=f"{source} sends {hint.topic} in a form that Trueup does not read; the scheduled sweep finds the change",
        expected=f"a {hint.topic} of the published form",
        found=words,
        money_at_risk=None,
        deadline=None,
        owner="admin",
        resolutions=(Resolution.DISMISS,),
        evidence=digest,
    )
    cases.open_case(tx.connection, draft, tx.now)


def _access_changed(source: str, words: str) -> CaseDraft:
    return CaseDraft(
        kind="connection.changed",
        subject=f"connection {source}",
        title=f"{source}: {words}; `trueup check` says what still works",
        expected="the access that was set up",
        found=words,
        money_at_risk=None,
        deadline=None,
        owner="admin",
        resolutions=(Resolution.DISMISS,),
    )
