"""Every flow there is: what workers run. A workflow that has flows is named here once."""

from __future__ import annotations

from trueup.durable.flow import Flow
from trueup.workflows import (
    acknowledge_order,
    advise_stock,
    check_charges,
    check_stock,
    compute_buffers,
    deliver,
    find_trade_ins,
    look_at_stock,
    poll_circular,
    poll_invoice_statuses,
    poll_orders,
    poll_remittances,
    poll_sales,
    prove_books,
    prove_delivery,
    publish_stock,
    receive_files,
    reconcile_remittances,
    settle_remittance,
    settle_trade_in,
    sync_products,
    watch,
    watch_credits,
    withhold_items,
)
from trueup.workflows.world import World

FLOWS: tuple[Flow[World], ...] = (
    *poll_orders.FLOWS,
    *receive_files.FLOWS,
    *sync_products.FLOWS,
    *compute_buffers.FLOWS,
    *acknowledge_order.FLOWS,
    *deliver.FLOWS,
    *prove_delivery.FLOWS,
    *settle_remittance.FLOWS,
    *settle_trade_in.FLOWS,
    *reconcile_remittances.FLOWS,
    *check_charges.FLOWS,
    *poll_remittances.FLOWS,
    *poll_invoice_statuses.FLOWS,
    *poll_circular.FLOWS,
    *withhold_items.FLOWS,
    *prove_books.FLOWS,
    *publish_stock.FLOWS,
    *look_at_stock.FLOWS,
    *check_stock.FLOWS,
    *advise_stock.FLOWS,
    *watch.FLOWS,
    *poll_sales.FLOWS,
    *watch_credits.FLOWS,
    *find_trade_ins.FLOWS,
)
