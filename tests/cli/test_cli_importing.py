"""Importing: what a file would change is shown, it is taken in whole or not at all, and it is archived before it is read."""

from __future__ import annotations

from pathlib import Path

from tests.cli.seeded import CommandLine

BY = ("--by", "Ana Admin")


def write(trueup: CommandLine, text: str) -> str:
    path: Path = trueup.folder / "file.csv"
    path.write_text(text)
    return str(path)


def test_an_item_master_is_imported_with_its_difference(trueup: CommandLine) -> None:
    """What changes of known products is a row each; what is new is counted; the file is the evidence."""
    file = write(
        trueup,
        "sku,title,case_size,vendor_code,asin,cost,currency\n"
        "LAMP-1,Table lamp,12,NORDA,B000000001,10.00,USD\n"
        "NEW-1,New lamp,,NORDA,B00000000N,9.50,USD\n",
    )
    said = trueup("products", "import", file, *BY)
    assert said.code == 0
    assert said.out == (
        "sku     vendor code  field      before  after\n"
        "LAMP-1  -            title      LAMP-1  Table lamp\n"
        "LAMP-1  -            case_size  6       12\n"
    )
    assert "Imported 2 products, 2 listings: 1 new product, 1 new listing, 2 changed fields. Evidence " in said.err
    products = {row["sku"]: row for row in trueup("products", "list", "--json").json}
    assert products["LAMP-1"]["case_size"] == 12 and products["NEW-1"]["listings"][0]["cost"] == "9.50"
    document = trueup("documents", "list", "--kind", "item-master", "--json").json[0]
    made = trueup("documents", "explain", document["digest"], "--json").json["made"]
    assert {("product", "NEW-1"), ("listing", "NORDA NEW-1"), ("act", "item-master")} <= {
        (row["what"], row["which"]) for row in made
    }
    assert trueup("products", "import", file, *BY).err.startswith("Imported 2 products, 2 listings: 0 new products")


def test_a_column_that_is_not_there_changes_nothing(trueup: CommandLine) -> None:
    """A file of costs alone empties neither packs nor codes; an empty cell of a column that is there does."""
    trueup(
        "products", "import", write(trueup, "sku,title,vendor_code,cost,currency\nLAMP-1,LAMP-1,NORDA,11.25,USD\n"), *BY
    )
    lamp = next(row for row in trueup("products", "list", "--json").json if row["sku"] == "LAMP-1")
    assert (lamp["case_size"], lamp["listings"][0]["asin"], lamp["listings"][0]["cost"]) == (6, "B000000001", "11.25")
    trueup("products", "import", write(trueup, "sku,title,case_size,vendor_code\nLAMP-1,LAMP-1,,NORDA\n"), *BY)
    lamp = next(row for row in trueup("products", "list", "--json").json if row["sku"] == "LAMP-1")
    assert (lamp["case_size"], lamp["listings"][0]["cost"]) == (None, "11.25")


def test_a_file_with_errors_is_not_imported_at_all(trueup: CommandLine) -> None:
    """The good rows neither: half an item master is one that nobody knows. The file is in the archive all the same."""
    file = write(trueup, "sku,title,case_size,vendor_code\nGOOD-1,Good,6,NORDA\nBAD-1,Bad,six,NORDA\n")
    said = trueup("products", "import", file, *BY)
    assert said.code == 1
    assert "row 3, column case_size" in said.err and "Nothing was imported" in said.err
    assert "GOOD-1" not in trueup("products", "list").out
    assert len(trueup("documents", "list", "--kind", "item-master", "--json").json) == 1
    shown = trueup(
        "documents", "show", trueup("documents", "list", "--kind", "item-master", "--json").json[0]["digest"]
    )
    assert shown.code == 1 and "Item master (CSV)" in shown.out


