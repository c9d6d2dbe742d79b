"""A local folder as a place where documents wait and where they are left, for EDI software that exchanges files.

Not a watcher: someone looks every few seconds. A file is taken only when it is whole, and given visible whole or not at all.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from trueup.base.clock import Clock
from trueup.base.errors import (
    ConfigurationError,
    Conflict,
    Invalid,
    NotFound,
    RemoteError,
    Transient,
    TrueupError,
    Unauthorized,
)
from trueup.remote.capability import Probe, Receipt, Verdict, WaitingDocument
from trueup.remote.gate import Gate

_CHUNK_BYTES = 1 << 20
_TEMPORARY_ENDINGS = (
    ".tmp",
    ".temp",
    ".part",
    ".partial",
    ".filepart",
    ".crdownload",
    ".swp",
    ".lock",
    ".writing",
    "~",
)
_TEMPORARY_STARTS = (".", "~")
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_NO_LINKS_HERE = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
SENT = ".sent"


@dataclass(frozen=True, slots=True)
class FolderPlaces:
    """Where documents come in, go out, and are put when they are read (`processed` inside the inbox by default).

    A file is whole when its size and time have not changed for `quiet_seconds`, seen by two looks at least so far apart.
    """

    name: str
    inbox: Path | None = None
    outbox: Path | None = None
    archive: Path | None = None
    quiet_seconds: float = 5.0


@dataclass(frozen=True, slots=True)
class _Seen:
    """One file at one moment. A file written anew under the same name is another one."""

    changed_ns: int
    size: int
    inode: int

    @classmethod
    def of(cls, status: os.stat_result) -> _Seen:
        return cls(status.st_mtime_ns, status.st_size, status.st_ino)

    def reference(self, name: str) -> str:
        return f"{self.changed_ns:x}-{self.size:x}-{self.inode:x}/{name}"


class Folder:
    """DocumentSource and DocumentSink on the local file system. Safe to use from several threads and processes."""

    def __init__(self, places: FolderPlaces, clock: Clock) -> None:
        self._places = places
        self._clock = clock
        self._looks: dict[str, tuple[_Seen, float]] = {}
        self._lock = threading.Lock()
        self._gate: Gate | None = None

    @property
    def name(self) -> str:
        return self._places.name

    def guard(self, gate: Gate) -> None:
        """Ask `gate` before either folder is touched."""
        self._gate = gate

    def find_waiting(self) -> Sequence[WaitingDocument]:
        """Whole files of the inbox, the oldest first. Links, folders and temporary names are passed over.

        Raises Transient when the folder is not there, Unauthorized when it may not be read.
        """
        inbox = self._inbox()
        with _told(f"Folder {self.name}", inbox), os.scandir(inbox) as entries:
            found = {
                entry.name: _Seen.of(entry.stat(follow_symlinks=False))
                for entry in entries
                if not _is_temporary(entry.name) and entry.is_file(follow_symlinks=False)
            }
        now = self._clock.monotonic_seconds()
        with self._lock:
            # What is gone is forgotten, so this stays as large as the folder.
            before, self._looks = self._looks, {}
            for name, seen in found.items():
                first = before.get(name)
                self._looks[name] = first if first is not None and first[0] == seen else (seen, now)
            whole = [
                (seen, name) for name, (seen, since) in self._looks.items() if now - since >= self._places.quiet_seconds
            ]
        whole.sort(key=lambda item: (item[0].changed_ns, item[1]))
        return [WaitingDocument(seen.reference(name), name, seen.size) for seen, name in whole]

    def fetch_document(self, reference: str) -> Iterator[bytes]:
        """The file in chunks of 1 MiB. Raises NotFound when it is gone or was replaced, Transient when it changes meanwhile."""
        seen, name = _parse_reference(reference)
        path = self._inbox() / name
        with _told(f"Document {name}", path), os.fdopen(os.open(path, os.O_RDONLY | _NO_FOLLOW), "rb") as file:
            _demand_same(seen, os.fstat(file.fileno()), path)
            while chunk := file.read(_CHUNK_BYTES):
                yield chunk
            if _Seen.of(os.fstat(file.fileno())) != seen:
                raise Transient(f"Document {name}: {path} changed while it was read; it is read again when it rests.")

    def settle_document(self, reference: str) -> None:
        """Move the file away, atomically and over no other. Once gone, or replaced by a newer one, nothing is done."""
        seen, name = _parse_reference(reference)
        path, archive = self._inbox() / name, self._archive()
        with _told(f"Document {name}", path):
            try:
                if _Seen.of(path.lstat()) != seen:
                    return
            except FileNotFoundError:
                return
        with _told(f"Document {name}", archive):
            archive.mkdir(exist_ok=True)
            target = _reserve(archive, name)
            try:
                path.replace(target)
            except OSError as error:
                target.unlink()
                if isinstance(error, FileNotFoundError):
                    return
                raise
            if _Seen.of(target.lstat()) != seen:
                # Someone replaced the file between our look and our move: it is a new document, and goes back.
                target.replace(_reserve(path.parent, name))
            _sync_folder(archive)
            _sync_folder(path.parent)

    def find_document(self, name: str) -> bytes | None:
        """What was left under that name, also after its receiver took it away."""
        outbox = self._outbox()
        for path in (outbox / _plain(name), outbox / SENT / name):
            with _told(f"Document {name}", path):
                try:
                    return path.read_bytes()
                except FileNotFoundError:
                    continue
        return None

    def send_document(self, name: str, content: bytes) -> Receipt:
        """Leave a document in the outbox: written aside, forced to disk, then named.

        The receiver takes files away, so a copy stays in `.sent` for `find_document`. Leaving the same bytes twice is one
        document. Raises Conflict when other bytes have the name, Transient when the disk is full.
        """
        outbox, evidence = self._outbox(), hashlib.sha256(content).hexdigest()
        receipt = Receipt(f"{self.name}/{name}", f"{evidence} {name}".encode())
        before = self.find_document(name)
        if before is not None:
            if before != content:
                raise Conflict(
                    f"Document {name}: folder {self.name} holds {len(before)} other bytes under that name, "
                    f"{len(content)} were to be left; use another name."
                )
            return receipt
        with _told(f"Document {name}", outbox):
            sent = outbox / SENT
            sent.mkdir(exist_ok=True)
            aside = f".{name}.{os.getpid()}.{threading.get_ident()}.writing"
            kept, visible = sent / aside, outbox / aside
            try:
                # Both are on disk before either has its name, so a full disk leaves nothing behind.
                _write(kept, content)
                _write(visible, content)
                _name_once(visible, outbox / name)
                with _told(f"Document {name}", outbox, maybe_applied=True):
                    _sync_folder(outbox)
                    kept.replace(sent / name)
                    _sync_folder(sent)
            finally:
                kept.unlink(missing_ok=True)
                visible.unlink(missing_ok=True)
        return receipt

    def probe(self) -> Sequence[Probe]:
        """Whether documents can be seen and taken away, and left, each tried for real."""
        probes: list[Probe] = []
        if self._places.inbox is not None:
            probes.append(self._tried("see documents", self._places.inbox, self.find_waiting))
            probes.append(
                self._tried("take documents away", self._archive(), partial(self._try_writing, self._archive()))
            )
        if self._places.outbox is not None:
            probes.append(
                self._tried("leave documents", self._places.outbox, partial(self._try_writing, self._places.outbox))
            )
        return probes

    def _tried(self, ability: str, place: Path, attempt: Callable[[], object]) -> Probe:
        try:
            attempt()
        except RemoteError as error:
            verdict = Verdict.MISSING if isinstance(error, Unauthorized) else Verdict.FAILS
            remedy = f"Make {place} usable for the user Trueup runs as."
            return Probe(self.name, ability, verdict, str(error), remedy)
        return Probe(self.name, ability, Verdict.WORKS, str(place))

    def _try_writing(self, folder: Path) -> None:
        with _told(f"Folder {self.name}", folder):
            if folder != self._places.outbox:
                folder.mkdir(exist_ok=True)
            trial = folder / f".probe.{os.getpid()}.writing"
            try:
                _write(trial, b"trial")
            finally:
                trial.unlink(missing_ok=True)

    def _inbox(self) -> Path:
        self._pass_gate()
        if self._places.inbox is None:
            raise ConfigurationError(
                f"Folder {self.name} has no `in`: set it in [[folders]] to read documents from it."
            )
        return self._places.inbox

    def _outbox(self) -> Path:
        self._pass_gate()
        if self._places.outbox is None:
            raise ConfigurationError(
                f"Folder {self.name} has no `out`: set it in [[folders]] to leave documents in it."
            )
        return self._places.outbox

    def _pass_gate(self) -> None:
        if self._gate is not None:
            self._gate()

    def _archive(self) -> Path:
        return self._places.archive or self._inbox() / "processed"


def _is_temporary(name: str) -> bool:
    return name.startswith(_TEMPORARY_STARTS) or name.lower().endswith(_TEMPORARY_ENDINGS)


def _plain(name: str) -> str:
    """The name itself. Raises Invalid for what would leave the folder, hide in it, or not be kept by every file system."""
    if (
        not name
        or name != Path(name).name
        or "\\" in name
        or "\0" in name
        or _is_temporary(name)
        or len(name.encode()) > 200
    ):
        raise Invalid(
            f"Document name {name[:80]!r}: expected a plain file name of at most 200 bytes, such as 855_0001.edi."
        )
    return name


def _parse_reference(reference: str) -> tuple[_Seen, str]:
    numbers, slash, name = reference.partition("/")
    try:
        changed, size, inode = (int(number, 16) for number in numbers.split("-"))
    except ValueError:
        slash = ""
    if not slash or not name or "/" in name or "\0" in name or name in (".", ".."):
        raise NotFound(f"Reference {reference[:80]!r}: not one that this folder gave.")
    return _Seen(changed, size, inode), name


def _demand_same(seen: _Seen, status: os.stat_result, path: Path) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise NotFound(f"Document {path.name}: {path} is no longer a file.")
    if _Seen.of(status) != seen:
        raise NotFound(f"Document {path.name}: {path} was replaced by another file, which is found anew when it rests.")


def _reserve(folder: Path, name: str) -> Path:
    """A name in the folder that nothing had, held by an empty file: `order.edi`, `order.1.edi`, ..."""
    stem, ending = Path(name).stem, Path(name).suffix
    for number in range(100_000):
        target = folder / (f"{stem}.{number}{ending}" if number else name)
        try:
            os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            continue
        return target
    raise Transient(f"Folder {folder} holds 100000 files named like {name}; move them elsewhere.")


def _name_once(written: Path, final: Path) -> None:
    """Give the written file its name, which must be free: a link refuses to replace, where there are links."""
    try:
        os.link(written, final)
    except FileExistsError:
        raise Conflict(f"Document {final.name}: {final} was left there by someone else just now; look at it.") from None
    except OSError as error:
        if error.errno not in _NO_LINKS_HERE:
            raise
        if final.exists():
            raise Conflict(
                f"Document {final.name}: {final} was left there by someone else just now; look at it."
            ) from None
        written.replace(final)


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """A name survives a power cut once its folder is on disk. Windows has no such call and needs none."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _told(what: str, path: Path, *, maybe_applied: bool = False) -> Iterator[None]:
    """The one place where the operating system's errors become ours."""
    try:
        yield
    except OSError as error:
        told = _translated(what, path, error)
        if isinstance(told, RemoteError):
            told.maybe_applied = maybe_applied
        raise told from error


def _translated(what: str, path: Path, error: OSError) -> TrueupError:
    match error.errno:
        case errno.ENOENT if what.startswith("Document") and path.parent.is_dir():
            return NotFound(f"{what}: {path} is not there any more.")
        case errno.ENOENT | errno.ENOTDIR:
            return Transient(f"{what}: {path} is not there; create the folder, or mount the disk it is on.")
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return Unauthorized(
                f"{what}: {path} may not be used ({error.strerror}); give the user Trueup runs as its rights."
            )
        case errno.ENOSPC | errno.EDQUOT:
            return Transient(f"{what}: the disk of {path} is full, nothing was written; make room, it is tried again.")
        case errno.ELOOP:
            return NotFound(f"{what}: {path} is a symbolic link, which is not followed; put the file itself there.")
        case errno.EXDEV:
            return ConfigurationError(
                f"{what}: {path} is on another disk than the inbox, so a file cannot be moved there in one step; "
                f"set `archive` in [[folders]] to a folder on the same disk."
            )
        case _:
            return Transient(f"{what}: {path}: {error.strerror or error}.")
