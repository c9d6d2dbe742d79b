"""What commands share by which a second person approves a change: the look of what was shown, and how it is asked for."""

from __future__ import annotations

from typing import Annotated

import typer

from trueup.base.errors import Invalid
from trueup.cli.frame import Session

Look = Annotated[
    str | None, typer.Option(help="The look that --dry-run showed; a proposal that was edited since is refused.")
]
LookApproved = Annotated[
    str | None,
    typer.Option(help="The look that --dry-run showed; refused where anything that was shown is another since."),
]
Months = Annotated[int, typer.Option(help="With --dry-run: tried on so many months, 1, 3, 6 or 12.")]


def demand_look_said(session: Session, command: str, look: str | None) -> None:
    """Raises Invalid for an approval of what nobody says to have looked at. `command`: with what is approved."""
    if look is None and not session.dry_run:
        raise Invalid(
            f"Say by --look what you approve: `trueup {command} --dry-run` shows what it changes, what the past would have come to,"
            " and the look of that. Nothing was approved."
        )
