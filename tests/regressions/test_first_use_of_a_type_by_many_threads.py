"""The first orders after a start are read by several threads at once."""

from __future__ import annotations

import subprocess
import sys

# In a process of its own, because the mistake kills the process.
_PROGRAM = """
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import make_dataclass
from threading import Barrier

from trueup.storage.json_values import from_json

sys.setswitchinterval(1e-6)
THREADS, TYPES = 8, 60
start = Barrier(THREADS)


def read(kind):
    start.wait()
    return from_json({"parts": [{f"field_{number}": number for number in range(30)}]}, kind)


with ThreadPoolExecutor(THREADS) as pool:
    for _ in range(TYPES):
        part = make_dataclass("Part", [(f"field_{number}", int) for number in range(30)], frozen=True)
        whole = make_dataclass("Whole", [("parts", list[part])], frozen=True)
        for found in pool.map(read, [whole] * THREADS):
            assert found.parts[0].field_29 == 29
"""


def test_a_type_is_learnt_by_one_thread_while_the_others_wait() -> None:
    """Every thread reads the value, and the process lives."""
    done = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"ended with {done.returncode}: {done.stderr[-2000:]}"
