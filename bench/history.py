"""Years of orders, loaded by COPY into the real tables: copies of orders that went the whole path, under other keys."""

from __future__ import annotations

import sqlalchemy as sa


def load_history(engine: sa.Engine, orders: int) -> int:
    """stub"""
    return 0
