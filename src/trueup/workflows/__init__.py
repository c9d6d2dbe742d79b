"""Durable processes: the only place that orchestrates formats, remote capabilities, storage and the domain."""
