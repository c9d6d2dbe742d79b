"""Amazon Vendor's JSON (SP-API Retail Procurement v1) to and from domain documents."""

from trueup.formats.amazon_vendor import orders, statuses, transactions

FORMATS = (orders.FORMAT, statuses.FORMAT, transactions.FORMAT)
"""Everything Amazon sends that can be recognised by its opening."""
