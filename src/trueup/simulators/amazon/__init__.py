"""The Amazon Vendor simulator: a real HTTP server with the rules, irregularities and lies of the SP-API's vendor operations.

It knows the token endpoint (Login with Amazon), getPurchaseOrders, getPurchaseOrder, submitAcknowledgement,
getPurchaseOrdersStatus and getTransaction, of the finance APIs getRemittanceHeaders, getRemittance, getInvoiceHeaders and
getInvoice, of the Reports API createReport, getReport, getReports, getReportDocument and cancelReport for vendor reports, and of
Direct Fulfillment submitInventoryUpdate and getTransactionStatus, for any number of vendor groups that never see each other's
orders. Where Amazon's documentation is silent it takes the harsher reading; each such choice stands in the docstring of the
module that makes it: `queries` (windows, paging), `acknowledgements` (what fails, what is ignored), `status` (how a
backorder shows), `finance` (payments and invoices), `reports` and `report_rules` (vendor reports), `warehouses` (direct
fulfillment), `faults` (the lies on demand), `control` (the control plane under /_simulator).

    simulator = AmazonSimulator(seed=7)
    simulator.add_vendor_group(refresh_token=..., client_id=..., client_secret=..., vendor_codes=["ABCDE"])
    with serve(simulator.app) as serving:
        ...  # serving.url is both the API's endpoint and the token endpoint's host
"""

from trueup.simulators.amazon.faults import Fault, FaultKind, Faults
from trueup.simulators.amazon.shapes import LineChange, OrderChange
from trueup.simulators.amazon.simulator import AmazonSimulator

__all__ = ["AmazonSimulator", "Fault", "FaultKind", "Faults", "LineChange", "OrderChange"]
