"""Settings: what a file and an environment become, and what is said of those that are wrong."""

from __future__ import annotations

import dataclasses
import re
import traceback
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from trueup.base.errors import ConfigurationError, NotFound
from trueup.base.money import Money
from trueup.base.secret import Secret
from trueup.domain.partners import Agreement, CostBasis, Fallback
from trueup.settings import AccountSettings, Settings, load_foundation, load_settings, template
from trueup.settings.fences import FenceSettings

FILLED = {
    "<your company>": "Example Goods",
    "<vendor code>": "ABCDE",
    "<client id>": "amzn1.application-oa2-client.1",
    "<shop>": "example-goods",
    "<app client id>": "0123456789abcdef",
    "<location number>": "77",
    "<your name>": "Ada",
}
ENVIRON = {
    "AMAZON_CLIENT_SECRET": "amazon-secret-words",
    "AMAZON_REFRESH_TOKEN": "refresh-secret-words",
    "SHOPIFY_CLIENT_SECRET": "shopify-secret-words",
    "SUPERCYCLE_KEY": "supercycle-secret-words",
    **dict.fromkeys(("FLOW_SECRET", "SIGN_IN_SECRET"), "flow-secret-words"),
}


def filled() -> str:
    text = template()
    for placeholder, value in FILLED.items():
        text = text.replace(placeholder, value)
    return text


def nothing_sealed(name: str) -> Secret:
    raise NotFound(f"Secret {name}: not sealed here.")


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., Settings]:
    def load_text(
        text: str, environ: dict[str, str] | None = None, sealed: Callable[[str], Secret] = nothing_sealed
    ) -> Settings:
        path = tmp_path / "trueup.toml"
        path.write_text(text, encoding="utf-8")
        return load_settings(path, {**ENVIRON, **(environ or {})}, sealed)

    return load_text


def complaint(load: Callable[..., Settings], text: str, environ: dict[str, str] | None = None) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(text, environ)
    return str(caught.value)


def test_the_template_loads_when_its_placeholders_are_filled(load: Callable[..., Settings]) -> None:
    """What `trueup init` writes is right as soon as the merchant's own words stand in it."""
    settings = load(filled())
    assert "<" not in re.sub(r"(?m)^#.*$", "", filled())
    (partner,) = settings.partners
    assert partner.agreements[0] == Agreement("amazon-us", "ABCDE", "USD", CostBasis.EACH, "main-shop", "warehouse")
    assert settings.accounts[0].refresh_token is not None
    assert settings.accounts[0].refresh_token.reveal() == "refresh-secret-words"
    assert settings.shops[0].locations == {"warehouse": "gid://shopify/Location/77"}


def test_what_the_template_shows_in_comments_is_right_too(load: Callable[..., Settings]) -> None:
    """Every line that shows a key can be uncommented as it stands."""
    text = re.sub(r"(?m)^#(?=[\[a-z])", "", filled())
    settings = load(text)
    assert settings.folders[0].name == "edi"
    assert settings.simulation is not None
    assert settings.people[0].name == "Ada"
    assert settings.two_persons_above == Money.of("1000.00", "USD")


def test_every_key_is_in_the_template() -> None:
    """A key that nobody can read about does not exist."""

    def keys(model: type[BaseModel]) -> set[str]:
        return {field.alias or name for name, field in model.model_fields.items()}

    tables = _shown_tables()
    assert set(tables) == keys(Settings) | {"agreements", "fences", "reports", "direct_fulfillment"}
    for name, model in _tables().items():
        for key in keys(model):
            assert key in tables or re.search(rf"(?m)^#? ?{key} = ", tables[name]), (
                f"[{name}] {key} is not in the template"
            )


def _shown_tables() -> dict[str, str]:
    """The lines of each table of the template, by its name."""
    return {
        re.sub(r"[^a-z_]", "", name.split(".")[-1]): body
        for name, body in re.findall(r"(?ms)^#?\[+([a-z_.]+)\]+\n(.*?)(?=^#?\[|\Z)", template())
    }


