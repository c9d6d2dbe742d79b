"""Durable work: flows that survive crashes, restarts and takeovers; a thin face over DBOS and an in-process twin of it."""
