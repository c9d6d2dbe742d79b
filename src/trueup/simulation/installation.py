"""The demonstration's own trueup.toml: the simulated vendor's accounts, agreements, shop, folder and people, as text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from trueup.simulation import direct_fulfillment as direct
from trueup.simulation.catalogue import TERMS, WAREHOUSE, BuyerTerms
from trueup.simulation.circular import goods
from trueup.simulation.circular.trade_ins import PERCENT
from trueup.simulation.purchase_orders import ABSURD_FLOOR_EACHES

SHOP, SHOP_DOMAIN, SHOP_CLIENT = "riverside-shop", "trueup-demo.myshopify.com", "riverside-trueup"
FOLDER = "edi"
PLACE = "warehouse"
PROGRAMME = "supercycle"
DECIDER, APPROVER, BOOKKEEPER, AUDITOR = "Mara Lindqvist", "Jonas Weber", "Ines Okafor", "Noor Haddad"
PROVIDER_CLIENT = "riverside-id"
_DOMAIN = "riverside.example"
TWO_PERSONS_ABOVE = "20000.00 USD"
SECRETS = ("amazon-us", "amazon-de", "amazon-app", "shopify-app", "supercycle", "supercycle-app")
"""Files in `secrets/`: refresh tokens of the vendor groups, the secrets of the applications, and the key to Supercycle."""

_ACCOUNTS = (("amazon-us", "na"), ("amazon-de", "eu"), ("amazon-edi", "na"))
REPORTED = "amazon-us"
"""The account whose reports on its products are asked for."""
_STORES = {"amazon-us": "US", "amazon-de": "DE"}
"""Accounts with the finance APIs of a marketplace, and a folder for what their portal and bank say."""
_PAID_BY_FILE = (
    ("amazon-uk", "eu", "RIVUK", "GBP"),
    ("amazon-in", "eu", "RIVIN", "INR"),
    ("amazon-ca", "na", "RIVCA", "CAD"),
)
"""Accounts of which only remittances come: name, region, vendor code, currency."""
_WORDS = "We reject what we may not ship later, because this buyer takes no backorders."


CLOCK = "clock"
"""The file that says what time it is there."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the simulators and the console of this run listen, and the shop's ids of its locations by name."""

    amazon: str
    shopify: str
    supercycle: str
    locations: Mapping[str, str]
    data: str
    seed: int
    console: str


def write_settings(addresses: Addresses) -> str:
    """The whole file."""
    parts = [
        "# Written by `trueup demo`: a vendor that does not exist, on simulators. The next demo replaces it.\n",
        _table(
            "installation",
            name="Riverside Wares (demo)",
            data=addresses.data,
            address=addresses.console,
            two_persons_above=TWO_PERSONS_ABOVE,
        ),
    ]
    for name, region in _ACCOUNTS:
        parts.append(_account(name, region))
        parts += [_agreement(terms) for terms in every_terms(name)]
        if name == REPORTED:
            # Thirty days of history, and the last five asked for again each day: so much of Amazon's lateness fits into a week.
            parts.append(_table("[partners.reports]", marketplace="US", late_days=5, back_fill_days=30, shop=SHOP))
        if name == direct.TERMS.partner:
            parts.append(_direct_fulfillment())
    parts += [
        _table(
            "[shops]",
            name=SHOP,
            kind="shopify",
            domain=SHOP_DOMAIN,
            client_id=SHOP_CLIENT,
            client_secret="file:secrets/shopify-app",
        ),
        f'locations = {{ {PLACE} = "{addresses.locations[WAREHOUSE]}" }}\n',
        "publishes_stock = true\n",
        _table("[folders]", name=FOLDER, **{"in": "edi/in", "out": "edi/out", "archive": "edi/done"}),
        # The trading partner names its files only when they are whole.
        "quiet_seconds = 0\n",
        _person(DECIDER, "operations", "e-commerce"),
        _person(APPROVER, "admin", "operations", "finance"),
        _table(
            "simulation",
            amazon_url=addresses.amazon,
            shopify_url=addresses.shopify,
            supercycle_url=addresses.supercycle,
            seed=addresses.seed,
            clock=CLOCK,
        ),
    ]
    return "".join(parts)


def every_terms(partner: str) -> list[BuyerTerms]:
    """What is agreed with each vendor code of a partner, those of the circular programme and of direct fulfillment among them."""
    return [terms for terms in (*TERMS, goods.TERMS, direct.TERMS) if terms.partner == partner]


def write_circular_settings(conditions: Mapping[str, int]) -> str:
    """The circular programme and what is agreed on trade-ins. `conditions`: Supercycle's number of each of its conditions."""
    of = {"good": conditions[goods.USED], "worn": conditions[goods.USED]}
    grades = ", ".join(
        f"{grade} = {{ percent = {percent}{f', condition = {of[grade]}' if grade in of else ''} }}"
        for grade, percent in PERCENT.items()
    )
    return "".join(
        (
            _table(
                "[circular]",
                name=PROGRAMME,
                kind="supercycle",
                shop=SHOP,
                api_key="file:secrets/supercycle",
                currency="USD",
                time_zone="America/New_York",
            ),
            _table("trade_ins", programme=PROGRAMME, shop=SHOP, instrument="gift-card"),
            f"grades = {{ {grades} }}\n",
        )
    )