def _tables() -> dict[str, type[BaseModel]]:
    found: dict[str, type[BaseModel]] = {"fences": FenceSettings}
    for name, field in (*AccountSettings.model_fields.items(), *Settings.model_fields.items()):
        for part in (field.annotation, *getattr(field.annotation, "__args__", ())):
            if isinstance(part, type) and issubclass(part, BaseModel):
                found[field.alias or name] = part
    return found


def test_what_the_template_shows_as_left_out_is_what_holds_then(load: Callable[..., Settings]) -> None:
    """The defaults in the comments of an agreement and a worker are the true ones."""
    terms, worker = load(filled()).accounts[0].agreements[0], load(filled()).worker
    for name_of_table, table in (("agreements", terms), ("worker", worker)):
        shown = dict(re.findall(r"(?m)^#([a-z_]+) = (.+)$", _shown_tables()[name_of_table]))
        for name, field in type(table).model_fields.items():
            if name in shown and not field.is_required() and field.default is not None and name != "time_zone":
                default = list(field.default) if isinstance(field.default, tuple) else field.default
                assert shown[name].strip('"').removesuffix(".00") == str(default).lower(), name


def test_every_field_of_an_agreement_can_be_set(load: Callable[..., Settings]) -> None:
    """Nothing of the domain's agreement is out of the merchant's reach, and each key arrives in its field."""
    lines = """
        sells_by_pack = false
        cost_tolerance = 0.005
        cost_tolerance_percent = 1.5
        absurd_factor = 3
        absurd_floor_eaches = 77
        buffer_eaches = 5
        buffer_percent = 2.5
        buffer_risk_percent = 0.1
        fences = [{ skus = ["A-*"], wholesale_most = "40 %", circular_keeps = "12", season = "10-01 to 01-15" }]
        shortfall = "reject"
        backorder_days = 9
        acknowledge_within_hours = 20
        acknowledge_margin_hours = 1.5
        amend_within_hours = 40
        fallback = "reject"
        fallback_words = "We would rather reject than be late."
        company_location = "gid://shopify/CompanyLocation/4"
        inventory_warehouse = "WH1"
        owner = "Ada"
        items_shipped = "sold"
        items_released = "unavailable"
        items_returned = "available"
        books_revenue = true
        credit_notes = ["returns"]
        time_zone = "America/New_York"
        valid_from = 2026-02-01
        valid_to = 2026-03-01
    """
    text = filled().replace('ship_from = "warehouse"', 'ship_from = "warehouse"\n' + lines, 1)
    terms = load(text).partners[0].agreements[0]
    plain = Agreement("", "ABCDE", "EUR", CostBasis.CASE, "", "")
    set_apart = {f.name for f in dataclasses.fields(Agreement) if getattr(terms, f.name) != getattr(plain, f.name)}
    assert set_apart | {"vendor_code"} == {f.name for f in dataclasses.fields(Agreement)} - {"version", "approved_by"}
    assert terms.cost_tolerance == Decimal("0.005")
    assert terms.acknowledge_margin == timedelta(minutes=90)
    assert terms.fallback is Fallback.REJECT
    assert terms.fences[0].covers("A-1", date(2026, 12, 24)) and not terms.fences[0].covers("A-1", date(2026, 6, 1))
    assert (terms.valid_from, terms.valid_to) == (date(2026, 2, 1), date(2026, 3, 1))


