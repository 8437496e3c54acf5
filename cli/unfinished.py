"""A home that `restore-installation` began to fill says so, until it is whole.

Half an installation would be served as if it were one, and its sweep would take the rest away.
"""

import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cli import leftovers
from cli.errors import SetupError
from cli.home import Home
from cli.instance import InstanceLock
from cli.private_files import cannot_write, write_private
from keyring.files import sync_folder

_MARK = "restoring"
_PATIENCE = 100


def refuse_unfinished(home: Home) -> None:
    """Raises SetupError for a home that a restore was cut off in."""
    if (home.path / _MARK).exists():
        raise SetupError(
            f"{home.path} is not whole: a restore of the installation was cut off in it.",
            hint="Call `stonepine restore-installation` for it again: it begins anew.",
        )


def is_unfinished(path: Path) -> bool:
    return (path / _MARK).is_file()


@contextmanager
def filling(home: Home) -> Iterator[None]:
    """The home is not whole until the block is done. Where that fails the home is empty again, and
    it can be tried anew; where the process is killed, `refuse_unfinished` tells."""
    if is_unfinished(home.path):
        InstanceLock.take(home).release()  # nobody is at it any more
        _empty(home.path)
    try:
        home.create()
        write_private(home.path / _MARK, b"")
        yield
        (home.path / _MARK).unlink()
        sync_folder(home.path)
    except OSError as error:
        _empty(home.path)
        raise cannot_write(Path(error.filename or home.path), error) from error
    except BaseException:
        _empty(home.path)
        raise


def _empty(home: Path) -> None:
    """The mark goes last."""
    _end_servers(home)
    entries = list(home.iterdir()) if home.is_dir() else []
    for path in sorted(entries, key=lambda one: one.name == _MARK):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _end_servers(home: Path) -> None:
    """The database of a command that was killed runs on in its folder."""
    for folder in home.glob("postgres*"):
        for _ in range(_PATIENCE):
            left = leftovers.in_folder(folder, Path("postgres"))
            if not left:
                break
            leftovers.send(left, signal.SIGQUIT)
            signal.sigtimedwait([], 0.05)