def inbox_of(partner: str) -> str:
    """The folder in which a partner's remittances and the bank's statements of them are laid down."""
    return f"remittances-{partner.removeprefix('amazon-')}"


def write_finance_settings() -> str:
    """What the books need beside that: accounts that only pay, a folder for each that does, and a person of finance."""
    parts = []
    for name, region, code, currency in _PAID_BY_FILE:
        parts.append(
            _table(
                "[partners]",
                name=name,
                kind="amazon-vendor",
                region=region,
                routes=["edi"],
                folder=inbox_of(name),
                vendor_codes=[code],
            )
        )
        parts.append(_agreement(BuyerTerms(name, code, currency, "each", "edi", Decimal(1))))
    for name in (*_STORES, *(name for name, *_ in _PAID_BY_FILE)):
        place = inbox_of(name)
        parts.append(
            _table("[folders]", name=place, **{"in": f"{place}/in", "out": f"{place}/out", "archive": f"{place}/done"})
        )
        parts.append("quiet_seconds = 0\n")
    parts += [_person(BOOKKEEPER, "finance"), _person(AUDITOR, "auditor")]
    return "".join(parts)


def write_sign_in_settings(issuer: str) -> str:
    """The provider of identities of the vendor's own people. One group there may look; no other stands for anything here."""
    table = _table(
        "sign_in",
        name="Riverside ID",
        issuer=issuer,
        client_id=PROVIDER_CLIENT,
        client_secret=f"file:secrets/{PROVIDER_CLIENT}",
        groups_claim="groups",
    )
    return table + 'roles = { look = ["auditor"] }\n'


def people() -> tuple[str, ...]:
    """Whom the settings name."""
    return (DECIDER, APPROVER, BOOKKEEPER, AUDITOR)


def address_of(name: str) -> str:
    """Somebody's e-mail address at the vendor."""
    return f"{name.partition(' ')[0].lower()}@{_DOMAIN}"


def inboxes() -> dict[str, str]:
    """The folder that each paying partner's files are laid into, below the demonstration's own."""
    return {name: f"{inbox_of(name)}/in" for name in (*_STORES, *(name for name, *_ in _PAID_BY_FILE))}


def _person(name: str, *roles: str) -> str:
    return _table("[people]", name=name, roles=list(roles), email=address_of(name))


def _account(name: str, region: str) -> str:
    codes = [terms.vendor_code for terms in every_terms(name)]
    route = next(terms.route for terms in TERMS if terms.partner == name)
    common = {"name": name, "kind": "amazon-vendor", "region": region, "routes": [route], "vendor_codes": codes}
    if route == "edi":
        return _table("[partners]", **common, folder=FOLDER)
    return _table(
        "[partners]",
        **common,
        folder=inbox_of(name),
        marketplaces=[_STORES[name]],
        client_id="amzn1.application-oa2-client.riverside",
        client_secret="file:secrets/amazon-app",
        refresh_token=f"file:secrets/{name}",
    )


def _agreement(terms: BuyerTerms) -> str:
    more: dict[str, object] = {}
    if terms.vendor_code == "RIVR2":
        more = {"fallback": "backorder-else-reject", "fallback_words": _WORDS}
    agreed = _table(
        "[partners.agreements]",
        vendor_code=terms.vendor_code,
        currency=terms.currency,
        cost_basis=terms.cost_basis,
        shop=SHOP,
        ship_from=PLACE,
        absurd_floor_eaches=ABSURD_FLOOR_EACHES,
        **more,
    )
    if terms == goods.TERMS:
        return f'{agreed}items_returned = "unavailable"\n{_fences()}'
    return agreed


def _direct_fulfillment() -> str:
    return _table(
        "[partners.direct_fulfillment]",
        vendor_code=direct.TERMS.vendor_code,
        warehouse=direct.CODE_OF_WAREHOUSE,
        ship_from=PLACE,
        buffer_eaches=direct.BUFFER,
        every_minutes=direct.EVERY_MINUTES,
    )


def _fences() -> str:
    rented = [each.sku for each in goods.GOODS if each.rented]
    return _table("[partners.agreements.fences]", skus=rented, conditions=[goods.NEW], circular_worth=goods.WORTH)


def _table(heading: str, **keys: object) -> str:
    rows = "".join(f"{name} = {_value(value)}\n" for name, value in keys.items())
    return f"\n[{heading}]\n{rows}"


def _value(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int():
            return str(value)
        case list():
            return "[" + ", ".join(_value(item) for item in value) + "]"
        case _:
            escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
            return f'"{escaped}"'