def test_all_complaints_come_at_once(load: Callable[..., Settings]) -> None:
    """One run names the unknown key, the missing one, the wrong value and the name that leads nowhere, each with its place."""
    text = filled()
    text = text.replace('currency = "USD"', 'curency = "USD"').replace('region = "na"', 'region = "us"')
    text = text.replace('shop = "main-shop"', 'shop = "main-shp"').replace(
        "\n[worker]\n", "\n[worker]\nconcurrency = 0\n"
    )
    text = text.replace('"gid://shopify/Location/77"', "77")
    said = complaint(load, text)
    assert "trueup.toml: 6 things to mend." in said
    assert 'partners[1 "amazon-us"].agreements[1 "ABCDE"].curency: is not a key; did you mean \'currency\'?' in said
    assert 'partners[1 "amazon-us"].agreements[1 "ABCDE"].currency: expected an ISO 4217 code' in said
    assert 'partners[1 "amazon-us"].region: expected "na", "eu" or "fe", found \'us\'.' in said
    assert "shop 'main-shp' is not among [[shops]]; did you mean 'main-shop'?" in said
    assert "worker.concurrency: expected a whole number from 1 to 64, found 0." in said
    assert "locations.warehouse: expected names and ids such as" in said


@pytest.mark.parametrize("key", ["client_secret", "refresh_token"])
def test_a_secret_in_the_file_is_refused_and_not_shown(load: Callable[..., Settings], key: str) -> None:
    """A literal secret is answered by what to do, and appears neither in the message nor in the traceback with its causes."""
    literal = "Atza|literal-secret-nobody-may-see"
    text = re.sub(rf'(?m)^{key} = "env:AMAZON.*$', f'{key} = "{literal}"', filled())
    with pytest.raises(ConfigurationError) as caught:
        load(text)
    told = "".join(traceback.format_exception(caught.value, chain=True))
    assert f'partners[1 "amazon-us"].{key}: expected a reference to a secret' in told
    assert 'write "env:ITS_NAME"' in told
    assert "literal-secret" not in told
    assert caught.value.__cause__ is None


def test_a_misspelt_secret_is_not_shown_either(load: Callable[..., Settings]) -> None:
    """An unknown key is named; its value is not, since it may be a secret."""
    said = complaint(
        load, filled().replace("client_secret", "client_sercet", 1).replace("env:AMAZON_CLIENT_SECRET", "hush")
    )
    assert "client_sercet: is not a key; did you mean 'client_secret'?" in said
    assert "hush" not in said


def test_secrets_come_from_the_environment_a_file_or_the_database(
    load: Callable[..., Settings], tmp_path: Path
) -> None:
    """All three references give the secret itself, without the line end of a file."""
    (tmp_path / "token").write_text("from-a-file\n", encoding="utf-8")
    text = (
        filled().replace("env:AMAZON_REFRESH_TOKEN", "file:token").replace("env:SHOPIFY_CLIENT_SECRET", "sealed:shop")
    )
    settings = load(text, sealed=lambda name: Secret(f"from-the-database-{name}"))
    account, shop = settings.accounts[0], settings.shops[0]
    assert account.client_secret is not None and account.client_secret.reveal() == "amazon-secret-words"
    assert account.refresh_token is not None and account.refresh_token.reveal() == "from-a-file"
    assert shop.client_secret is not None and shop.client_secret.reveal() == "from-the-database-shop"


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("env:NOT_SET", "environment variable NOT_SET is not set"),
        ("env:", "names nothing after 'env:'"),
        ("file:missing", "cannot be read (No such file or directory)"),
        ("sealed:missing", "no secret 'missing' is sealed in the database"),
    ],
)
def test_a_reference_to_no_secret_says_where_it_looked(
    load: Callable[..., Settings], reference: str, words: str
) -> None:
    """A secret that is not there is a complaint with its place, never an empty secret."""
    assert words in complaint(load, filled().replace("env:AMAZON_CLIENT_SECRET", reference))


def test_no_secret_shows_in_the_settings(load: Callable[..., Settings]) -> None:
    """Settings can be printed, logged and dumped."""
    settings = load(filled(), {"TRUEUP_INSTALLATION_DATABASE": "postgresql://trueup:hush-hush@db/trueup"})
    assert settings.installation.database is not None
    assert settings.installation.database.reveal() == "postgresql://trueup:hush-hush@db/trueup"
    shown = f"{settings!r} {settings} {settings.model_dump()!r}"
    assert "secret-words" not in shown and "hush-hush" not in shown


