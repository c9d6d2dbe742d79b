"""Hand in codings: a sheet of what lines in suspense are is archived byte for byte, and then read at once, or by a worker.

To archive and read it changes nothing and may be done again; that a long one is handed to a worker is an act, done once. A sheet
that cannot be read is archived too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from trueup.base.errors import Invalid, Unreadable
from trueup.base.ids import Digest
from trueup.formats.line_codings import read_line_codings
from trueup.workflows.authority import demand_role
from trueup.workflows.code_lines import Coding
from trueup.workflows.import_products import archive_upload
from trueup.workflows.jobs.code_lines import DOCUMENT, MOST_LINES, Sheet, ask_codings, is_long
from trueup.workflows.match_lines import MAY
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Tx


@dataclass(frozen=True, slots=True)
class HandedInCodings:
    """A sheet that is archived: what it says of lines, with a note on each row that could not be read; where it is `long`, what a
    worker is to be asked, and the `job` once one is.

    `trouble`: why it could not be read at all; it is not raised, for what came is kept.
    """

    digest: Digest
    codings: Sequence[Coding] = ()
    notes: Sequence[str] = ()
    long: Sheet | None = None
    job: int | None = None
    trouble: Unreadable | Invalid | None = None


def hand_in_codings(tx: Tx, name: str, content: bytes, person: Person, *, tried: bool) -> HandedInCodings:
    """Archive a sheet. What is short is read for whoever asks to try it or book it; a long one a worker tries (`tried`) or books.

    Raises Refused without the role.
    """
    handed = archive_codings(tx, name, content, person)
    return replace(handed, job=ask_codings(tx, handed.long, person, tried=tried)) if handed.long else handed


def archive_codings(tx: Tx, name: str, content: bytes, person: Person) -> HandedInCodings:
    """Archive a sheet, and read it where it is short. Raises Refused without the role."""
    demand_role(person, MAY)
    digest = archive_upload(tx, content, DOCUMENT, name, person)
    title = f"What {name} says of lines in suspense"
    if is_long(content, ()):
        return HandedInCodings(digest, long=Sheet(title, file=digest))
    try:
        reading = read_line_codings(content)
    except Unreadable as error:
        return HandedInCodings(digest, trouble=error)
    codings = [Coding(each.remittance, each.line, each.type, each.account, each.note) for each in reading.values]
    notes = [str(finding) for finding in reading.errors]
    if len(codings) > MOST_LINES:
        words = f"{name}: {len(codings):,} lines, at most {MOST_LINES:,} are coded at once: hand them in in parts."
        return HandedInCodings(digest, trouble=Invalid(words))
    if is_long(content, codings):
        sheet = Sheet(title, codings, notes=notes)
        return HandedInCodings(digest, codings, notes, sheet)
    return HandedInCodings(digest, codings, notes)
