"""A sampling profiler of all threads: what a worker's processor time goes to, without slowing it as tracing would."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

_IDLE = ("wait", "select", "poll", "_recv_into", "acquire", "sleep", "read", "wait_selector", "_worker", "recv")


@contextmanager
def sampled(report: Path, every_seconds: float = 0.005) -> Iterator[None]:
    """Sample until the block ends, then write functions by own and by whole share of the samples."""
    own: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    done = threading.Event()

    def sample() -> None:
        mine = threading.get_ident()
        while not done.wait(every_seconds):
            for thread, frame in sys._current_frames().items():
                if thread != mine:
                    _count(frame, own, whole)

    started = time.process_time()
    thread = threading.Thread(target=sample, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        total = sum(own.values()) or 1
        lines = [f"{time.process_time() - started:.1f} s of processor time, {total} samples of threads at work"]
        for title, counter in (("own", own), ("whole", whole)):
            lines.append(f"\n{title}")
            lines += [f"{100 * count / total:6.1f} %  {name}" for name, count in counter.most_common(90)]
        report.write_text("\n".join(lines) + "\n")


def _count(frame: FrameType, own: Counter[str], whole: Counter[str]) -> None:
    if frame.f_code.co_name in _IDLE:
        return
    own[_name(frame)] += 1
    seen: set[str] = set()
    at: FrameType | None = frame
    while at is not None:
        seen.add(_name(at))
        at = at.f_back
    whole.update(seen)


def _name(frame: FrameType) -> str:
    code = frame.f_code
    return f"{'/'.join(code.co_filename.rsplit('/', 3)[1:])}:{code.co_qualname}"
