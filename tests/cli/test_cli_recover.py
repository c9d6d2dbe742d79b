"""Recovering at the command line: what is worth disputing, one claim's pack, what was submitted and answered."""

from __future__ import annotations

import zipfile

from tests.cli.remitted import BY, with_books
from tests.cli.seeded import CommandLine


def claim_id(trueup: CommandLine) -> str:
    (row,) = trueup("recover", "--json", "--all").json
    return str(row["id"])


def test_what_can_be_disputed_is_listed_with_what_it_brings(trueup: CommandLine) -> None:
    """Held, expected, its interval, the chance and from how many outcomes, the state and until when."""
    with_books(trueup)
    (row,) = trueup("recover", "--json", "--all").json
    assert (row["claim"], row["held"], row["taken"], row["given_back"]) == (
        "shortage/INV1",
        "90.00 USD",
        "90.00 USD",
        "0.00 USD",
    )
    assert (row["chance"], row["chance_from_outcomes"], row["expected"]) == ("50%", 0, "23.75 USD")
    assert (row["from"], row["until"]) == ("2027-01-04", "2028-11-29")
    assert trueup("recover").code == 0


def test_a_claim_s_pack_holds_the_pdf_and_the_originals(trueup: CommandLine) -> None:
    """What the archive has goes beside the PDF, named by what it is; what is missing is said."""
    with_books(trueup)
    target = trueup.folder / "dispute.zip"
    said = trueup("recover", claim_id(trueup), "--pack", str(target), "--json")
    assert "proof of delivery" in " ".join(said.json["missing"])
    with zipfile.ZipFile(target) as archive:
        names = archive.namelist()
        assert names[0] == "dispute.pdf" and archive.read("dispute.pdf").startswith(b"%PDF")
        assert any(name.startswith("originals/01-remittance-of-payment-700100") for name in names)
        assert any(name.startswith("originals/02-invoice-INV-1") for name in names)


def test_what_makes_no_sense_is_refused_in_words(trueup: CommandLine) -> None:
    """A pack without a claim, a submission before its window, an answer without a dispute, an unknown claim."""
    with_books(trueup)
    claim = claim_id(trueup)
    assert "say which, by its id" in trueup("recover", "--pack", "x.zip").err
    early = trueup("recover", claim, "--submit", "CASE-1", "--on", "2026-11-20", *BY)
    assert early.code == 2 and "can be disputed from 2027-01-04 on" in early.err
    assert "no dispute is under way" in trueup("recover", claim, "--outcome", "won", *BY).err
    assert trueup("recover", "999999").code == 2