def test_the_environment_overrules_the_file(load: Callable[..., Settings]) -> None:
    """A container can be told without another file."""
    settings = load(filled(), {"TRUEUP_WORKER_CONCURRENCY": "8", "TRUEUP_INSTALLATION_DATA": "elsewhere"})
    assert settings.worker.concurrency == 8
    assert settings.installation.data.name == "elsewhere"
    assert settings.installation.data.is_absolute()


def test_a_misspelt_variable_is_refused(load: Callable[..., Settings]) -> None:
    """A variable in our name that means nothing is a mistake, and is named as a variable; others are none of our business."""
    said = complaint(load, filled(), {"TRUEUP_WORKER_CONCURENCY": "8"})
    assert "TRUEUP_WORKER_CONCURENCY: is not a key; did you mean 'concurrency'?" in said
    load(filled(), {"TRUEUP_MASTER_KEY": "x", "TRUEUP_WORKERS": "y"})


@pytest.mark.parametrize(
    ("database", "words"),
    [
        ("postgresql://trueup:hush@db/trueup", "holds a password; put the whole URL into the environment"),
        ("mysql://db/trueup", "Trueup keeps its data in PostgreSQL 15 or newer alone"),
        ("my database", "found neither"),
    ],
)
def test_a_database_is_embedded_or_postgresql(load: Callable[..., Settings], database: str, words: str) -> None:
    """Anything else is refused, a password in the file too, and the password is not repeated."""
    said = complaint(load, filled().replace('#database = "embedded"', f'database = "{database}"'))
    assert words in said
    assert "hush" not in said


