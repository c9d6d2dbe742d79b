"""What every command has in common: its options, its session with an installation, how its result is shown, its exit code.

A command is a function that takes a Session and returns a Result; this file alone prints. `--json` shows the data as it is,
`--output` writes to a file, `--dry-run` (on all that writes) does everything and rolls it back.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trueup.base.errors import ConfigurationError, NotAllowed, TrueupError
from trueup.cli.logs import configure_logs
from trueup.cli.tables import Column, Terminal, print_details, print_table

if TYPE_CHECKING:
    import sqlalchemy as sa

    from trueup.app import Application, Opening
    from trueup.base.clock import Clock
    from trueup.domain.cases import Role
    from trueup.store import Store
    from trueup.workflows.resolve_case import Person

GOOD, FINDINGS, REFUSED = 0, 1, 2
CONFIG_NAMES = ("trueup.toml", ".demo/trueup.toml")
PIPE_COLUMNS = 200
"""How wide tables are that no terminal shows."""
By = Annotated[
    str,
    typer.Option(
        "--by", help="Who does this: a name among the people of trueup.toml.", envvar="TRUEUP_PERSON", metavar="NAME"
    ),
]
Limit = Annotated[int, typer.Option(min=1, max=100_000, help="At most so many.", metavar="N")]


@dataclass(frozen=True, slots=True)
class Result:
    """What a command found. `data` is plain JSON; `columns` say how rows are shown, `words` replace the table.

    `rows` are what the table shows when the data is more than the rows, `nothing` what is said when there are none;
    `remark` is said on stderr beneath it, unless quiet; `silent` where the command wrote its bytes itself.
    `findings`: something was found that someone should look at; the exit code is then 1.
    """

    data: Any
    columns: Sequence[Column] = ()
    words: str = ""
    findings: bool = False
    rows: Sequence[Mapping[str, Any]] | None = None
    remark: str = ""
    nothing: str = "Nothing to show."
    silent: bool = False


@dataclass
class Session:
    """One command's surroundings: where the installation is, how to show things, whether anything may be kept."""

    as_json: bool = False
    output: Path | None = None
    quiet: bool = False
    verbose: bool = False
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
        """The installation, opened to act. `--data` overrules the data folder of the settings."""
        # Imported when something is opened: help and completion must not wait for it.
        from trueup.app import Opening, open_application

        place = self._place()
        return open_application(place, opening or Opening(self.clock(), environ=self.environ))

    def open_store(self) -> Store:
        """What the installation keeps, opened to look: partners and shops may be set up wrongly."""
        from trueup.store import open_store

        return open_store(self._place(), self.environ)

    @contextmanager
    def look(self) -> Iterator[sa.Connection]:
        """A transaction of the installation's database, for reading."""
        with self.open_store() as store, store.transaction() as connection:
            yield connection

    def clock(self) -> Clock:
        """The clock of this installation: the machine's, or in the folder of a demonstration that of its days."""
        from trueup.settings.clock import clock_of
        from trueup.settings.load import load_foundation

        return clock_of(load_foundation(self._place(), self.environ))

    def now(self) -> datetime:
        """What time it is for this installation."""
        return self.clock().now()

    def _place(self) -> Path:
        if self.data is not None:
            self.environ["TRUEUP_INSTALLATION_DATA"] = str(self.data.absolute())
        return self.config_path()

    @property
    def interactive(self) -> bool:
        """Whether a person watches: no progress bars into pipes, or when asked to be quiet."""
        return sys.stderr.isatty() and not self.quiet and not self.as_json

    @contextmanager
    def progress(self, title: str, total: int | None) -> Iterator[Callable[[int], None]]:
        """A bar on stderr while a person watches; call what it gives with how much was done."""
        if not self.interactive:
            yield lambda done: None
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(title, total=total)
            yield lambda done: bar.advance(task, done)

    def remark(self, words: str) -> None:
        """Say something beside the result."""
        if words and not self.quiet and not self.as_json:
            sys.stderr.write(words.rstrip("\n") + "\n")

    def show(self, result: Result) -> None:
        """Print it, to the file asked for or to standard output."""
        if result.silent:
            pass
        elif self.output is None:
            self._write(sys.stdout, result)
            sys.stdout.flush()
        else:
            with self.written(self.output) as file:
                self._write(file, result)
        self.remark(result.remark)

    @contextmanager
    def written(self, path: Path, mode: str = "w") -> Iterator[Any]:
        """A file that is there whole or not at all. Raises ConfigurationError when it cannot be written."""
        temporary = path.with_name(f".{path.name}.{os.getpid()}.writing")
        try:
            with temporary.open(mode, encoding=None if "b" in mode else "utf-8") as file:
                yield file
            temporary.replace(path)
        except OSError as error:
            raise ConfigurationError(f"--output {path}: cannot be written ({error.strerror}).") from error
        finally:
            temporary.unlink(missing_ok=True)

    def _write(self, file: Any, result: Result) -> None:
        if self.as_json:
            json.dump(result.data, file, indent=2, ensure_ascii=False, default=str)
            file.write("\n")
        elif result.words:
            file.write(result.words.rstrip("\n") + "\n")
        else:
            rows = result.data if result.rows is None else result.rows
            if file.isatty():
                _draw(Terminal(file=file, highlight=False), rows, result)
                return
            # COLUMNS is what a person says; a pipe has no width, and a file is read by something that wraps by itself.
            width = int(self.environ["COLUMNS"]) if self.environ.get("COLUMNS", "").isdecimal() else PIPE_COLUMNS
            drawn = io.StringIO()
            _draw(Terminal(file=drawn, width=width, highlight=False), rows, result)
            file.writelines(f"{line.rstrip()}\n" for line in drawn.getvalue().splitlines())


