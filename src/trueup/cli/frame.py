"""What every command has in common: its options, its session with an installation, how its result is shown, its exit code.

A command is a function that takes a Session and returns a Result; this file alone prints. `--json` shows the data as it is,
`--output` writes to a file, `--dry-run` (on all that writes) does everything and rolls it back.
"""

from __future__ import annotations

import inspect
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from trueup.app import Application, Opening, open_application
from trueup.base.errors import ConfigurationError, TrueupError
from trueup.cli.tables import Column, print_details, print_table

GOOD, FINDINGS, REFUSED = 0, 1, 2
CONFIG_NAMES = ("trueup.toml", ".demo/trueup.toml")


@dataclass(frozen=True, slots=True)
class Result:
    """What a command found. `data` is plain JSON; `columns` say how rows are shown, `words` replace the table.

    `findings`: something was found that someone should look at; the exit code is then 1.
    """

    data: Any
    columns: Sequence[Column] = ()
    words: str = ""
    findings: bool = False


@dataclass
class Session:
    """One command's surroundings: where the installation is, how to show things, whether anything may be kept."""

    as_json: bool = False
    output: Path | None = None
    quiet: bool = False
    config: Path | None = None
    data: Path | None = None
    dry_run: bool = False
    environ: dict[str, str] = field(default_factory=lambda: dict(os.environ))

    def config_path(self) -> Path:
        """The settings file: the one given, TRUEUP_CONFIG, ./trueup.toml, or the demo's. Raises ConfigurationError."""
        if self.config is not None:
            return self.config
        if "TRUEUP_CONFIG" in self.environ:
            return Path(self.environ["TRUEUP_CONFIG"])
        for name in CONFIG_NAMES:
            if Path(name).is_file():
                return Path(name)
        raise ConfigurationError(
            f"No settings here: looked for {' and '.join(CONFIG_NAMES)} in {Path.cwd()}. "
            f"Run `trueup init`, or say where they are with --config."
        )

    def open(self, opening: Opening | None = None) -> Application:
        """The installation, opened. `--data` overrules the data folder of the settings."""
        if self.data is not None:
            self.environ["TRUEUP_INSTALLATION_DATA"] = str(self.data.absolute())
        return open_application(self.config_path(), opening or Opening(environ=self.environ))

    @property
    def interactive(self) -> bool:
        """Whether a person watches: no progress bars into pipes, or when asked to be quiet."""
        return sys.stderr.isatty() and not self.quiet and not self.as_json

    def show(self, result: Result) -> None:
        """Print it, to the file asked for or to standard output."""
        if self.output is None:
            self._write(sys.stdout, result)
            return
        temporary = self.output.with_name(f".{self.output.name}.writing")
        try:
            with temporary.open("w", encoding="utf-8") as file:
                self._write(file, result)
            temporary.replace(self.output)
        except OSError as error:
            raise ConfigurationError(f"--output {self.output}: cannot be written ({error.strerror}).") from error

    def _write(self, file: Any, result: Result) -> None:
        if self.as_json:
            json.dump(result.data, file, indent=2, ensure_ascii=False, default=str)
            file.write("\n")
        elif result.words:
            file.write(result.words.rstrip("\n") + "\n")
        else:
            width = None if file.isatty() else 200
            console = Console(file=file, width=width, soft_wrap=False, highlight=False)
            if isinstance(result.data, list):
                print_table(console, result.data, result.columns)
            else:
                print_details(console, result.data)


_COMMON: dict[str, tuple[Any, Any]] = {
    "as_json": (Annotated[bool, typer.Option("--json", help="Show the result as JSON.")], False),
    "output": (Annotated[Path | None, typer.Option("--output", "-o", help="Write the result to a file.")], None),
    "quiet": (Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no remarks.")], False),
    "config": (Annotated[Path | None, typer.Option("--config", help="The trueup.toml to use.")], None),
    "data": (Annotated[Path | None, typer.Option("--data", help="The data folder to use.")], None),
}
_DRY_RUN = (Annotated[bool, typer.Option("--dry-run", help="Do everything, keep nothing.")], False)


def command(
    group: typer.Typer, name: str, *, writes: bool = False
) -> Callable[[Callable[..., Result]], Callable[..., None]]:
    """Register `fn(session, ...) -> Result` as a command with the common options, and `--dry-run` when it `writes`."""

    def register(fn: Callable[..., Result]) -> Callable[..., None]:
        common = {**_COMMON, **({"dry_run": _DRY_RUN} if writes else {})}

        def run(**given: Any) -> None:
            session = Session(**{option: given.pop(option) for option in common})
            raise typer.Exit(execute(session, lambda: fn(session, **given)))

        signature = inspect.signature(fn, eval_str=True)
        own = [parameter for parameter in signature.parameters.values() if parameter.name != "session"]
        added = [
            inspect.Parameter(option, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
            for option, (annotation, default) in common.items()
        ]
        own = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own]
        run.__signature__ = inspect.Signature([*own, *added])  # type: ignore[attr-defined]
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in (*own, *added)}
        run.__doc__ = fn.__doc__
        run.__name__ = fn.__name__
        group.command(name)(run)
        return run

    return register


def execute(session: Session, work: Callable[[], Result]) -> int:
    """Run a command's work and show what it found; every foreseen error becomes a sentence and its exit code."""
    try:
        result = work()
        session.show(result)
    except TrueupError as error:
        if session.as_json:
            json.dump({"error": type(error).__name__, "message": str(error)}, sys.stdout, ensure_ascii=False)
            sys.stdout.write("\n")
        sys.stderr.write(f"trueup: {error}\n")
        return error.exit_code
    except BrokenPipeError:
        # The reader went away (head, less): nothing more to say to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return GOOD
    return FINDINGS if result.findings else GOOD