def test_the_database_is_known_before_all_else_is_right(tmp_path: Path) -> None:
    """Looking at cases needs neither the accounts' secrets nor a flawless file: the foundation alone is read."""
    path = tmp_path / "trueup.toml"
    path.write_text(filled().replace('#data = "data"', 'data = "data"'), encoding="utf-8")
    foundation = load_foundation(path, {})
    assert foundation.installation.database is None
    assert foundation.master_key_file == tmp_path / "data" / "master.key"
    path.write_text('[installation]\ndatabase = "sealed:url"\n', encoding="utf-8")
    with pytest.raises(ConfigurationError, match="cannot be sealed in the database, which is not open yet"):
        load_foundation(path, {})


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('cost_basis = "each"', 'cost_basis = "pack"', "found 'pack'"),
        ('cost_basis = "each"', "", "cost_basis: expected"),
        ('cost_basis = "each"', 'cost_basis = "each"\nfallback = "reject"', "fallback 'reject' rejects lines for ever"),
        ('cost_basis = "each"', 'cost_basis = "each"\nacknowledge_margin_hours = 30', "acknowledge_margin"),
        ('cost_basis = "each"', 'cost_basis = "each"\nbackorder_days = true', "expected a number, found true"),
        ('ship_from = "warehouse"', 'ship_from = "cellar"', "ship_from 'cellar' is not among locations of shop"),
        ('routes = ["sp-api"]', 'routes = ["sp-api", "edi"]', "route edi also needs folder"),
        ('routes = ["sp-api"]', 'routes = ["sp-api"]\nfolder = "edi"', "folder 'edi' is not among [[folders]]"),
        ('client_id = "amzn1', '#client_id = "amzn1', "route sp-api also needs client_id"),
        ('vendor_codes = ["ABCDE"]', 'vendor_codes = ["ABCDE", "FGHIJ"]', "FGHIJ has no [[partners.agreements]]"),
        ('client_id = "0123', '#client_id = "0123', "either client_id and client_secret"),
        ('roles = ["admin"', 'roles = ["boss"', "found 'boss'"),
        (
            "\n[worker]\n",
            '\n[worker]\n[simulation]\namazon_url = "https://amazon.com"\nshopify_url = "x"',
            "a simulator on this",
        ),
        (
            "\n[worker]\n",
            '\n[[people]]\nname = "Ada"\nroles = ["finance"]\n[worker]\n',
            "people: 2 have the name 'Ada'",
        ),
        ("\n[worker]\n", '\n[[folders]]\nname = "amazon-us"\nin = "x"\n[worker]\n', "2 have the name 'amazon-us'"),
        (
            'routes = ["sp-api"]',
            'routes = ["edi"]\nfolder = "edi"\n[[folders]]\nname = "edi"\nin = "x"\n[[partners]]',
            "folder 'edi' needs both `in` and `out`",
        ),
        (
            "\n[worker]\n",
            '\n[[signals]]\nname = "rentals"\nsecret = "env:AMAZON_CLIENT_SECRET"\nabout = "main-shp"\n[worker]\n',
            "signal 'rentals': about 'main-shp' is not among the names of partners, shops, circular and folders; did you mean",
        ),
        ("\n[archive]\n", 'two_persons_above = "1000"\n[archive]\n', "expected an amount and its currency"),
        ("\n[archive]\n", 'two_persons_above = "1000.001 USD"\n[archive]\n', "expected an amount and its currency"),
        ("\n[installation]\n", "\n[instalation]\n", "instalation: is not a key; did you mean 'installation'?"),
        ('name = "Example Goods"', 'name = "Example Goods"\nname = "Other"', "not TOML"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(
    load: Callable[..., Settings], old: str, new: str, words: str
) -> None:
    """Each mistake is named by its place and what was expected."""
    assert old in filled()
    assert words in complaint(load, filled().replace(old, new, 1))


def test_terms_may_follow_each_other_but_not_overlap(load: Callable[..., Settings]) -> None:
    """Dated terms meet on a day; two in force at once would be a guess."""
    second = filled().split("[[partners.agreements]]")[1].split("# A Shopify shop")[0]

    def two(first_ends: str) -> str:
        ended = filled().replace("#valid_to = 2099-01-01", f"valid_to = {first_ends}", 1)
        later = "[[partners.agreements]]" + second.replace("#valid_from = 2000-01-01", "valid_from = 2026-07-01")
        return ended.replace("# A Shopify shop", later + "\n# A Shopify shop")

    assert len(load(two("2026-07-01")).partners[0].agreements) == 2
    assert "two agreements with ABCDE are in force at once" in complaint(load, two("2026-07-02"))


def test_the_shop_s_company_location_holds_where_an_agreement_names_none(load: Callable[..., Settings]) -> None:
    """It is said once for a shop, not once for a vendor code."""
    head, shops = filled().split("[[shops]]")
    shops = shops.replace("#company_location", "company_location")
    assert (
        load(f"{head}[[shops]]{shops}").partners[0].agreements[0].company_location == "gid://shopify/CompanyLocation/1"
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff\xfe[", "byte 0 is not UTF-8"),
        (b"[installation\nname", "at line 1, column 14"),
        (b'name = "x"\nname = "y"', "not TOML"),
        (b"a = " + b"[" * 100_000, "not TOML"),
        (b"#" * 1_000_001, "at most 1000000"),
    ],
)
def test_a_file_that_is_no_settings_says_why(tmp_path: Path, content: bytes, words: str) -> None:
    """Not text, not TOML, or no settings by its size: one sentence with the place."""
    path = tmp_path / "trueup.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=re.escape(words)):
        load_settings(path, {}, nothing_sealed)


def test_a_missing_file_names_the_command_that_writes_it(tmp_path: Path) -> None:
    """The first error of a new user tells what to do."""
    with pytest.raises(ConfigurationError, match=r"trueup\.toml: there is no such settings file; `trueup init`"):
        load_settings(tmp_path / "trueup.toml", {}, nothing_sealed)


def test_settings_cannot_be_changed(load: Callable[..., Settings]) -> None:
    """What was read holds until the next start."""
    with pytest.raises(ValidationError):
        load(filled()).worker.concurrency = 2
