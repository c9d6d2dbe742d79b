"""What Amazon charges beside claims: chargebacks, co-op agreements, allowances, returns, price protection, audits, tax kept."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from random import Random

from trueup.simulation.remittances import causes
from trueup.simulation.remittances.causes import TREATMENT, percent_of
from trueup.simulation.remittances.invoicing import Issuer, Order
from trueup.simulation.remittances.records import Line

_CO_OP_WORDS = ("Vine enrolment", "Coupon redemption", "Straight payment agreement", "Merchandising placement")
_SMALL_CHARGES = ("Overage", "Prep: bagging", "Carton content label", "PO on-time accuracy")
_RATED_CHARGES = (("ASN accuracy", causes.ASN_PERCENT), ("Routing", causes.ROUTING_PERCENT))
_CODES = (("79", "co-op"), ("70", "chargeback"), ("72", "return"), ("59", "shortage-claim"))
"""X12 adjustment reason codes of standalone adjustments, with what each is."""


def charge(cause: str, reference: str, paid: int, description: str) -> Line:
    """A line of a cause, of which nothing more is to be said."""
    return Line(reference, paid, cause, TREATMENT[cause], gross=paid, description=description)


def chargeback(chance: Random, issuer: Issuer) -> Line:
    """A vendor chargeback: small and without a documented rate, or a rated percentage of a purchase order."""
    reference = f"{chance.randint(100_000_000, 9_999_999_999)}VCBSINV"
    if issuer.recent and chance.random() < 0.25:
        words, percent = chance.choice(_RATED_CHARGES)
        return rated_chargeback(reference, chance.choice(issuer.recent), words, percent)
    line = charge("chargeback", reference, -chance.randint(180, 1_900), chance.choice(_SMALL_CHARGES))
    line.words = ("Financial Debit Note Invoice", "Others")
    return line


def rated_chargeback(reference: str, order: Order, words: str, percent: Decimal) -> Line:
    """A chargeback whose rate is agreed: so much of the order's value."""
    fair = -percent_of(order.value, percent)
    line = charge("chargeback", reference, fair, f"{words}/{order.number}")
    line.purchase_order, line.expected = order.number, fair
    line.words = ("Financial Debit Note Invoice", "Others")
    return line


def agreement_number(chance: Random) -> str:
    """The number of a co-op agreement's invoice."""
    return f"{chance.randint(1000, 9999)}-{chance.randint(10**9, 10**10 - 1)}"


def weekly(chance: Random, issuer: Issuer, day: date) -> list[Line]:
    """What is charged once a week on what was invoiced the week before, at agreed rates; the line says of which days."""
    first = day - timedelta(days=day.weekday() + 7)
    net, span = issuer.invoiced_net[first], f"{first} to {first + timedelta(days=6)}"
    rows = (
        ("co-op", "Base accrual", causes.CO_OP_PERCENT, "COOP – Service agreement"),
        ("damage-allowance", "Damage allowance", causes.DAMAGE_PERCENT, "COOP – Service agreement"),
    )
    lines = []
    for cause, name, percent, words in rows:
        fair = -percent_of(net, percent)
        line = charge(cause, agreement_number(chance), fair, f"{name} {span}")
        line.expected, line.words = fair, ("Financial Debit Note Invoice", words)
        lines.append(line)
    return [line for line in lines if line.paid]


def unrated(chance: Random) -> list[Line]:
    """Agreements and claims that come now and then, none with a rate that is documented."""
    lines = []
    for _ in range(chance.choice((0, 0, 1, 1, 2))):
        line = charge("co-op", agreement_number(chance), -chance.randint(2_000, 90_000), chance.choice(_CO_OP_WORDS))
        line.words = ("Financial Debit Note Invoice", "COOP")
        lines.append(line)
    if chance.random() < 0.15:
        cause, words = chance.choice(
            (("freight-allowance", "Freight allowance"), ("defect-allowance", "Defect allowance"))
        )
        line = charge(cause, agreement_number(chance), -chance.randint(1_000, 30_000), words)
        line.words = ("Financial Debit Note Invoice", "COOP – Service agreement")
        lines.append(line)
    if chance.random() < 0.08:
        words = "Price protection agreement"
        lines.append(
            charge(
                "price-protection", f"IPAPUS{chance.randint(10**6, 10**7 - 1)}", -chance.randint(2_000, 60_000), words
            )
        )
    if chance.random() < 0.08:
        form = chance.choice(("APAUDIT{}", "RSS{}", "IPAP-{}", "AUDCNLY{}"))
        words = "Post audit claim"
        lines.append(
            charge("audit-claim", form.format(chance.randint(10**6, 10**7 - 1)), -chance.randint(5_000, 90_000), words)
        )
    if chance.random() < 0.08:
        reference = f"{chance.randint(10**7, 10**8 - 1)}HPA26"
        lines.append(charge("amazon-invoice", reference, -chance.randint(1_000, 20_000), "DFP for AR Invoice"))
    return lines


def returned_goods(chance: Random, issuer: Issuer) -> list[Line]:
    """Goods sent back to the vendor, in India with a note for the freight."""
    lines = []
    for _ in range(chance.choice((0, 0, 1, 1, 2))):
        number = chance.randint(10**9, 10**11)
        reference = f"{number}_{chance.randint(1000, 9999)}"
        line = charge("return", reference, -chance.randint(900, 45_000), f"VRET {number}")
        line.words = ("Financial Debit Note Invoice", "Product returns")
        lines.append(line)
        if issuer.market.name == "IN" and chance.random() < 0.5:
            note = f"VENDOR-{number}-BOM5-L-{chance.randint(1, 999):03d}"
            freight = charge("return-freight", note, -chance.randint(200, 4_000), f"VRET {number} freight")
            freight.words = ("GST Debit Note", "Others")
            lines.append(freight)
    return lines


def adjustments(chance: Random) -> list[Line]:
    """Standalone adjustments of an X12 820: a reason code and an amount beside the lines."""
    lines = []
    for _ in range(chance.choice((0, 1, 1, 2))):
        code, cause = chance.choice(_CODES)
        line = charge(cause, f"ADJ{chance.randint(10**6, 10**7 - 1)}", -chance.randint(500, 20_000), "")
        line.code, line.standalone = code, True
        lines.append(line)
    return lines
