"""Writing a file whole or not at all, and the seal that shows whether it stayed as written."""

from __future__ import annotations

import contextlib
import glob
import hashlib
import itertools
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["SEAL", "atomic", "check_seal", "digest_of", "needs", "seal", "sweep"]

SEAL = b"tinygrad_es sha256 "  # then 64 hexadecimal digits, the last bytes of a sealed file
DIGITS = 64
_numbers = itertools.count()  # two threads may write the same file


@contextlib.contextmanager
def atomic(path: Any) -> Iterator[Path]:
    """A temporary path beside `path`, which takes its place at the end of the block.

    After an exception, a crash or a full disk the old file is there, whole. The new one has its
    permissions; where `path` is a symbolic link, it is the file behind it that is replaced.
    """
    target = Path(os.path.realpath(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    sweep(target)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.{next(_numbers)}.tmp")
    try:
        yield temporary
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        with contextlib.suppress(OSError):  # no old file, or one of somebody else
            shutil.copymode(target, temporary)
        os.replace(temporary, target)
        _remember(target.parent)
    finally:
        temporary.unlink(missing_ok=True)


def sweep(target: Path) -> None:
    """Delete temporary files of `target` that processes left behind which are no more."""
    for left in target.parent.glob(f".{glob.escape(target.name)}.*.*.tmp"):
        process = left.name.split(".")[-3]
        if process.isdigit() and not _runs(int(process)):
            left.unlink(missing_ok=True)


def _runs(process: int) -> bool:
    if os.name != "posix":
        return True  # there, asking would end it
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _remember(folder: Path) -> None:
    """Let the new name in the folder reach the disk too, where the system can."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def digest_of(path: Path, length: int) -> bytes:
    """SHA-256 of the first `length` bytes of a file, in hexadecimal digits."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while length > 0 and (block := file.read(min(length, 1 << 20))):
            digest.update(block)
            length -= len(block)
    return digest.hexdigest().encode()


def seal(path: Path, placed: bool = False) -> None:
    """Put the checksum of a file at its end; `placed`: it ends in a seal with another number."""
    if not placed:
        with open(path, "ab") as file:
            file.write(SEAL + b"0" * DIGITS)
    length = path.stat().st_size - DIGITS
    digits = digest_of(path, length)
    with open(path, "rb+") as file:
        file.seek(length)
        file.write(digits)


def check_seal(path: Path) -> bool:
    """Whether the file is sealed.

    Raises:
        ValueError: it is, and is not as it was written.
    """
    size = path.stat().st_size
    length = size - DIGITS
    if length < len(SEAL):
        return False
    with open(path, "rb") as file:
        file.seek(length - len(SEAL))
        end = file.read()
    if not end.startswith(SEAL):
        return False
    if digest_of(path, length) != end[len(SEAL) :]:
        raise ValueError("its checksum does not fit: the file was changed or damaged")
    return True


def needs(module: str) -> Any:
    """A package of the extra `files`; an ImportError says how to get it."""
    import importlib

    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(
            f"this file format needs {module.partition('.')[0]}: pip install 'tinygrad-es[files]'; "
            "weights in .npz need nothing."
        ) from error