def _draw(console: Terminal, rows: Any, result: Result) -> None:
    if isinstance(rows, list | tuple):
        print_table(console, rows, result.columns, result.nothing)
    else:
        print_details(console, rows)


def person_of(people: Sequence[Any], name: str) -> Person:
    """Who of [[people]] that is. Raises ConfigurationError when the settings know nobody of that name."""
    from trueup.workflows.resolve_case import Person

    found = next((person for person in people if person.name == name), None)
    if found is None:
        known = ", ".join(person.name for person in people) or "nobody"
        raise ConfigurationError(f"{name!r} is not one of [[people]] in trueup.toml (known: {known}).")
    roles: frozenset[Role] = frozenset(found.roles)
    return Person(found.name, roles)


_COMMON: dict[str, tuple[Any, Any]] = {
    "as_json": (Annotated[bool, typer.Option("--json", help="Show the result as JSON.")], False),
    "output": (
        Annotated[Path | None, typer.Option("--output", "-o", help="Write the result to a file.", metavar="FILE")],
        None,
    ),
    "quiet": (Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no remarks.")], False),
    "verbose": (Annotated[bool, typer.Option("--verbose", "-v", help="Say on stderr what is done.")], False),
    "config": (
        Annotated[Path | None, typer.Option("--config", help="The trueup.toml to use.", metavar="FILE")],
        None,
    ),
    "data": (
        Annotated[Path | None, typer.Option("--data", help="The data folder to use.", metavar="FOLDER")],
        None,
    ),
}
_DRY_RUN = (Annotated[bool, typer.Option("--dry-run", help="Do everything, keep nothing.")], False)


def command(
    group: typer.Typer, name: str, *, writes: bool = False, example: str = ""
) -> Callable[[Callable[..., Result]], Callable[..., None]]:
    """Register `fn(session, ...) -> Result` as a command with the common options, and `--dry-run` when it `writes`.

    `example` is a whole command line, shown beneath its help.
    """

    def register(fn: Callable[..., Result]) -> Callable[..., None]:
        common = {**_COMMON, **({"dry_run": _DRY_RUN} if writes else {})}

        def run(**given: Any) -> None:
            session = Session(**{option: given.pop(option) for option in common})
            asked = (" ".join((group.info.name or "", name)).strip(), given)
            raise typer.Exit(execute(session, lambda: fn(session, **given), asked))

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
        group.command(name, epilog=f"Example: [bold]{example}[/bold]" if example else None)(run)
        return run

    return register


def execute(
    session: Session, work: Callable[[], Result], asked: tuple[str, Mapping[str, Any]] = ("", MappingProxyType({}))
) -> int:
    """Run a command's work and show what it found; every foreseen error becomes a sentence and its exit code.

    `asked`: the command by name, and what it was given; a refusal of what somebody asks `by` their name is kept.
    """
    try:
        configure_logs(session.environ, verbose=session.verbose)
        result = work()
        session.show(result)
    except TrueupError as error:
        if isinstance(error, NotAllowed) and not session.dry_run:
            _keep_refusal(session, asked, str(error))
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


def _keep_refusal(session: Session, asked: tuple[str, Mapping[str, Any]], why: str) -> None:
    """Who was not let do something is told of beside who did it; where nobody is named or nothing can be kept, words suffice."""
    from trueup.workflows.refusals import Refusal, note_refusal

    command, given = asked
    if given.get("by"):
        with contextlib.suppress(TrueupError), session.open() as app:
            app.act(False, note_refusal, person_of(app.settings.people, given["by"]), Refusal(given, command, why))
