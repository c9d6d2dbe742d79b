"""What a field may hold, in words, of messages: Amazon's finance JSON, its vendor reports, and bank statements in XML.

Sources: financesInvoices_2026-06-25.json and Amazon's client package of the Finance Remittance API; vendorSalesReport.json,
vendorInventoryReport.json, vendorForecastingReport.json, vendorRealTimeSalesReport.json and vendorRealTimeInventoryReport.json;
ISO 20022 camt.053.001.08 and its external code sets. Amazon's enumerations are open: another word is kept as it is spelt.
"""

from __future__ import annotations

_CURRENCY = "three letters of ISO 4217, such as USD"
_DAY = "a day of ISO 8601, such as 2026-11-23"
_TIME = "a time of ISO 8601, such as 2026-11-23T10:00:00Z"
_UNITS = "a whole number of units"
_MAY_FALL = f"{_UNITS}; below zero where more went back than came"
_RATE = "a rate as a decimal: 0.25 is a quarter"
_COST = "an amount, with its currencyCode"

_FINANCE = {
    "currencyCode": _CURRENCY,
    "currencyAmount": "a signed decimal with at most the digits that its currency has",
    "breakdownType": "of an invoice Total, InvoiceAmountWithoutTax, TaxAmount, MiscCharges or Other; of its settlement AmountPaid, "
    "QueuedForPayment, QuickPayDiscount, QuantityVarianceAmount, PriceVariance or Other; of a line ItemCostWithoutTax, "
    "ItemTaxAmount or Other",
    "relatedIdentifierName": "PAYEE_CODE, PURCHASE_ORDER_IDS, SHORTAGE_INVOICE_IDS, ASN_IDS, RETURN_IDS, AGREEMENT_IDS, "
    "PRODUCT_LINE, VENDOR_CODE, UNIQUE_PAYMENT_IDS or WAREHOUSE_ID",
    "relatedIdentifierValue": "the numbers of that kind",
    "numOfRecords": "how many records there are on all pages",
    "nextToken": "the token of the next page; absent on the last",
    "nextTokenForLineItems": "the token of the next page of lines; absent on the last",
}
_FINANCE_REMITTANCES = {
    **_FINANCE,
    "paymentDate": _DAY,
    "paymentNumber": "the number of the payment; must be there",
    "uniquePaymentId": "the key by which the payment is asked for with its lines",
    "exchangeRate": "a decimal: what one of the invoices' currency is in that of the payment",
    "paymentMethod": "text, such as EFT",
    "remittanceStatus": "IN_PROGRESS, SUCCESSFUL, FAILED or VOIDED",
    "lineItemCount": "a whole number: how many lines the payment has",
    "invoiceNumber": "the number of the invoice, credit or claim; must be there",
    "invoiceIssueDate": _DAY,
    "description": "text",
    "paymentTerms": "text, such as net 60",
    "invoiceType": "a word of Amazon's for what is settled",
}
_FINANCE_INVOICES = {
    **_FINANCE,
    "invoiceNumber": "the number that the invoice was given; must be there",
    "invoiceIdentifier": "the key of the invoice: its number, ~ and the payee code",
    "invoiceStatus": "IN_PROGRESS, REJECTED, PARTIALLY_PAID, PARTIALLY_DEDUCTED, PAID or DEDUCTED",
    "invoiceType": "AP_INVENTORY or OTHER",
    "issueDate": _DAY,
    "dueDate": _DAY,
    "creationDate": _TIME,
    "lastUpdatedDate": _TIME,
    "startDate": _DAY,
    "endDate": _DAY,
    "paymentTerms": "text, such as net 60",
    "partnerType": "SELLER, VENDOR or AMAZON",
    "partnerId": "the partner's key; of a vendor its vendor group",
    "partnerName": "text",
    "taxRegistrationNumber": "the number under which the partner pays tax",
    "lineItemId": "the key of the line, each once in its invoice",
    "quantity": _UNITS,
    "lineItemType": "GOODS, SERVICES or OTHERS",
    "itemIdentifierName": "ASIN, EXTERNAL_ID, SKU, UPC, EAN or ISBN",
    "itemIdentifierValue": "the product's number of that kind",
    "itemDescription": "text",
    "serviceChargeType": "DAMAGE_ALLOWANCE, PRICE_PROTECTION, FBA_INVENTORY_STORAGE_FEE or OTHER",
    "matchedQuantity": f"{_UNITS} that Amazon found to have come",
    "quantityVariance": f"{_UNITS}: how far what was billed is from what was expected",
    "paidQuantity": f"{_UNITS} that were paid for",
    "varianceType": "PQV (of quantity), PPV (of price) or OTHER",
    "defectTypes": "why it differs, such as SHORTAGES_IN_TRANSIT, OVERBILLING, UNRECOGNISED_ASIN or DEALBUY",
    "taxRateCodes": "a country and a rate, such as DE 19",
}
_REPORTS = {
    "reportType": "the name of this report",
    "reportPeriod": "DAY, WEEK, MONTH, QUARTER or YEAR",
    "distributorView": "MANUFACTURING (what we supply) or SOURCING (what Amazon buys of us)",
    "sellingProgram": "RETAIL, BUSINESS or FRESH; BUSINESS in the sales report alone",
    "lastUpdatedDate": _DAY,
    "dataStartTime": f"{_TIME}; of days and longer its time says nothing",
    "dataEndTime": f"{_TIME}; of days and longer its time says nothing",
    "marketplaceIds": "the id of one marketplace of Amazon",
    "startDate": _DAY,
    "endDate": f"{_DAY}, included",
    "startTime": f"{_TIME}: the beginning of an hour",
    "endTime": f"{_TIME}: the end of that hour",
    "forecastGenerationDate": _DAY,
    "asin": "an ASIN: ten letters or digits",
    "amount": "a decimal",
    "currencyCode": _CURRENCY,
    "orderedUnits": f"{_UNITS}; in real time below zero where more was cancelled than ordered",
    "orderedRevenue": "an amount; of a sales report in the view MANUFACTURING alone",
    "shippedUnits": _UNITS,
    "shippedRevenue": _COST,
    "shippedCogs": f"{_COST}: what was shipped at cost",
    "customerReturns": f"{_UNITS}; not in the programme FRESH",
    "meanForecastUnits": "a decimal number of units: the mean of what is forecast",
    "p70ForecastUnits": "a decimal number of units: demand is below it in 70 of 100 weeks",
    "p80ForecastUnits": "a decimal number of units: demand is below it in 80 of 100 weeks",
    "p90ForecastUnits": "a decimal number of units: demand is below it in 90 of 100 weeks",
    "procurableProductOutOfStockRate": _RATE,
    "uft": _RATE,
    "receiveFillRate": _RATE,
    "vendorConfirmationRate": _RATE,
    "sellThroughRate": _RATE,
    "netReceivedInventoryUnits": _MAY_FALL,
    "openPurchaseOrderUnits": f"{_UNITS}; below zero where more came than was ordered",
    "averageVendorLeadTimeDays": "days, as a decimal",
    "unfilledCustomerOrderedUnits": _UNITS,
    "sellableOnHandInventoryUnits": _UNITS,
    "unsellableOnHandInventoryUnits": _UNITS,
    "aged90PlusDaysSellableInventoryUnits": _UNITS,
    "unhealthyInventoryUnits": _UNITS,
    "highlyAvailableInventory": f"{_UNITS} that can be sold at once",
}
_KEY = "at most 35 characters"
_CAMT = {
    "MsgId": f"the bank's key of the message: {_KEY}",
    "CreDtTm": _TIME,
    "Id": f"a key of what it stands in, such as the statement's or an account's: {_KEY}",
    "ElctrncSeqNb": "the number of the statement in its year: a whole number, one more than that before",
    "LglSeqNb": "the number of the statement by law: a whole number",
    "FrDtTm": _TIME,
    "ToDtTm": _TIME,
    "IBAN": "an IBAN: two letters, two check digits and up to thirty letters and digits",
    "BIC": "a BIC of eight or eleven letters and digits",
    "BICFI": "a BIC of eight or eleven letters and digits",
    "Ccy": _CURRENCY,
    "Nm": "the name, at most 140 characters",
    "Amt": "an amount without a sign, at most 18 digits and five of them after the point; its Ccy says the currency, "
    "CdtDbtInd the sign",
    "CdtDbtInd": "CRDT for money that came in, DBIT for money that went out",
    "RvslInd": "true where the entry takes another back; its direction is its own",
    "Sts": "BOOK (booked), PDNG (pending), FUTR or INFO; BOOK alone is counted",
    "Dt": _DAY,
    "DtTm": _TIME,
    "Cd": "a code of the set that belongs there: of a balance OPBD, PRCD, CLBD, ITBD, OPAV, CLAV, ITAV, FWAV or INFO; of a status "
    "BOOK, PDNG, FUTR or INFO; of a transaction its domain, such as PMNT",
    "SubFmlyCd": "a code of four letters of ISO 20022, such as ESCT",
    "Prtry": "the bank's own word, at most 35 characters",
    "NtryRef": f"the bank's number of the entry: {_KEY}",
    "AcctSvcrRef": f"the bank's own key of the movement: {_KEY}",
    "InstrId": f"the key of who instructed it: {_KEY}",
    "EndToEndId": f"the payer's key, which no bank changes: {_KEY}, or NOTPROVIDED",
    "TxId": f"the key of the transaction: {_KEY}",
    "UETR": "a UUID of version 4",
    "MndtId": f"the mandate of a direct debit: {_KEY}",
    "PmtInfId": f"the key of the payment order: {_KEY}",
    "Ustrd": "what the payer wrote, at most 140 characters each time",
    "Ref": f"a reference that the payee gave: {_KEY}",
    "Nb": f"the number of a document, such as an invoice: {_KEY}",
    "AddtlNtryInf": "what the bank adds in words, at most 500 characters",
    "AddtlTxInf": "what the bank adds in words, at most 500 characters",
    "NbOfTxs": "a whole number of transactions",
    "NbOfNtries": "a whole number of entries",
    "Sum": "a sum, at most 18 digits",
    "XchgRate": "a rate with at most eleven digits",
    "SrcCcy": _CURRENCY,
    "TrgtCcy": _CURRENCY,
    "Ctry": "two letters of ISO 3166",
}
FIELDS: dict[str, dict[str, str]] = {
    "amazon-finance-remittances": _FINANCE_REMITTANCES,
    "amazon-finance-invoices": _FINANCE_INVOICES,
    "amazon-report-": _REPORTS,
    "camt053": _CAMT,
}
"""By the name of a format, or of a family of them by what their names begin with."""
