"""The operations of Amazon's two finance APIs for vendors, and the ids of its marketplaces.

Nothing is published on roles, usage plans and regions: both APIs are asked whether they answer, and the rates are cautious.
Sources: the model financesInvoices_2026-06-25 and the official client package (finance_remittance_v2026_03_17); Amazon's page of
marketplace ids.
"""

from __future__ import annotations

from trueup.base.errors import ConfigurationError
from trueup.connectors.amazon_vendor.operations import Operation

FINANCE_ROLES = "Finance and Accounting (Amazon's published documents name none for it; ask for it if it is refused)"
_REMITTANCES = "/finances/remittances/2026-03-17/remittances"
_INVOICES = "/finances/invoices/2026-06-25/invoices"

GET_REMITTANCE_HEADERS = Operation("getRemittanceHeaders", "GET", _REMITTANCES, 1, 10, FINANCE_ROLES)
GET_REMITTANCE = Operation("getRemittance", "GET", f"{_REMITTANCES}/{{}}", 1, 10, FINANCE_ROLES)
GET_INVOICE_HEADERS = Operation("getInvoiceHeaders", "GET", _INVOICES, 1, 10, FINANCE_ROLES)
GET_INVOICE = Operation("getInvoice", "GET", f"{_INVOICES}/{{}}", 1, 10, FINANCE_ROLES)

MARKETPLACES = {
    "US": "ATVPDKIKX0DER",
    "CA": "A2EUQ1WTGCTBG2",
    "MX": "A1AM78C64UM0Y8",
    "BR": "A2Q3Y263D00KWC",
    "IE": "A28R8C7NBKEWEA",
    "ES": "A1RKKUPIHCS9HS",
    "UK": "A1F83G8C2ARO7P",
    "FR": "A13V1IB3VIYZZH",
    "BE": "AMEN7PMS3EDWL",
    "NL": "A1805IZSGTT6HS",
    "DE": "A1PA6795UKMFR9",
    "IT": "APJ6JRA9NG5V4",
    "SE": "A2NODRKZP88ZB9",
    "PL": "A1C3SOZRARQ6R3",
    "ZA": "AE08WJ6YKNBMC",
    "EG": "ARBP9OOSHTCHU",
    "TR": "A33AVAJ2PDY3EV",
    "SA": "A17E79C6D8DWNP",
    "AE": "A2VIGQ35RCS4UG",
    "IN": "A21TJRUUN4KGV",
    "SG": "A19VAU5U5O7RUS",
    "AU": "A39IBJ37TRP1C6",
    "JP": "A1VC38T7YXB528",
}
"""Amazon's id of a store by its country."""


def marketplace_id(connection: str, marketplace: str) -> str:
    """Amazon's id of a store that is named by its country or that id. Raises ConfigurationError for anything else."""
    found = MARKETPLACES.get(marketplace.upper(), marketplace)
    if len(found) < 10 or not found.isascii() or not found.isalnum() or not found.isupper():
        known = ", ".join(MARKETPLACES)
        raise ConfigurationError(
            f"Connection {connection}: marketplace {marketplace!r}; expected one of {known}, or its id."
        )
    return found
