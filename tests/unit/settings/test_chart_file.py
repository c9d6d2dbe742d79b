"""The chart of accounts from its file: the default is whole, and every complaint about another is made at once."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from trueup.base.errors import ConfigurationError
from trueup.domain.chart import Purpose
from trueup.domain.journal import AccountType
from trueup.settings.chart import chart_template, default_chart, load_chart, read_chart


def complaints(text: str, deduction_types: tuple[str, ...] | None = None) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read_chart(text, "chart.toml", deduction_types)
    return str(caught.value)


def test_the_default_has_an_account_for_everything() -> None:
    """One for each purpose, each on its own, with the type that practice gives it."""
    chart = default_chart()
    assert {chart.code(purpose) for purpose in Purpose} == {account.code for account in chart.accounts}
    assert chart.by_type == {}
    kinds = {purpose: chart.account(chart.code(purpose)) for purpose in Purpose}
    for purpose in (Purpose.CO_OP, Purpose.ALLOWANCES, Purpose.CHARGEBACKS, Purpose.CLAIM_LOSSES, Purpose.DISCOUNTS):
        account = kinds[purpose]
        assert account is not None
        assert account.type is AccountType.INCOME, f"{purpose}: reduces revenue"


def test_default_codes_and_names_fit_every_target() -> None:
    """Four characters a code, for some ledgers take no more; ASCII names without a colon, none of them twice."""
    accounts = default_chart().accounts
    assert all(len(account.code) == 4 and account.name.isascii() and ":" not in account.name for account in accounts)
    assert len({account.name for account in accounts}) == len(accounts)


def test_the_template_explains_every_key() -> None:
    """A person edits the file with nothing else at hand."""
    text = chart_template()
    keys = {key for row in tomllib.loads(text)["accounts"] for key in row} | {"deductions"}
    assert all(f"\n# {key} " in text for key in keys)
    alone = text.split("account alone")[1].split("\n\n")[0]
    assert all(word in alone for word in ("cash", "receivable", "disputed", "conversion", "clearing", "suspense"))


def test_a_file_of_the_books_own(tmp_path: Path) -> None:
    """Codes and names as the books have them, and a deduction type with an account of its own; a byte order mark is no harm."""
    path = tmp_path / "chart.toml"
    own = '{ code = "4-1100", name = "Skonto für Müller", type = "income", deductions = ["quick-pay"] },\n]'
    path.write_text("\ufeff" + chart_template().replace("1200", "D1200").rstrip().removesuffix("]") + own, "utf-8")
    chart = load_chart(path, ("quick-pay", "shortage"))
    assert chart.code(Purpose.RECEIVABLE) == "D1200"
    assert chart.code_of_type("quick-pay", Purpose.DISCOUNTS) == "4-1100"
    assert chart.code_of_type("shortage", Purpose.DISPUTED) == "1210"


def test_every_complaint_at_once() -> None:
    """Wrong keys, types, words and doubles in one go, each with its place and what to write."""
    text = """
    acounts = 1
    accounts = [
      { code = 1050, name = "Cash", type = "asset", for = ["cash"] },
      { code = "1200", name = "Receivable", type = "assets", for = ["recievable"] },
      { code = "1210", nam = "x", type = "asset", for = "disputed" },
      { code = "1220", name = "y", type = "asset", for = ["cash"], deductions = ["shortige"] },
      "1230",
      { code = "4000", name = " x", type = "income" },
      { code = "5000", name = "x", type = "income" },
      { code = "5000", name = "x", type = "income" },
    ]
    """
    found = complaints(text, ("shortage", "price"))
    for words in (
        "chart.toml: ",
        "'acounts' is not a key",
        'accounts[1].code: expected text, found the number 1050; write "1050".',
        "accounts[2 '1200'].type: expected asset, liability, income or expense, found 'assets'.",
        "accounts[2 '1200'].for: 'recievable' is not known; did you mean 'receivable'?",
        "accounts[3 '1210'].nam: 'nam' is not known; did you mean 'name'?",
        "accounts[3 '1210'].name: expected text, found nothing.",
        "accounts[3 '1210'].for: expected a list of texts, found 'disputed'.",
        "accounts[4 '1220'].for: cash already has account '1050'; keep one.",
        "accounts[4 '1220'].deductions: 'shortige' is not known; did you mean 'shortage'?",
        "accounts[5]: expected { code = ..., name = ... }, found '1230'.",
        "accounts[6 '4000']: Account '4000': its name is ' x'",
        "code '5000' stands there twice",
        "no account is for receivable, revenue, disputed,",
    ):
        assert words in found


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('for = ["suspense"]', 'for = ["suspense", "tax"]', "tax already has account"),
        ('type = "asset",     for = ["cash"]', 'type = "income", for = ["cash"]', "which takes asset; found income"),
        ('for = ["cash"]', 'for = ["cash", "bank-fees"]', "bank-fees already has account"),
        ("accounts = [", "accounts = [,", "not TOML"),
        ("accounts = [", "accounts = []\nothers = [", "expected accounts = ["),
        ('for = ["clearing"]', "for = []", "no account is for clearing"),
    ],
)
def test_what_does_not_hold_together(old: str, new: str, words: str) -> None:
    """A mistake in an otherwise good file is told in the words of the chart."""
    assert words in complaints(chart_template().replace(old, new))


def test_a_proven_account_stands_alone() -> None:
    """Claims on the receivable account would hide in its balance."""
    text = chart_template().replace('for = ["receivable"]', 'for = ["receivable"], deductions = ["shortage"]')
    assert "1200 is for receivable and for shortage; expected an account for receivable alone" in complaints(text)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """Missing, a folder, not UTF-8, far too large: each says which, and what to do."""
    cases = {"folder": "cannot be read", "latin": "is not UTF-8", "large": "at most 1000000", "gone": "no such chart"}
    (tmp_path / "folder").mkdir()
    (tmp_path / "latin").write_bytes("# Größe".encode("latin-1"))
    (tmp_path / "large").write_bytes(b"#" * 1_000_001)
    for name, words in cases.items():
        with pytest.raises(ConfigurationError, match=words):
            load_chart(tmp_path / name)
