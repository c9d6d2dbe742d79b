"""Lines in suspense from the command line: coded in a sheet, out and in, and a match that is taken apart."""

from __future__ import annotations

import openpyxl

from tests.cli.remitted import BY, with_books
from tests.cli.seeded import CommandLine
from trueup.base.ids import digest_of


def test_a_sheet_goes_out_is_filled_and_comes_in_and_a_line_is_undone(trueup: CommandLine) -> None:
    """As in the console: a row by itself, two persons above the limit, a dry run keeps nothing."""
    with_books(trueup)
    sheet = trueup.folder / "lines.xlsx"
    said = trueup("remittances", "sheet", "-o", str(sheet))
    assert said.code == 0 and "fill in types" in said.out
    book = openpyxl.load_workbook(sheet)
    page = book.worksheets[0]
    heads = {cell.value: cell.column for cell in page[1]}
    assert page.max_row > 1
    for row in range(2, page.max_row + 1):
        page.cell(row, heads["type"], "co-op")
    book.save(sheet)
    tried = trueup("remittances", "code", str(sheet), *BY, "--dry-run", "--json")
    assert tried.code == 0 and tried.json["dry_run"] and tried.json["lines"]
    assert "line-codings" in trueup("documents", "show", digest_of(sheet.read_bytes())).out
    waiting = trueup("journal", "balances").out
    done = trueup("remittances", "code", str(sheet), *BY, "--json")
    number, line = done.json["lines"][0]["remittance"], done.json["lines"][0]["line"]
    if (proposal := done.json["proposal"]) is not None:
        assert trueup("journal", "balances").out == waiting
        assert trueup("cases", "approve", str(proposal), *BY).code == 2
        assert trueup("cases", "approve", str(proposal), "--by", "Ana Admin").code == 0
    assert trueup("journal", "balances").out != waiting
    assert trueup("remittances", "code", str(sheet), *BY).code == 1
    asked = ("remittances", "undo", str(number), str(line), "--reason", "it was another one", *BY)
    assert "dry run: nothing kept" in trueup(*asked, "--dry-run").out
    undone = trueup(*asked, "--json")
    assert undone.code == 0 and (undone.json["case"] is None) == (undone.json["proposal"] is not None)
    assert trueup("remittances", "undo", "9999", "1", "--reason", "x", *BY).code == 2
