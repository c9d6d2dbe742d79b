"""Amazon's reports at the command line: asked for, listed, shown, and the history of a product with every word."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from tests.cli.remitted import BY
from tests.cli.seeded import CommandLine
from trueup.domain.figure_history import Saying
from trueup.domain.vendor_reports import Figures, Program, ReportKind, Scope, View
from trueup.storage.database import Database
from trueup.storage.vendor_figures import Told, keep_figures

DAY = timedelta(days=1)
AT = datetime(2026, 11, 20, tzinfo=UTC)
SALES = Scope.of(ReportKind.SALES, View.SOURCING, Program.RETAIL)


def tell(trueup: CommandLine, made_at: datetime, units: int) -> None:
    """A report says how many were shipped on a day."""
    database = Database(trueup.environ["DATABASE_URL"])
    with database.transaction() as connection:
        asin = connection.exec_driver_sql("SELECT asin FROM trueup.listings WHERE sku = 'LAMP-1'").scalar_one()
        told = Told("amazon-us-reports-US", SALES, Saying(made_at, str(units)), made_at, "0" * 64)
        keep_figures(connection, told, [Figures(asin, AT, AT + DAY, {"shippedUnits": Decimal(units)}, "USD")])
    database.close()


def test_reports_are_asked_for_listed_and_shown(trueup: CommandLine) -> None:
    """A dry run keeps nothing; what was asked is planned; without the table in the settings it is said."""
    assert "No report was asked for yet." in trueup("reports", "list").out
    asked = ("reports", "request", "sales", "--from", "2026-10-01", "--to", "2026-10-20", *BY)
    assert "[[partners.reports]]" in trueup(*asked).err
    settings = trueup.folder / "trueup.toml"
    settings.write_text(settings.read_text("utf-8") + '\n[[partners.reports]]\nmarketplace = "US"\n', "utf-8")
    assert "Would ask for 2 reports" in trueup(*asked, "--dry-run").err
    assert trueup("reports", "list", "--json").json == []
    done = trueup(*asked, "--json").json
    rows = trueup("reports", "list", "--json").json
    assert [row["id"] for row in rows] == done["ids"][::-1] and {row["state"] for row in rows} == {"planned"}
    shown = trueup("reports", "show", str(done["ids"][0]), "--json").json
    assert shown["report"] == "sales sourcing retail from 2026-10-01 to 2026-10-15" and shown["reference"] is None
    assert trueup("reports", "show", "999").code == 2


def test_the_history_of_a_product_shows_both_words(trueup: CommandLine) -> None:
    """The newest word first, and which of them holds; an unknown product is told."""
    tell(trueup, AT + 3 * DAY, 5)
    tell(trueup, AT + 4 * DAY, 8)
    rows = trueup("reports", "history", "LAMP-1", "--json").json
    assert [(row["figures"], row["holds"]) for row in rows] == [
        ({"shippedUnits": "8"}, True),
        ({"shippedUnits": "5"}, False),
    ]
    assert len(trueup("reports", "history", "LAMP-1", "--holding", "--kind", "sales", "--json").json) == 1
    assert "shippedUnits 8" in trueup("reports", "history", "LAMP-1").out
    assert "No report of Amazon's names" in trueup("reports", "history", "LAMP-1", "--kind", "forecast").out
    assert trueup("reports", "history", "NOTHING").code == 2
