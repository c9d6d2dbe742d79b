"""How the embedded PostgreSQL is set up for a small machine, without giving up a durable commit."""

from __future__ import annotations

import os
import sys


def lasting_settings() -> dict[str, str]:
    """Written to postgresql.conf when the cluster is made; whoever administers it may change them there.

    A laptop shares its memory with other programs, so the server takes 1/32 of it and leaves caching to the system.
    """
    return {
        "max_connections": "200",
        "shared_buffers": f"{_shared_buffers_megabytes()}MB",
        "fsync": "on",
        "synchronous_commit": "on",
        "wal_compression": "on",
        "max_wal_size": "1GB",
        "checkpoint_timeout": "15min",
        "random_page_cost": "1.1",  # solid-state disks
        "jit": "off",  # our statements are short
        "timezone": "UTC",
        "password_encryption": "scram-sha-256",
        "logging_collector": "on",  # a log per weekday, overwritten after a week: it cannot fill the disk for ever
        "log_filename": "postgres-%a.log",
        "log_rotation_age": "1d",
        "log_rotation_size": "0",
        "log_truncate_on_rotation": "on",
        "log_timezone": "UTC",
    }


def _shared_buffers_megabytes() -> int:
    if sys.platform == "win32":
        return 128
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1_000_000
    return max(64, min(512, memory // 32))
