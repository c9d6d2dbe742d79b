"""Help for the JSON of Amazon's vendor APIs: orders, their status, transactions; the finance APIs; reports."""

from __future__ import annotations

from trueup.formats.finding_help.help import Help, Table, of_source

_AGAIN = "Ask Amazon for the document again; if it says the same, it is a question for their support, with this place."
_JSON = of_source(
    "RFC 8259 (JSON) and Amazon's published model of the reply, in which the element's type stands",
    {
        "unreadable": Help("A part cannot be decoded.", "JSON of the published model, in UTF-8.", _AGAIN),
        "missing": Help(
            "A member is not there, and nothing can stand for it.",
            "The member, with a value of the type of the published model.",
            "What hangs on it is left out. " + _AGAIN,
        ),
        "not-an-object": Help("Something else stands where an object must.", "An object in { }.", _AGAIN),
        "not-an-array": Help("Something else stands where a list must.", "An array in [ ].", _AGAIN),
        "not-text": Help("Something else stands where text must.", "Text in quotation marks.", _AGAIN),
        "number-for-text": Help(
            "A number stands where text is expected.",
            "Text in quotation marks.",
            "It is taken as written. Leading zeros may be lost: compare it with the buyer's own view.",
        ),
        "not-whole": Help("A number is not whole, or is no number.", "A whole number, in digits.", _AGAIN),
        "not-a-boolean": Help("Something else stands where yes or no must.", "true or false.", _AGAIN),
        "not-a-time": Help("A time cannot be read.", "ISO 8601, such as 2026-11-23T10:00:00Z.", _AGAIN),
        "impossible-time": Help("A time lies in a year that cannot be meant.", "A year that is near.", _AGAIN),
        "no-zone": Help(
            "A time names no zone.",
            "ISO 8601 with Z or an offset, such as 2026-11-23T10:00:00Z.",
            "It is read as UTC. Look whether a deadline is some hours off.",
        ),
        "unknown-value": Help(
            "A word is none of those that the published model lists.",
            "One of the words of the model, as the message or the element's description has them.",
            "It is taken for unknown. If Amazon has a new word, it is to be added here.",
        ),
        "zero-byte": Help("A text holds a zero byte.", "Text without control characters.", _AGAIN),
    },
)
_ORDERS = of_source(
    "Amazon's published model vendorOrders.json (getPurchaseOrders, getPurchaseOrdersStatus)",
    {
        "no-details": Help("An order has no orderDetails.", "orderDetails with the order's lines.", _AGAIN),
        "no-lines": Help("An order has no line.", "items: one line at least.", "Nothing is promised. " + _AGAIN),
        "not-a-number": Help(
            "A purchase order's number is none.", "purchaseOrderNumber: letters and digits, eight mostly.", _AGAIN
        ),
        "line-twice": Help(
            "Two lines of an order have the same number.",
            "Every itemSequenceNumber once in its order.",
            "The order is left out: an answer to that number could mean either. " + _AGAIN,
        ),
        "unknown-unit": Help(
            "The unit of a quantity is none that is known.",
            "unitOfMeasure: Cases or Eaches.",
            "Ask the buyer: between a case and an each lies the size of the case.",
        ),
        "other-unit": Help(
            "A status is told in another unit than its line was ordered in.",
            "unitOfMeasure as the order has it.",
            "It could not be converted and is left out. Compare the order with Vendor Central.",
        ),
        "not-a-size": Help(
            "The size of a case is none.",
            "unitSize: a whole number of eaches, 1 at least.",
            "Of a case, what it stands in is left out; of an each it does not matter. Ask the buyer.",
        ),
        "not-a-quantity": Help("A quantity cannot be one.", "amount: a whole number, zero or more.", _AGAIN),
        "negative": Help("A quantity is below zero.", "amount: zero or more.", "It is not used. " + _AGAIN),
        "not-an-amount": Help(
            "An amount of money cannot be read.",
            'A decimal in quotation marks, such as "12.50", and a currency of three letters.',
            _AGAIN,
        ),
        "no-cost": Help(
            "A line says no cost.",
            "netCost: an amount and its currency.",
            "The agreed cost is used, and the line is held where there is none.",
        ),
        "two-price-units": Help(
            "Net cost and list price of a line are for different units.",
            "One unit for both.",
            "The order is left out: the cost of a case could be taken for that of an each. Ask the buyer.",
        ),
        "priced-by-weight": Help(
            "A line is priced by weight.",
            "A price by each or by case.",
            "It is held for a person: ask the buyer for a price by each.",
        ),
        "not-a-window": Help(
            "A window of time cannot be read.",
            "start--end, such as 2026-11-23T08:00:00Z--2026-11-30T08:00:00Z.",
            "The order is left out: nobody knows when it is due. " + _AGAIN,
        ),
        "odd-window": Help(
            "A window is written in another way than the model has.",
            "start--end in ISO 8601.",
            "It is taken for whole days. Compare them with Vendor Central.",
        ),
        "window-backwards": Help(
            "A window ends before it begins.",
            "The start before the end.",
            "Ask the buyer which days they mean before anything is planned by it.",
        ),
    },
)
_FINANCE = of_source(
    "Amazon's published models of the finance APIs (financesInvoices_2026-06-25.json; the remittance client package)",
    {
        "not-a-day": Help("A day cannot be read.", "ISO 8601, such as 2026-11-23.", _AGAIN),
        "other-currency": Help(
            "An amount is in another currency than the rest of its document.",
            "One currency for a payment, an invoice or a row.",
            "It is left out: currencies are never added. " + _AGAIN,
        ),
        "other-invoice": Help("A page belongs to another invoice.", "Pages of one invoice.", "Fetch the invoice anew."),
        "other-payment": Help("A page belongs to another payment.", "Pages of one payment.", "Fetch the payment anew."),
        "more-pages": Help(
            "The document goes on, and its next page is not here.",
            "All pages, until no next token is told.",
            "Fetch it whole; half a payment is none.",
        ),
        "line-count-differs": Help(
            "There are more or fewer lines than the payment says.",
            "lineItemCount lines.",
            "Fetch the payment again: lines may be lost.",
        ),
        "not-a-rate": Help("A rate cannot be read.", "A decimal above zero.", "It is left out; the amounts stand."),
    },
)
_REPORTS = of_source(
    "Amazon's published schemas of vendor retail analytics reports",
    {
        "impossible": Help("A period ends before it begins.", "The begin before the end.", _AGAIN),
        "totals-differ": Help(
            "The rows add up to something else than the report's own totals.",
            "The totals of the report, which are of all its rows.",
            "Both are kept. Ask for the report again: Amazon revises figures for some days.",
        ),
    },
)
AMAZON_VENDOR: Table = {**_JSON, **_ORDERS}
AMAZON_FINANCE: Table = {**_JSON, **_FINANCE, "not-an-amount": _ORDERS["not-an-amount"]}
VENDOR_REPORTS: Table = {**_JSON, **_REPORTS, "other-currency": _FINANCE["other-currency"]}
