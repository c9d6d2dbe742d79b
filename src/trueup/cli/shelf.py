"""Files that are written whole beside their names, and get their names only when everything about them is recorded."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from trueup.base.errors import ConfigurationError
from trueup.formats.journal_export import Piece


class FileShelf:
    """Files of an export: the first under the name given, the others numbered beside it. None of them is there before `place`.

    What stands at one of the names is never written over: it may be an export that nobody has imported yet.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._open: BinaryIO | None = None
        self._written: dict[int, Path] = {}

    def __enter__(self) -> Self:
        self._demand_free(1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._open is not None:
            self._open.close()
        for temporary in self._written.values():
            temporary.unlink(missing_ok=True)

    def name(self, file: int) -> str:
        """The absolute name that a file will have."""
        return str(self._named(file).absolute())

    def put(self, piece: Piece) -> None:
        """Write a piece. Raises ConfigurationError when it cannot be written, or something stands at its file's name."""
        try:
            if piece.file not in self._written:
                self._finish()
                self._demand_free(piece.file)
                temporary = self._path.with_name(f".{self._named(piece.file).name}.{os.getpid()}.writing")
                self._written[piece.file] = temporary
                self._open = temporary.open("wb")
            if self._open is not None:
                self._open.write(piece.content)
        except OSError as error:
            raise ConfigurationError(f"--output {self._path}: cannot be written ({error.strerror}).") from error

    def close(self) -> None:
        """All of it is on the disk."""
        try:
            self._finish()
        except OSError as error:
            raise ConfigurationError(f"--output {self._path}: cannot be written ({error.strerror}).") from error

    def told(self, entries: int) -> None:
        """Whoever waits sees the program at work."""

    def place(self) -> None:
        """Give the files their names. Raises ConfigurationError when something came to stand there, or the disk refuses."""
        for file in list(self._written):
            self._demand_free(file)
            try:
                self._written[file].rename(self._named(file))
            except OSError as error:
                raise ConfigurationError(
                    f"--output {self._named(file)}: cannot be put in place ({error.strerror})."
                ) from error
            del self._written[file]

    def _finish(self) -> None:
        if self._open is not None:
            self._open.flush()
            os.fsync(self._open.fileno())
            self._open.close()
            self._open = None

    def _named(self, file: int) -> Path:
        return self._path if file == 1 else self._path.with_name(f"{self._path.stem}-{file}{self._path.suffix}")

    def _demand_free(self, file: int) -> None:
        if self._named(file).exists():
            raise ConfigurationError(
                f"--output {self._named(file)}: it is there already, and may not have been imported yet; name another file."
            )


class NoShelf:
    """What a trial writes to: nothing."""

    def name(self, file: int) -> str:
        """A file is told by its number alone."""
        return f"file {file}"

    def put(self, piece: Piece) -> None:
        """Keep nothing."""

    def told(self, entries: int) -> None:
        """Nothing is shown of a trial."""

    def close(self) -> None:
        """Nothing is to be kept."""
