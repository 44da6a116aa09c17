"""Zip archives: a few named entries, stored as they are."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

from .atomic import DIGITS, SEAL, check_seal, seal

__all__ = ["read_archive", "write_archive"]

LARGEST = 200  # times the size of the file: more is no archive but a trap
ALWAYS = 64 << 20  # bytes that may come out of any file


def leads_out(name: str) -> bool:
    """Whether a name leads out of a folder, or is cut short where files are named in C."""
    parts = name.replace("\\", "/").split("/")
    drive = len(parts[0]) > 1 and parts[0][1] == ":"  # C:
    return name.startswith(("/", "\\")) or ".." in parts or drive or "\0" in name


UNREADABLE = (  # what zipfile raises on bytes that are no archive
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, UnicodeError, IndexError),
    *(OSError, OverflowError),  # places outside of the file
    *(NotImplementedError, RuntimeError),  # ways of packing that it does not know
)


def write_archive(path: Path, entries: Mapping[str, bytes]) -> None:
    """A sealed archive of these entries.

    Raises:
        ValueError: names that `read_archive` would not take back.
    """
    for name in entries:
        if leads_out(name):
            raise ValueError(f"{name!r} cannot be a name in an archive: rename the layer or weight")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
        archive.comment = SEAL + b"0" * DIGITS
    seal(path, placed=True)


def read_archive(path: Path) -> tuple[dict[str, bytes], bool]:
    """The entries of an archive, and whether it is sealed. Nothing is written to the disk.

    Raises:
        ValueError: no archive, a damaged one, names that lead out of a folder, or contents far
            larger than the file.
    """
    sealed = check_seal(path)
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
            total = 0
            names: set[str] = set()
            for info in infos:
                if leads_out(info.filename):
                    raise ValueError(f"it has an entry that leads out of it, {info.filename!r}")
                if info.filename in names:
                    raise ValueError(f"it has two entries {info.filename!r}")
                if info.flag_bits & 1:
                    raise ValueError(f"its entry {info.filename!r} is encrypted")
                names.add(info.filename)
                total += info.file_size
            if total > max(ALWAYS, LARGEST * path.stat().st_size):
                raise ValueError(f"its contents would take {total} bytes: refused")
            return {info.filename: archive.read(info) for info in infos}, sealed
    except UNREADABLE as error:
        raise ValueError(f"it is no zip archive, or a damaged one ({error})") from error
