"""The capability of a buyer to take inventory by API: numbers of one warehouse, taken in now, judged later."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from trueup.remote.capability import Page, Receipt


@runtime_checkable
class InventorySink(Protocol):
    """Takes inventory updates in the bytes of its format. It has no key and lists nothing: never repeat a send blindly."""

    @property
    def name(self) -> str: ...

    def submit_inventory(self, warehouse: str, content: bytes, name: str) -> Receipt:
        """Raises RemoteError, NotFound for a warehouse that is not ours; `maybe_applied` when the reply was lost."""
        ...

    def fetch_inventory_transaction(self, reference: str) -> Page:
        """How far it is with an update. Raises NotFound, RemoteError."""
        ...
