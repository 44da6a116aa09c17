"""Files inside files: what is in a zip or a tar archive is read in memory, never unpacked to disk.

So nothing in an archive can be written anywhere, whatever its name says; and nothing larger than
`LIMIT` is read, whatever its header promises.
"""

import gzip
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

LIMIT = 1 << 30
"""The most bytes that one file or one array may have: 1 GiB; the largest true one has 150 MB."""

DAMAGED = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    EOFError,
    gzip.BadGzipFile,
    RuntimeError,  # a password, or a compression that Python does not have
)
"""What the standard library raises for archives that are cut short or changed."""


def read_file(path: Path) -> bytes:
    """Return the bytes of a file; raises ValueError if it has more than `LIMIT`."""
    _refuse_giants(path, path.name, path.stat().st_size)
    return path.read_bytes()


def read_zip(path: Path, name: str) -> bytes | None:
    """Return the bytes of the file `name`, in whatever folder of the zip; None if there is none.

    Raises ValueError for a zip that is damaged, or a file in it that is larger than `LIMIT`.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                if PurePosixPath(info.filename).name == name:
                    _refuse_giants(path, info.filename, info.file_size)
                    return archive.read(info)
    except DAMAGED as error:
        raise damaged(path, "a zip archive", error) from error
    return None


def read_tar(path: Path, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Yield (name, bytes) of those files of a tar (or .tar.gz) archive that are called so.

    The folder in the archive does not matter, but a name that leads out of it (`/etc/x`,
    `../x`) is refused, as is a link in place of a file.

    Raises ValueError for these, for a damaged archive, and for a file larger than `LIMIT`.
    """
    wanted = set(names)
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                place = PurePosixPath(member.name)
                if place.name not in wanted or member.isdir():
                    continue
                if place.is_absolute() or ".." in place.parts or not member.isfile():
                    raise ValueError(
                        f"{path}: {member.name!r} is a link, or leads out of the archive. Expected "
                        "a plain file. Such an archive is not the published one: do not trust it"
                    )
                _refuse_giants(path, member.name, member.size)
                content = archive.extractfile(member)
                if content is not None:  # None only for what is no file
                    yield place.name, content.read()
    except DAMAGED as error:
        raise damaged(path, "a tar archive", error) from error


def damaged(path: Path, expected: str, error: BaseException | str) -> ValueError:
    """Return the error for a file that is not what it should be, with what to do about it."""
    found = str(error) or type(error).__name__
    return ValueError(
        f"{path}: expected {expected}. Found: {found}. The file is damaged or another one; "
        "delete it, or give the path of a good one"
    )


def _refuse_giants(path: Path, name: str, size: int) -> None:
    """Raise ValueError for more than `LIMIT` bytes."""
    if size > LIMIT:
        raise ValueError(f"{path}: {name} has {size:,} bytes. Expected at most {LIMIT:,}")
