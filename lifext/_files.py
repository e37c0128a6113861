"""How files are opened: to be written whole or not at all, and to be read without waiting for a pipe.

What is written goes to a file beside, of a name that nobody can guess, and then in the place of the one that was there.
That file must not exist before, so no link in its place is followed.
"""
from __future__ import annotations

import contextlib
import errno
import io
import os
import secrets
import shutil
import stat
import sys
from collections.abc import Iterator
from typing import IO

from ._types import Path

# of a file's own name, which may be as long as names can be, in that of the file beside
KEPT = 40


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that takes the place of `path` when all has been written to it, and is on the disk.

    Whatever keeps it from being written, what was at `path` stays. Where an error is one of the disk, it is raised as
    that `OSError`, whatever a library made of it. A device or a pipe is written to itself.
    """
    if _is_special(path):
        # whole, as an archive is not written in order
        content = io.BytesIO()
        yield content
        with open(path, "wb") as file:
            file.write(content.getbuffer())
        return
    path = os.path.realpath(path)
    folder, name = os.path.split(path)
    part = os.path.join(folder, f"{name[:KEPT]}.{secrets.token_hex(8)}.part")
    try:
        with disk_errors(), open(part, "x+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if os.path.exists(path):
            shutil.copymode(path, part)
        os.replace(part, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.remove(part)
        raise


@contextlib.contextmanager
def restoring(path: Path, keep: list[tuple[int, int]]) -> Iterator[None]:
    """Put a file that is written to in its place back to what it was, if that is cut short by whatever it is.

    Parameters
    ----------
    path : str
        The file.
    keep : list of (int, int)
        From where to where what is there may be written over. What is added at the end is cut off.
    """
    with open(path, "rb") as file:
        size, old = os.fstat(file.fileno()).st_size, []
        for start, stop in keep:
            file.seek(start)
            old.append((start, file.read(stop - start)))
    try:
        with disk_errors():
            yield
    except BaseException:
        with open(path, "r+b") as file:
            file.truncate(size)
            for start, content in old:
                file.seek(start)
                file.write(content)
        raise


@contextlib.contextmanager
def disk_errors() -> Iterator[None]:
    """Raise the `OSError` that an exception came of: libraries meet others while they clear up after it."""
    # one that the caller is about to handle has nothing to do with this
    before = sys.exception()
    try:
        yield
    except Exception as error:
        cause: BaseException | None = error
        while cause is not None and cause is not before:
            if isinstance(cause, OSError) and cause is not error:
                raise cause from None
            cause = None if isinstance(cause, OSError) else cause.__cause__ or cause.__context__
        raise


def open_plain(path: Path, links: bool = True) -> IO[bytes]:
    """Open a file to be read, or raise ValueError if it is a pipe or a device, which might never end.

    A directory is an `IsADirectoryError`, as for `open`.

    Parameters
    ----------
    path : path_like
        The file.
    links : bool, optional
        Whether a link to a file will do.
    """
    look = os.stat if links else os.lstat
    _check_plain(look(path).st_mode)
    # it may be another one by now
    flags = os.O_RDONLY | sum(getattr(os, name, 0) for name in (
        "O_BINARY", "O_CLOEXEC", "O_NONBLOCK", *(() if links else ("O_NOFOLLOW",))))
    handle = os.open(path, flags)
    try:
        _check_plain(os.fstat(handle).st_mode)
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def _check_plain(mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    kinds = {stat.S_IFIFO: "a pipe", stat.S_IFLNK: "a link", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device",
             stat.S_IFSOCK: "a socket"}
    if not stat.S_ISREG(mode):
        raise ValueError(f"it is no plain file but {kinds.get(stat.S_IFMT(mode), 'something else')}")


def _is_special(path: Path) -> bool:
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))
