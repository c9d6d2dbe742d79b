"""A deduction rule in words: one sentence that says what it reads, what that is, and where it goes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trueup.console.money_words import Names
from trueup.console.visit import Visit
from trueup.domain.deduction_rules import RuleForm
from trueup.workflows.draft_rules import SINCE_EVER

FIELDS = {"reference": "the reference", "kind": "the kind", "description": "the description"}
FORMS = {
    RuleForm.SHAPE.value: "has the form",
    RuleForm.PREFIX.value: "begins with",
    RuleForm.SUFFIX.value: "ends with",
    RuleForm.CONTAINS.value: "contains",
    RuleForm.EXACT.value: "is",
}
DIRECTIONS = {"takes": "takes money", "gives": "gives money", "either": "takes or gives money"}
STATES = {
    "proposed": ("held", "Waits for a second person"),
    "approved": ("ok", "In force"),
    "rejected": ("bad", "Rejected"),
    "retired": ("idle", "Retired"),
}
"""The colour and the word of where a version stands."""


def sentence_of(visit: Visit, names: Names, version: Mapping[str, Any]) -> str:
    """A version, as the views have it: "When the reference begins with XQZ and the line takes money, it is Co-op, on 6120 ..."."""
    parts = [f"When {FIELDS[version['field']]} {FORMS[version['form']]} {version['pattern']}"]
    if version["form"] == RuleForm.SHAPE.value and "9+" in version["pattern"]:
        parts.append(" (9+ is any digits)")
    if version["direction"] != "either":
        parts.append(f" and the line {DIRECTIONS[version['direction']]}")
    if version["payee"]:
        parts.append(f" and the payment is to {version['payee']}")
    new = version.get("new_type")
    parts.append(f", it is {new['label'] if new else names.type(version['type'])}")
    if version["account"]:
        parts.append(f", on account {names.account(version['account'])}")
    if days := days_of(visit, version):
        parts.append(f"; for payments {days}")
    return "".join(parts) + "."


def days_of(visit: Visit, version: Mapping[str, Any]) -> str:
    """From when to when it holds, in words; "" for all payments."""
    first = version["valid_from"] if version["valid_from"] != SINCE_EVER.isoformat() else ""
    words = [f"from {visit.present.day(first)} on"] if first else []
    if version["valid_to"]:
        words.append(f"before {visit.present.day(version['valid_to'])}")
    return " ".join(words)


def changes_of(visit: Visit, names: Names, versions: list[dict[str, Any]]) -> list[dict[str, str]]:
    """What the newest version says otherwise than the one before it: that in force, or else the one proposed before."""
    if len(versions) < 2:
        return []
    newest, earlier = versions[-1], versions[:-1]
    before = next((each for each in reversed(earlier) if each["state"] == "approved"), earlier[-1])
    rows = zip(_said(visit, names, before), _said(visit, names, newest), strict=True)
    return [{"name": name, "before": was, "after": now} for (name, was), (_, now) in rows if was != now]


def _said(visit: Visit, names: Names, version: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        ("Reads", f"{FIELDS[version['field']]} {FORMS[version['form']]} {version['pattern']}"),
        ("Lines that", DIRECTIONS[version["direction"]]),
        ("Are", names.type(version["type"])),
        ("Account", names.account(version["account"]) if version["account"] else "its type's"),
        ("Payee", version["payee"] or "any"),
        ("Payments", days_of(visit, version) or "all"),
    ]
