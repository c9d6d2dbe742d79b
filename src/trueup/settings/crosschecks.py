"""What one table of the settings says of another: names that must exist, and names that must be one's own.

These look at the file as it stands, so that they complain together with all else, not after it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from typing import Any

from trueup.domain.cases import Role

_CONNECTED = ("partners", "shops", "circular", "folders")
"""The tables whose rows are connections."""
_SIDES = {True: "both `in` and `out`; orders come and answers go", False: "`in`, where documents come"}
"""What a partner's folder is for, on EDI and otherwise."""


def crosscheck(data: dict[str, Any]) -> Iterator[str]:
    """Complaints about names. What is not of the expected type is passed over: it has a complaint of its own."""
    yield from _unique(
        "partners, shops, circular and folders", [row.get("name") for table in _CONNECTED for row in _rows(data, table)]
    )
    yield from _unique("people", [row.get("name") for row in _rows(data, "people")])
    yield from _unique("partners' folders", [row.get("folder") for row in _rows(data, "partners")])
    owners = {role.value for role in Role} | _names(data, "people")
    yield from _programmes(data, owners)
    yield from _signals(data)
    yield from _unique("addresses of people", [_lower(row.get("email")) for row in _rows(data, "people")])
    if isinstance(data.get("sign_in"), dict) and not _table(data, "installation").get("address"):
        yield "[sign_in] also needs address in [installation]: where the provider sends people back to."
    trade_ins = data.get("trade_ins")
    for name, table in (("shop", "shops"), ("programme", "circular")):
        if isinstance(trade_ins, dict) and isinstance(trade_ins.get(name), str):
            yield from _known(f"trade_ins: {name}", trade_ins[name], _names(data, table), f"[[{table}]]")
    shown_in = [row.get("shop") for account in _rows(data, "partners") for row in _rows(account, "reports")]
    yield from _unique("shops of [[partners.reports]]", shown_in)
    seen: dict[str, str] = {}
    for account in _rows(data, "partners"):
        where = f"partner {account.get('name')!r}"
        if isinstance(account.get("folder"), str):
            yield from _known(f"{where}: folder", account["folder"], _names(data, "folders"), "[[folders]]")
            for row in _rows(data, "folders"):
                on_edi = "edi" in _list(account.get("routes"))
                if row.get("name") == account["folder"] and not ("in" in row and ("out" in row or not on_edi)):
                    yield f"{where}: folder {account['folder']!r} needs {_SIDES[on_edi]}."
        codes = [code for code in _list(account.get("vendor_codes")) if isinstance(code, str)]
        agreed = [row.get("vendor_code") for row in _rows(account, "agreements")]
        for code in codes:
            if code not in agreed:
                yield f"{where}: vendor code {code} has no [[partners.agreements]]; add one, or take it out of vendor_codes."
            if code in seen and seen[code] != where:
                yield f"{where}: vendor code {code} also belongs to {seen[code]}; an order must have one partner."
            seen[code] = where
        stores = [row.get("marketplace") for row in _rows(account, "reports")]
        yield from _unique(f"{where}: marketplaces of [[partners.reports]]", stores)
        for row in _rows(account, "reports"):
            if isinstance(row.get("shop"), str):
                yield from _known(f"{where}, reports: shop", row["shop"], _names(data, "shops"), "[[shops]]")
        yield from _direct_fulfillment(where, account, owners, {row.get("ship_from") for row in _all_agreements(data)})
        for terms in _rows(account, "agreements"):
            yield from _agreement(f"{where}, agreement {terms.get('vendor_code')!r}", terms, codes, data)
            if isinstance(terms.get("owner"), str):
                label = f"{where}, agreement {terms.get('vendor_code')!r}: owner"
                yield from _known(label, terms["owner"], owners, "the roles and [[people]]")


def _direct_fulfillment(where: str, account: dict[str, Any], owners: set[str], places: set[Any]) -> Iterator[str]:
    """Counts are read where agreements ship from: a warehouse elsewhere would be told nothing for ever."""
    rows = _rows(account, "direct_fulfillment")
    named = [f"{row.get('vendor_code')}/{row.get('warehouse')}" for row in rows]
    yield from _unique(f"{where}: warehouses of [[partners.direct_fulfillment]]", list(named))
    for row, name in zip(rows, named, strict=True):
        label = f"{where}, direct fulfillment {name}"
        if isinstance(row.get("ship_from"), str):
            known = [place for place in places if isinstance(place, str)]
            yield from _known(f"{label}: ship_from", row["ship_from"], known, "the ship_from of agreements")
        if isinstance(row.get("owner"), str):
            yield from _known(f"{label}: owner", row["owner"], owners, "the roles and [[people]]")


def _all_agreements(data: dict[str, Any]) -> list[dict[str, Any]]:
    return [row for account in _rows(data, "partners") for row in _rows(account, "agreements")]


def _programmes(data: dict[str, Any], owners: set[str]) -> Iterator[str]:
    yield from _unique("shops of [[circular]]", [row.get("shop") for row in _rows(data, "circular")])
    for row in _rows(data, "circular"):
        where = f"circular {row.get('name')!r}"
        if isinstance(row.get("shop"), str):
            yield from _known(f"{where}: shop", row["shop"], _names(data, "shops"), "[[shops]]")
        if isinstance(row.get("owner"), str):
            yield from _known(f"{where}: owner", row["owner"], owners, "the roles and [[people]]")


def _signals(data: dict[str, Any]) -> Iterator[str]:
    """A signal about nothing would be thanked for, and nobody would be asked."""
    yield from _unique("signals", [row.get("name") for row in _rows(data, "signals")])
    known = {name for table in _CONNECTED for name in _names(data, table)}
    for row in _rows(data, "signals"):
        if isinstance(row.get("about"), str):
            where = f"signal {row.get('name')!r}: about"
            yield from _known(where, row["about"], known, "the names of partners, shops, circular and folders")


def _agreement(where: str, terms: dict[str, Any], codes: list[str], data: dict[str, Any]) -> Iterator[str]:
    code, shop, place = terms.get("vendor_code"), terms.get("shop"), terms.get("ship_from")
    if isinstance(code, str) and codes:
        yield from _known(f"{where}: vendor_code", code, codes, "vendor_codes of the partner")
    if not isinstance(shop, str):
        return
    shops = {row.get("name"): row for row in _rows(data, "shops")}
    yield from _known(f"{where}: shop", shop, _names(data, "shops"), "[[shops]]")
    locations = shops.get(shop, {}).get("locations")
    if isinstance(place, str) and isinstance(locations, dict):
        yield from _known(f"{where}: ship_from", place, locations, f"locations of shop {shop!r}")


def _known(where: str, name: str, known: Iterable[str], place: str) -> Iterator[str]:
    names = sorted(known)
    if name in names:
        return
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    has = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(names) or 'none'}."
    yield f"{where} {name!r} is not among {place}; {has}"


def _unique(what: str, names: list[object]) -> Iterator[str]:
    """Names by which connections are known, orders routed and people recorded lead to one thing each."""
    texts = [name for name in names if isinstance(name, str)]
    for name in sorted({name for name in texts if texts.count(name) > 1}):
        yield f"{what}: {texts.count(name)} have the name {name!r}; give each its own."


def _table(data: dict[str, Any], name: str) -> dict[str, Any]:
    found = data.get(name)
    return found if isinstance(found, dict) else {}


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _rows(table: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [row for row in _list(table.get(name)) if isinstance(row, dict)]


def _names(data: dict[str, Any], table: str) -> set[str]:
    return {row["name"] for row in _rows(data, table) if isinstance(row.get("name"), str)}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
