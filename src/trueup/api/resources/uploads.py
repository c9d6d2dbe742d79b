"""Uploads: a document is handed in, archived byte for byte before anything reads it, and read by a run of its own."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Body, Query
from pydantic import Field

from trueup.api.door import Calling
from trueup.api.problems import Forbidden
from trueup.api.resource import Operation, Resource
from trueup.api.shapes import Hash, Key, Name, Shape, Told
from trueup.workflows.authority import is_allowed
from trueup.workflows.receive_files import LARGEST_BYTES
from trueup.workflows.receive_uploads import MAY, HandedIn, archive_document, looks_like
from trueup.workflows.world import Tx


class Arrived(
    Shape,
    json_schema_extra={
        "examples": [
            {"id": 41, "digest": "0f" * 32, "run": "upload:41", "reads_as": "X12 interchange", "dry_run": False}
        ]
    },
):
    """It is kept. `run` reads it: `/api/v1/runs/{run}`; what came of it: `/api/v1/documents/{digest}`."""

    id: int
    digest: Hash
    run: str
    reads_as: str | None
    """What its beginning says that it is; null: nothing known, and reading it will be a case."""
    dry_run: bool


class HandingIn(Told):
    """What is handed in."""

    partner: Name
    """Whose document it is, or about whom."""
    kind: Literal["edi", "remittance", "bank-statement", "stock-counts"]
    """What it is handed in as; what it turns out to be must be that, or it is a case."""
    name: str = Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f/\\]+$")
    """Its file's name."""
    dry_run: bool = False
    """Look what it is, tell what would come of it, and keep nothing."""


Content = Annotated[
    bytes, Body(media_type="application/octet-stream", description="Its bytes, as they are; 64 MiB at most.")
]


def upload_document(call: Calling, told: Annotated[HandingIn, Query()], content: Content, key: Key = None) -> Arrived:
    """Hand in a document.

    It is archived byte for byte before anything reads it, and answered then: 202. What it says is read by a run of its own;
    what cannot be read becomes a case. It also takes the permission for its kind: `orders.upload` for EDI, `remittances.import`,
    `bank.import`, `stock.declare`. With `dry_run` it is looked at and not kept: `reads_as` says what it is.
    """
    if not is_allowed(call.person, MAY[told.kind]):
        raise Forbidden(f"To hand in a document as {told.kind} takes the scope {MAY[told.kind]} too; nothing was kept.")

    def act(tx: Tx) -> Arrived:
        done = archive_document(tx, HandedIn(told.kind, told.partner, told.name, content), call.person)
        return Arrived(
            id=done.document, digest=done.digest, run=done.run, reads_as=looks_like(content), dry_run=told.dry_run
        )

    return call.once(act, key, dry_run=told.dry_run)


RESOURCE = Resource(
    "uploads",
    "Documents",
    (Operation("/documents", upload_document, "documents.upload", "POST", 202, largest_body=LARGEST_BYTES),),
)
