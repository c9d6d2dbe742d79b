"""The auditor: recomputes with its own arithmetic what must be true of a world, from what each side says of itself.

It gets plain data: the plan, Amazon's and the shop's own records, the trading partner's, and Trueup's views as JSON. It knows
none of Trueup's code, so that a mistake there is not repeated here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from trueup.simulation.statements import (
    answers,
    books,
    carried,
    channels,
    circular,
    connections,
    direct,
    lights,
    month_end,
    records,
    retail,
    season,
    stock,
)
from trueup.simulation.statements.evidence import Evidence, Statement

STATEMENTS: tuple[Callable[[Evidence], Statement], ...] = (
    records.every_order_known,
    answers.every_line_in_time,
    answers.accepted_is_held,
    answers.nothing_sent_again,
    answers.nothing_by_default,
    stock.one_order_each,
    stock.priced_at_cost,
    stock.states_add_up,
    stock.never_below_zero,
    stock.one_winner,
    records.money_at_risk,
    records.people_were_heard,
    records.trading_partner_agrees,
    records.every_rule_occurred,
    records.every_lie_told,
    records.archive_is_whole,
    records.no_secret_told,
)
OF_BOOKS: tuple[Callable[[Evidence], Statement], ...] = (
    books.every_payment_once,
    books.entries_balance,
    books.every_cent_posted,
    books.suspense_is_cases,
    books.claims_are_stories,
    books.invoices_are_settled,
    books.every_plant_found,
    books.sources_compared,
)
OF_SEASON: tuple[Callable[[Evidence], Statement], ...] = (
    season.never_oversold_by_us,
    season.sales_near_the_best,
    season.every_drift_found,
    season.no_false_drift,
    season.stands_at_the_end,
    season.every_trouble_happened,
)
OF_UNITS: tuple[Callable[[Evidence], Statement], ...] = (season.no_unit_promised_twice,)

OF_CHANNELS: tuple[Callable[[Evidence], Statement], ...] = (
    channels.published_is_read_back,
    channels.webhooks_taken_in_once,
    channels.every_sale_seen,
)
OF_REPORTS: tuple[Callable[[Evidence], Statement], ...] = (
    retail.figures_are_kept,
    retail.reports_are_obtained,
    retail.numbers_are_shown,
)
OF_DIRECT: tuple[Callable[[Evidence], Statement], ...] = (
    direct.told_as_counted,
    direct.whole_once_a_day,
    direct.nothing_repeated,
    direct.refused_item_told,
    direct.drift_told,
)
OF_CARRIED: tuple[Callable[[Evidence], Statement], ...] = (
    carried.each_step_is_told_as_it_was,
    carried.carried_money_adds_up,
    carried.what_amazon_contradicts_is_told,
)
OF_CONNECTIONS: tuple[Callable[[Evidence], Statement], ...] = (
    connections.every_connection_tested,
    connections.roles_are_those_granted,
)
OF_LIGHTS: tuple[Callable[[Evidence], Statement], ...] = (lights.lights_hold,)
OF_CIRCULAR: tuple[Callable[[Evidence], Statement], ...] = (
    circular.every_unit_known,
    circular.who_counts,
    circular.neither_takes_the_others,
    circular.collision_told_and_answered,
    circular.came_back_become_items,
    circular.trade_ins_become_items,
    circular.credited_once,
    circular.credits_reconcile,
    circular.month_of_all_adds_up,
)

OF_A_MONTH: tuple[Callable[[Evidence], Statement], ...] = (
    *OF_BOOKS,
    month_end.bank_compared,
    month_end.overcharges_found,
    month_end.answers_followed,
    month_end.disputes_told,
    month_end.month_locked,
)


def audit(given: Mapping[str, Any]) -> list[Statement]:
    """Every statement with what was compared and what breaks it."""
    evidence = Evidence(given)
    return [state(evidence) for state in STATEMENTS]


def audit_books(truth: Mapping[str, Any], ledger: Mapping[str, Any]) -> list[Statement]:
    """The statements about the books alone: what is true of a history, and the ledger that was made of its files."""
    evidence = Evidence({"books": {"truth": truth, "ledger": ledger}})
    return [state(evidence) for state in OF_BOOKS]


def audit_season(rows: Mapping[str, Any]) -> list[Statement]:
    """The statements about a season of stock: what happened, what was offered, what was told of it.

    Those about units that are rented one by one are made where the rows tell of `promises`.
    """
    evidence = Evidence({"season": rows})
    return [state(evidence) for state in (*OF_SEASON, *(OF_UNITS if "promises" in rows else ()))]


def audit_month(given: Mapping[str, Any]) -> list[Statement]:
    """The statements about the books, and about the end of the month: bank, terms, answers, disputes, and the close."""
    evidence = Evidence(given)
    return [state(evidence) for state in OF_A_MONTH]


def audit_stock(given: Mapping[str, Any]) -> list[Statement]:
    """The statements about a shelf that was watched: those of a season, and what was written into the shop and heard of it."""
    evidence = Evidence(given)
    return [state(evidence) for state in (*OF_SEASON, *OF_CHANNELS)]


def audit_reports(given: Mapping[str, Any]) -> list[Statement]:
    """The statements about Amazon's reports, and its numbers in the shop."""
    evidence = Evidence(given)
    return [state(evidence) for state in OF_REPORTS]


def audit_direct(given: Mapping[str, Any]) -> list[Statement]:
    """The statements about what Amazon's direct fulfillment was told."""
    evidence = Evidence(given)
    return [state(evidence) for state in OF_DIRECT]


def audit_circular(given: Mapping[str, Any]) -> list[Statement]:
    """The statements about rentals, trade-ins and their credits."""
    evidence = Evidence(given)
    return [state(evidence) for state in OF_CIRCULAR]


def audit_carried(given: Mapping[str, Any]) -> list[Statement]:
    """The statements about orders that were carried to the end."""
    evidence = Evidence(given)
    return [state(evidence) for state in OF_CARRIED]


def audit_connections(given: Mapping[str, Any]) -> list[Statement]:
    """The statements about connections that a person tested."""
    evidence = Evidence(given)
    return [state(evidence) for state in OF_CONNECTIONS]


def audit_lights(given: Mapping[str, Any]) -> list[Statement]:
    """The statements about the lights of the console."""
    evidence = Evidence(given)
    return [state(evidence) for state in OF_LIGHTS]
