"""The table [worker]: how much a worker does at once, and how often what is looked at."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from trueup.settings.values import Positive, Table, key


class WorkerSettings(Table):
    """How much a worker does at once and how often it looks."""

    concurrency: Annotated[Positive, Field(le=64)] = key("a whole number from 1 to 64", 4)
    orders_poll_seconds: Positive = key("a whole number of seconds", 120)
    status_poll_seconds: Positive = key("a whole number of seconds", 300)
    folders_poll_seconds: Positive = key("a whole number of seconds", 10)
    products_poll_seconds: Positive = key("a whole number of seconds", 900)
    finances_poll_seconds: Positive = key("a whole number of seconds", 3600)
    circular_poll_seconds: Positive = key("a whole number of seconds", 120)
    circular_sweep_seconds: Positive = key("a whole number of seconds", 3600)
    stock_sweep_seconds: Positive = key("a whole number of seconds", 3600)
    stock_export_from: Positive = key("a whole number of published counts", 2000)
