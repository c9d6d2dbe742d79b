"""Sign off: people answer for the points of a month's close, as they read then; a second person looks again.

What is signed is how the point reads at that moment: computed anew, never taken from a page that may be old.
"""

from __future__ import annotations

from trueup.base.clock import write_instant
from trueup.base.errors import Conflict, NotFound, Refused
from trueup.domain.closing import Month
from trueup.domain.closing_checklist import checklist
from trueup.domain.sign_offs import Signed, SignOff, Standing, Task, digest_of_point
from trueup.storage import closing
from trueup.storage import sign_offs as storage
from trueup.storage.acts import hold_subject, newest_act, say_who
from trueup.workflows.authority import Deed, demand_role, record_deed
from trueup.workflows.close_month import prepare_pack, signed_points
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Tx


def give_task(tx: Tx, month: Month, name: str, task: Task, person: Person) -> None:
    """Say whose a point is, who reviews it, and by when. Raises NotFound, Refused (role, one person for both)."""
    demand_role(person, closing.ACT)
    hold_subject(tx.connection, _subject(month, name))
    _demand_open(tx, month)
    before = _point(tx, month, name).task
    if task == before:
        done = newest_act(tx.connection, _subject(month, name), ("close.assigned",))
        if done is not None and done.actor != person.name:
            raise Conflict(
                f"Point {name} of {month} is so already: {done.actor} said it at {write_instant(done.at)}; nothing was changed."
            )
        return
    if task.owner and task.owner.lower() == task.reviewer.lower():
        raise Refused(f"Point {name}: {task.owner} cannot be owner and reviewer; a second person looks again.")
    storage.save_task(tx.connection, month, name, task)
    deed = Deed("close.assigned", _subject(month, name), _said(before), _said(task))
    record_deed(tx.connection, tx.now, person, deed)


def sign_point(tx: Tx, month: Month, name: str, note: str, person: Person) -> Signed:
    """Answer for a point as it reads now. Raises NotFound, Conflict (closed; signed as it reads), Refused: role, red, no reason."""
    demand_role(person, closing.ACT)
    hold_subject(tx.connection, _subject(month, name))
    _demand_open(tx, month)
    found = _point(tx, month, name)
    point = found.point
    match found.standing:
        case Standing.BLOCKED:
            raise Refused(f"Point {name} of {month} stands against closing and is not signed: {point.text}")
        case Standing.AUTOMATIC:
            raise Refused(f"Point {name} of {month} is proven; nobody needs to sign it.")
        case Standing.SIGNED | Standing.REVIEWED:
            signed = found.sign_off
            who = f", by {signed.by} at {write_instant(signed.at)}" if signed else ""
            raise Conflict(f"Point {name} of {month} is signed as it reads{who}; nothing was changed.")
        case _:
            pass
    if not note.strip():
        raise Refused(f"Point {name} of {month} is open: say why it may stay so; whoever reviews it will ask.")
    signed = SignOff(0, name, digest_of_point(point), point.text, person.name, tx.now, note.strip())
    storage.append_sign_off(tx.connection, month, signed)
    deed = Deed("close.signed", _subject(month, name), after={"text": point.text, "note": note.strip()})
    record_deed(tx.connection, tx.now, person, deed)
    return _point(tx, month, name)


def answer_open(tx: Tx, month: Month, note: str, signing: Person, reviewing: Person) -> int:
    """Have one person sign every point that waits for it, for one reason, and a second review them. How many; red ones stay.

    Raises Refused as each of them does.
    """
    waiting = (Standing.UNSIGNED, Standing.SUSPENDED, Standing.SIGNED)
    found = [each for each in _points(tx, month) if each.standing in waiting]
    for each in found:
        if each.standing is not Standing.SIGNED:
            sign_point(tx, month, each.point.name, note, signing)
        review_point(tx, month, each.point.name, reviewing)
    return len(found)


def review_point(tx: Tx, month: Month, name: str, person: Person) -> Signed:
    """Look again, as the second person. Raises NotFound, Conflict (nothing stands signed), Refused (role, who signed)."""
    demand_role(person, closing.ACT)
    hold_subject(tx.connection, _subject(month, name))
    _demand_open(tx, month)
    found = _point(tx, month, name)
    if found.standing is not Standing.SIGNED or found.sign_off is None:
        who = say_who(tx.connection, _subject(month, name), "close.reviewed") if found.sign_off is not None else ""
        raise Conflict(
            f"Point {name} of {month} is {found.standing.value}{who}: nothing that stands waits for a review."
        )
    storage.append_review(tx.connection, found.sign_off, person.name, tx.now)
    deed = Deed("close.reviewed", _subject(month, name), after={"signed_by": found.sign_off.by})
    record_deed(tx.connection, tx.now, person, deed)
    return _point(tx, month, name)


def _point(tx: Tx, month: Month, name: str) -> Signed:
    """A point as the books have it now."""
    every = _points(tx, month)
    found = next((each for each in every if each.point.name == name), None)
    if found is None:
        known = ", ".join(each.point.name for each in every)
        raise NotFound(f"The close of {month} has no point {name!r}; its points are {known}.")
    return found


def _points(tx: Tx, month: Month) -> list[Signed]:
    pack = prepare_pack(tx.connection, tx.resources.books, month, tx.now)
    return signed_points(tx.connection, month, checklist(pack))


def _demand_open(tx: Tx, month: Month) -> None:
    known = closing.load_closing(tx.connection, month)
    if known is not None:
        raise Conflict(
            f"The month {month} is closed, by {known.closed_by} and {known.approved_by}; nothing of it is signed."
        )


def _subject(month: Month, name: str) -> str:
    return f"month {month} {name}"


def _said(task: Task) -> dict[str, str | None]:
    return {"owner": task.owner, "reviewer": task.reviewer, "due": task.due.isoformat() if task.due else None}
