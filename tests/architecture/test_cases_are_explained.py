"""Every kind of case about money that was paid is explained to the people who get it, and no document tells of one there is not."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.architecture.source import CHECKOUT, product
from trueup.checks import bank
from trueup.checks.settlement_drift import Standing
from trueup.domain.deduction import Family
from trueup.workflows.authority import _MAY

_KIND = re.compile(r"(?:remittance|claim|invoice|bank|books|charge|dispute)\.[a-z]+(?:-[a-z]+)*")
_EXPLAINED_TOGETHER = "claim."
"""Claims of every family are one row: what to do with them is the same."""


def _deeds(tree: ast.Module) -> set[str]:
    """Words for what people did: they are written like kinds, and are none."""
    return {
        str(node.args[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Deed" and node.args
        if isinstance(node.args[0], ast.Constant)
    }


def kinds() -> set[str]:
    """Kinds of cases of the books, as the code names them."""
    modules = [each for each in product() if each.layer not in ("simulation", "simulators", "demo", "cli")]
    no_kinds = set(_MAY).union(*(_deeds(module.tree) for module in modules))
    named = {
        node.value
        for module in modules
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _KIND.fullmatch(node.value)
    }
    standings = {f"settlement.{each.value}" for each in (Standing.DRIFTS, Standing.NO_ORDER, Standing.ORPHAN)}
    return {each for each in named - no_kinds if not each.endswith((".pdf", ".html"))} | standings | set(bank.KINDS)


def told() -> dict[str, str]:
    """Kinds that stand first in a row of a table of docs, with the document."""
    found: dict[str, str] = {}
    for path in sorted((CHECKOUT / "docs").glob("*.md")):
        for row in re.findall(r"(?m)^\| ((?:`[a-z.*-]+`(?:, )?)+(?:\.\.\. )?) ?\|", path.read_text(encoding="utf-8")):
            found |= dict.fromkeys(re.findall(r"`([a-z]+\.[a-z-]+)`", row), path.name)
    return found


def test_every_case_of_the_books_has_its_row_in_the_documents() -> None:
    """Whoever finds a case in the queue finds what it says and what to do, by its kind."""
    missing = {each for each in kinds() if not each.startswith(_EXPLAINED_TOGETHER)} - told().keys()
    assert not missing, f"docs/reading-cases.md or its neighbours do not explain {sorted(missing)}"
    assert "claim.over-reversed" in told()


def test_no_document_explains_a_case_that_there_is_not() -> None:
    """A kind that was renamed is renamed for its readers too."""
    claims = {f"claim.{family.value}" for family in Family}
    gone = {each for each in told() if _KIND.fullmatch(each)} - kinds() - claims
    assert not gone, f"explained, and never opened: { {each: told()[each] for each in gone} }"


def test_the_resolutions_that_documents_name_are_commands() -> None:
    """What a reader is told to do is a command of `trueup cases`."""
    text = (CHECKOUT / "docs" / "reading-cases.md").read_text(encoding="utf-8")
    source = "".join(Path(path).read_text(encoding="utf-8") for path in (CHECKOUT / "src/trueup/cli").glob("*.py"))
    for command in set(re.findall(r"`(?:trueup )?cases ([a-z-]+)", text)):
        assert f'"{command}"' in source, f"`trueup cases {command}` is no command"
