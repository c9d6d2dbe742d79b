"""What a field may hold, in words, where no grammar says it: columns of tables, members of JSON and elements of XML."""

from __future__ import annotations

from collections.abc import Mapping

from trueup.formats.finding_help.message_fields import FIELDS

_DAY = "a day as 2026-11-23, or in the order of day and month that the file's other days show"
_MONEY = "an amount with one decimal mark and no currency sign, such as 1204.50"
_CURRENCY = "three letters of ISO 4217, such as USD"
_UNITS = "a whole number of eaches"
_TIME = "a time of ISO 8601, such as 2026-11-23T10:00:00Z"
_WINDOW = "start--end in ISO 8601"
_AMOUNT = 'a decimal in quotation marks, such as "12.50"'

_ITEMS = {
    "sku": "our number of the product; must be there",
    "title": "text",
    "case_size": "eaches in a case, a whole number from 1",
    "gtin": "8, 12, 13 or 14 digits with the check digit of GS1",
    "declared_source": "the name of who counts it, as trueup.toml has it",
    "obsolete": "yes or no",
    "vendor_code": "one of our vendor codes: capital letters and digits, at most 20",
    "asin": "B and nine letters or digits, or an ISBN-10",
    "vendor_product_id": "the number by which the buyer orders it",
    "cost": _MONEY,
    "currency": _CURRENCY,
}
_INVOICES = {
    "number": "the invoice's number; must be there",
    "partner": "the partner's name in trueup.toml",
    "payee": "the vendor code that is paid",
    "issued": _DAY,
    "due": _DAY,
    "currency": _CURRENCY,
    "total": _MONEY,
    "tax": _MONEY,
    "purchase_order": "the number of the buyer's order",
    "credits": "the invoice that this one credits",
    "line": "a whole number from 1, each once in its invoice",
    "sku": "our number of the product",
    "asin": "B and nine letters or digits, or an ISBN-10",
    "quantity": _UNITS,
    "price": _MONEY,
    "amount": _MONEY,
}
_SHIPMENTS = {
    "kind": "shipped, delivered or received; must be there",
    "purchase_order": "the number of the buyer's order",
    "invoice": "the invoice's number",
    "sku": "our number of the product",
    "quantity": f"{_UNITS}, zero or more",
    "day": f"{_DAY}; must be there",
    "carrier": "text",
    "tracking": "the carrier's number",
    "document": "the name of the paper that proves it",
}
_COUNTS = {
    "sku": "our number of the product; must be there",
    "location": "the name of a place in trueup.toml; must be there",
    "on_hand": f"{_UNITS}, zero or more; must be there",
}
_BANK = {
    "booked_on": f"{_DAY}; must be there",
    "value_on": _DAY,
    "amount": f"{_MONEY}; below zero for money that went out",
    "debit": f"{_MONEY}, of money that went out",
    "credit": f"{_MONEY}, of money that came in",
    "direction": "credit or debit",
    "currency": _CURRENCY,
    "account": "the account's number or IBAN",
    "payer": "text",
    "text": "text",
    "bank_reference": "the bank's own number of the movement",
}
_PORTAL = {
    "payment number": "the number of the payment, all its digits",
    "payment date": _DAY,
    "payment amount": _MONEY,
    "payment currency": _CURRENCY,
    "payment status": "a word of the portal, such as Paid or In progress",
    "invoice number": "the number of the invoice, credit or claim",
    "invoice date": _DAY,
    "invoice amount": _MONEY,
    "invoice currency": _CURRENCY,
    "amount paid": _MONEY,
    "net amount paid": _MONEY,
    "terms discount taken": _MONEY,
    "withholding amount": _MONEY,
    "description": "text",
}
_ORDERS = {
    "purchaseOrderNumber": "letters and digits, each once",
    "purchaseOrderState": "New, Acknowledged or Closed",
    "purchaseOrderDate": _TIME,
    "purchaseOrderChangedDate": _TIME,
    "purchaseOrderStateChangedDate": _TIME,
    "purchaseOrderType": "RegularOrder, ConsignedOrder, NewProductIntroduction or RushOrder",
    "paymentMethod": "Invoice, Consignment, CreditCard or Prepaid",
    "dealCode": "text",
    "shipWindow": _WINDOW,
    "deliveryWindow": _WINDOW,
    "partyId": "a code of the buyer's, such as that of a vendor or a place",
    "itemSequenceNumber": "digits, each once in its order",
    "amazonProductIdentifier": "an ASIN: ten letters or digits",
    "vendorProductIdentifier": "our number of the product, a GTIN mostly",
    "isBackOrderAllowed": "true or false",
    "amount": f"{_AMOUNT} for money; a whole number for a quantity",
    "currencyCode": _CURRENCY,
    "unitOfMeasure": "Cases or Eaches; a price may be by weight",
    "unitSize": "eaches in a case, a whole number from 1",
    "purchaseOrderStatus": "OPEN or CLOSED",
    "confirmationStatus": "ACCEPTED, PARTIALLY_ACCEPTED, REJECTED or UNCONFIRMED",
    "receiveStatus": "NOT_RECEIVED, PARTIALLY_RECEIVED or RECEIVED",
    "acknowledgementDate": _TIME,
    "lastReceiveDate": _TIME,
}
_OF_FORMATS: dict[str, dict[str, str]] = {
    "item-master": _ITEMS,
    "invoices": _INVOICES,
    "shipments": _SHIPMENTS,
    "stock-counts": _COUNTS,
    "bank-csv": _BANK,
    "amazon-portal-export": _PORTAL,
    "amazon-vendor-orders": _ORDERS,
    "amazon-vendor-order-status": _ORDERS,
}


def allowed_in(format_name: str, field: str) -> str:
    """What a column or member of a format may hold; "" where nothing is said of it. Names are compared as tables compare them."""
    return next((said for name, said in _fields_of(format_name).items() if _plain(name) == _plain(field)), "")


def _fields_of(format_name: str) -> Mapping[str, str]:
    """What is said of a format; of a family of formats, of all of them."""
    known = _OF_FORMATS.get(format_name)
    return known or next((said for begins, said in FIELDS.items() if format_name.startswith(begins)), {})


def _plain(name: str) -> str:
    return "".join(sign for sign in name.lower() if sign not in " _-")
