"""What time it is for a command: in the folder of a demonstration, that of its days."""

from __future__ import annotations

from tests.cli.seeded import CommandLine
from trueup.base.clock import SystemClock, read_instant, write_instant
from trueup.settings.clock import write_clock


def test_commands_go_by_the_clock_that_a_demonstration_wrote(trueup: CommandLine) -> None:
    """Its days, moving on with the machine's; the machine's where it wrote none yet; a file that says no time is told."""
    settings, clock = trueup.folder / "trueup.toml", trueup.folder / "clock"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("[simulation]\n", '[simulation]\nclock = "clock"\n'), encoding="utf-8")
    later = f"{SystemClock().now().year + 2}-01"
    assert "has not begun" in trueup("close", later).err
    write_clock(clock, read_instant("2025-03-02T09:00:00Z"))
    assert "The month 2025-04 has not begun: it is 2025-03-02" in trueup("close", "2025-04").err
    shown = trueup("close", "2025-03", "--json").json
    assert shown["known_at"].startswith("2025-03-02T09:")
    now = write_instant(SystemClock().now())
    clock.write_text(f"noon at {now}\n", encoding="utf-8")
    assert "expected two times" in trueup("close", "2025-04").err
