"""Documents: everything that arrived, what was made of it, and its bytes as they came."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query
from starlette.responses import Response

from trueup.api.door import Calling
from trueup.api.resource import Operation, Resource
from trueup.api.shapes import Hash, Instant, Name, Page, Paging, Shape
from trueup.storage.views import documents as views
from trueup.storage.views.document_pages import DocumentFilter, page_documents
from trueup.storage.views.evidence import explain_document
from trueup.workflows.read_again import read_again

_EXAMPLE = {
    "id": 17,
    "kind": "orders",
    "source": "amazon-us",
    "subject": "amazon-us",
    "name": "orders created 2026-11-23",
    "media_type": "application/octet-stream",
    "size_bytes": 1834,
    "received_at": "2026-11-23T09:01:00Z",
    "digest": "0f" * 32,
}


class Document(Shape, json_schema_extra={"examples": [_EXAMPLE]}):
    """An arrival. The same bytes that came again are another one, with the same hash."""

    id: int
    kind: str
    source: str
    subject: str
    name: str
    media_type: str
    size_bytes: int
    received_at: Instant
    digest: Hash


class Erased(Shape):
    """When bytes were erased, by whom and why; their hash stands."""

    at: Instant
    by: str
    because: str


class Made(Shape):
    """Something that carries the document's hash as its evidence."""

    what: str
    which: str
    says: str


class ChainPlace(Shape):
    """Its place in the chain that shows that no row of the archive was changed or left out."""

    lane: int
    position: int
    follows: Hash
    row_hash: Hash


class WholeDocument(
    Document,
    json_schema_extra={
        "examples": [
            {
                **_EXAMPLE,
                "arrivals_of_these_bytes": 1,
                "stored_bytes": 612,
                "erased": None,
                "chain": {"lane": 0, "position": 17, "follows": "a1" * 32, "row_hash": "b2" * 32},
                "made": [
                    {"what": "order revision", "which": "amazon-us/PO000001 revision 1", "says": "received by sp-api"}
                ],
            }
        ]
    },
):
    """An arrival with what was made of it."""

    arrivals_of_these_bytes: int
    stored_bytes: int
    erased: Erased | None
    chain: ChainPlace
    made: list[Made]


Which = Annotated[
    str, Path(max_length=64, pattern="^[0-9a-fA-F]+$", description="Its hash, 8 digits of it at least, or its number.")
]


class DocumentQuery(Paging):
    """Which arrivals."""

    kind: Name = ""
    """Of this kind."""
    source: Name = ""
    """From this source."""
    words: Name = ""
    """With these words in their name, or whose hash begins so."""


def list_documents(call: Calling, asked: Annotated[DocumentQuery, Query()]) -> Page[Document]:
    """List what arrived, the newest first."""
    with call.look() as connection:
        paged = page_documents(
            connection, DocumentFilter(asked.kind, asked.source, asked.words), at=asked.at, limit=asked.limit
        )
        return call.page(Document, paged.rows, paged.after)


def get_document(call: Calling, document: Which) -> WholeDocument:
    """Show one arrival and everything that was made of its bytes."""
    with call.look() as connection:
        found = views.find_document(connection, document)
        shown: dict[str, Any] = views.show_document(connection, found)
        made = [{**each, "which": str(each["which"])} for each in explain_document(connection, found.digest)]
        return WholeDocument.model_validate({**shown, "made": made})


class Reread(Shape):
    """A value that is read otherwise today: of what, which part of it, then and now; null where it was not, or is no more."""

    name: str
    part: str
    then: str | None
    now: str | None


class Rereading(
    Shape,
    json_schema_extra={
        "examples": [
            {
                "words": "Read again as amazon-vendor-orders: of 1 that were kept, 1 value is read otherwise today.",
                "format": "amazon-vendor-orders",
                "values": 1,
                "compared": 1,
                "findings": 0,
                "differences": [
                    {"name": "order PO000001 revision 1", "part": "deal code", "then": None, "now": "SPRING"}
                ],
            }
        ]
    },
):
    """A document as today's formats read it. `compared`: how many orders and payments were kept of it then."""

    words: str
    format: str
    values: int
    compared: int
    findings: int
    differences: list[Reread]


def read_document_again(call: Calling, document: Which) -> Rereading:
    """Read a document again with today's rules, held against what was kept of it when it was taken in. Nothing is changed."""
    with call.look() as connection:
        found = views.find_document(connection, document)
        again = read_again(connection, call.desk.world, found.digest)
    return Rereading(
        words=str(again),
        format=again.format,
        values=again.values,
        compared=again.compared,
        findings=len(again.findings),
        differences=[
            Reread(name=each.name, part=each.part, then=each.then, now=each.now) for each in again.differences
        ],
    )


def get_content(call: Calling, document: Which) -> Response:
    """Download the bytes, as they arrived.

    They are somebody else's: nothing in them is cleaned, and a browser is told not to show them.
    """
    with call.look() as connection:
        found = views.find_document(connection, document)
        content = call.desk.world.archive.load_content(connection, found.digest)
    headers = {"content-disposition": f'attachment; filename="{found.digest[:16]}"'}
    return Response(content, media_type="application/octet-stream", headers=headers)


_BYTES = {
    "responses": {
        "200": {
            "description": "The bytes.",
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    }
}
RESOURCE = Resource(
    "documents",
    "Documents",
    (
        Operation("/documents", list_documents),
        Operation("/documents/{document}", get_document),
        Operation("/documents/{document}/rereading", read_document_again),
        Operation("/documents/{document}/content", get_content, "documents.download", more=_BYTES),
    ),
)
