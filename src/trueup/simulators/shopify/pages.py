"""Connections: pages by opaque cursors that stay valid while the list grows."""

from __future__ import annotations

import base64
import binascii
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from trueup.simulators.shopify.errors import refusal
from trueup.simulators.shopify.records import Record

LARGEST_PAGE = 250
Key = tuple[Any, ...]


def by_number(record: Record) -> Key:
    """The order of a list by id."""
    return (record.legacy_resource_id,)


def page(
    items: Sequence[Any], arguments: dict[str, Any], key: Callable[[Any], Key] = by_number, *, ordered: bool = False
) -> dict[str, Any]:
    """One page of a list as a connection. `ordered`: the items already stand in the order of `key`.

    Raises BAD_REQUEST without `first` or `last`, with both, above 250, or for a cursor that Shopify did not give.
    """
    first, last = arguments.get("first"), arguments.get("last")
    _check_sizes(first, last)
    ranked = list(items) if ordered else sorted(items, key=key)
    keys = [key(item) for item in ranked]
    after, before = arguments.get("after"), arguments.get("before")
    if arguments.get("reverse"):  # backwards, what comes after a cursor stands before it in rank
        low = bisect_right(keys, _read_cursor(before, keys)) if before else 0
        high = bisect_left(keys, _read_cursor(after, keys)) if after else len(keys)
        high = max(low, high)
        return _cut(ranked[::-1], keys[::-1], (len(keys) - high, len(keys) - low), (first, last))
    low = bisect_right(keys, _read_cursor(after, keys)) if after else 0
    high = bisect_left(keys, _read_cursor(before, keys)) if before else len(keys)
    return _cut(ranked, keys, (low, max(low, high)), (first, last))


def _cut(
    ranked: list[Any], keys: list[Key], window: tuple[int, int], sizes: tuple[int | None, int | None]
) -> dict[str, Any]:
    """The first or last of the window's items, as a connection."""
    (low, high), (first, last) = window, sizes
    start, stop = low, high
    if first is not None:
        stop = min(stop, start + first)
    elif last is not None:
        start = max(start, stop - last)
    edges = [{"cursor": _write_cursor(keys[at]), "node": ranked[at]} for at in range(start, stop)]
    info = {
        "hasNextPage": stop < high if first is not None else high < len(ranked),
        "hasPreviousPage": start > low if last is not None else low > 0,
        "startCursor": edges[0]["cursor"] if edges else None,
        "endCursor": edges[-1]["cursor"] if edges else None,
    }
    return {"edges": edges, "nodes": ranked[start:stop], "pageInfo": info}


def _check_sizes(first: int | None, last: int | None) -> None:
    if first is None and last is None:
        raise refusal("you must provide one of first or last", "BAD_REQUEST")
    if first is not None and last is not None:
        raise refusal("providing both first and last is not supported", "BAD_REQUEST")
    size = first if first is not None else last or 0
    name = "first" if first is not None else "last"
    if size < 0:
        raise refusal(f"{name} must be a non-negative number", "BAD_REQUEST")
    if size > LARGEST_PAGE:
        raise refusal(f"{name} cannot exceed {LARGEST_PAGE}", "BAD_REQUEST")


def _write_cursor(key: Key) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).decode()


def _read_cursor(text: str, keys: Sequence[Key]) -> Key:
    """The key that a cursor stands for, its times made times again, as in the other keys of the list."""
    try:
        parts = msgspec.json.decode(base64.urlsafe_b64decode(text), type=list[Any])
        kinds = [type(part) for part in keys[0]] if keys else []
        key = tuple(msgspec.convert(part, kind) for part, kind in zip(parts, kinds, strict=bool(keys)))
    except (binascii.Error, msgspec.MsgspecError, ValueError) as error:
        raise refusal(f"Invalid cursor '{text}' for current pagination sort.", "BAD_REQUEST") from error
    return key