def test_what_is_no_item_master_is_a_sentence(trueup: CommandLine) -> None:
    """And archived as it came, who handed it in besides."""
    said = trueup("products", "import", write(trueup, "%PDF-1.7 something"), *BY)
    assert said.code == 2 and said.err.startswith("trueup: ")
    kept = trueup("documents", "list", "--kind", "item-master", "--json").json[0]
    assert (kept["source"], kept["size_bytes"]) == ("upload by Ana Admin", 18)
    missing = trueup("products", "import", str(trueup.folder / "none.csv"), *BY)
    assert missing.code == 2 and "cannot be read (No such file or directory)" in missing.err
    assert trueup("products", "import", write(trueup, "sku,title\nA,A\n"), "--by", "Aude").code == 2


def test_what_is_exported_imports_without_a_change(trueup: CommandLine) -> None:
    """The export is the whole item master, and costs with a comma are read when that is said."""
    file = trueup.folder / "items.csv"
    assert trueup("products", "export", "-o", str(file)).code == 0
    said = trueup("products", "import", str(file), *BY)
    assert said.code == 0 and "0 new products, 0 new listings, 0 changed fields" in said.err
    costs = write(trueup, 'sku;title;vendor_code;cost;currency\nLAMP-1;LAMP-1;NORDA;"9,75";USD\n')
    assert trueup("products", "import", costs, "--decimal", ",", *BY).out.split()[-4:] == ["10", "USD", "9.75", "USD"]


def test_counts_are_declared(trueup: CommandLine) -> None:
    """One or a file; the count before stands beside it, and what is free follows. Above the limit it takes two persons."""
    one = trueup("stock", "declare", "--sku", "VASE-1", "--location", "main", "--on-hand", "6", *BY)
    assert one.code == 0
    assert one.out == "sku     location  before  on hand\nVASE-1  main           -        6\n"
    file = write(trueup, "sku,location,on_hand\nVASE-1,main,30\n")
    assert "above the limit, and a second person decides" in trueup("stock", "declare", file, *BY, "--dry-run").err
    assert trueup("cases", "proposals", "--json").json == []
    data = trueup("stock", "declare", file, *BY, "--json").json
    assert data["counts"] == [{"sku": "VASE-1", "location": "main", "before": 6, "on_hand": 30}]
    listed = {row["sku"]: row["declared_on_hand"] for row in trueup("stock", "list", "--json").json}
    assert data["taken"] is False and listed["VASE-1"] == 6
    assert "a second person must approve it" in trueup("cases", "approve", str(data["proposal"]), *BY).err
    approved = trueup("cases", "approve", str(data["proposal"]), "--by", "Bo Admin")
    assert approved.code == 0 and "are taken" in approved.out + approved.err
    row = next(row for row in trueup("stock", "list", "--json").json if row["sku"] == "VASE-1")
    assert (row["declared_on_hand"], row["free"], row["counted_by"]) == (30, 30, "warehouse")
    told = trueup("acts", "list", "--act", "stock.", "--json").json[0]["after"]
    assert told == {"counts": 1, "eaches": 30, "proposed_by": "Ana Admin"}


def test_counts_that_nothing_would_look_at_are_refused(trueup: CommandLine) -> None:
    """A product that the shop counts, one that is not known, a place that nothing is sold from: nothing is declared."""
    file = write(trueup, "sku,location,on_hand\nVASE-1,main,5\nLAMP-1,main,5\nGHOST,main,5\nVASE-1,attic,5\n")
    said = trueup("stock", "declare", file, *BY)
    assert said.code == 1
    assert "LAMP-1: no declared count source; set declared_source in the item master first" in said.err
    assert "GHOST: no such product; import it first" in said.err
    assert "VASE-1: nothing is sold from 'attic'; the places that are: main" in said.err
    assert "VASE-1" not in trueup("stock", "list").out
    assert "Expected a file of counts" in trueup("stock", "declare", "--sku", "VASE-1", *BY).err
    assert (
        "no such product" in trueup("stock", "declare", "--sku", "X", "--location", "main", "--on-hand", "1", *BY).err
    )
