"""Hand in decisions: a sheet of what is decided about cases is archived byte for byte, and then read at once, or by a worker.

All of it is one act, so that a sheet which is sent twice is handed in once. A sheet that cannot be read is archived too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trueup.base.errors import DocumentError
from trueup.base.ids import Digest
from trueup.workflows.authority import demand_role
from trueup.workflows.cases_as_job import Asked, ask_acts, ask_file, preview_acts, read_decisions
from trueup.workflows.import_products import archive_upload
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Tx

DOCUMENT, MAY = "case-decisions", "cases.resolve"
LARGE_BYTES = 50_000
"""From so many bytes on, some three hundred cases of a list or a thousand of a workbook, a sheet is read by a worker."""


@dataclass(frozen=True, slots=True)
class HandedInDecisions:
    """A sheet that is archived, and the job that tries or does what it says.

    `trouble`: why it says nothing, with a note on each row that could not be read; it is not raised, for what came is kept.
    """

    digest: Digest
    job: int | None = None
    trouble: DocumentError | None = None
    notes: Sequence[str] = ()


def hand_in_decisions(tx: Tx, name: str, content: bytes, person: Person, *, tried: bool) -> HandedInDecisions:
    """Archive a sheet, and have what it says tried (`tried`) or done: of some hundred cases at once, of more by a worker.

    Raises Refused without the role.
    """
    demand_role(person, MAY)
    digest, title = archive_upload(tx, content, DOCUMENT, name, person), f"Decisions of {name}"
    if len(content) >= LARGE_BYTES:
        return HandedInDecisions(digest, ask_file(tx, digest, title, person, tried=tried))
    try:
        acts, sheet, notes = read_decisions(content)
    except DocumentError as error:
        return HandedInDecisions(digest, trouble=error)
    asked = Asked(acts, title, tx.resources.two_persons_above, notes, sheet)
    return HandedInDecisions(digest, (preview_acts if tried else ask_acts)(tx, asked, person), notes=notes)
