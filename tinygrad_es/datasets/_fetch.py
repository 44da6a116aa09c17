"""Finding the files of a data set: at a path, in the folders of data sets, or on the network.

The folders are `TINYGRAD_ES_DATA` (an environment variable; `~/.tinygrad_es/datasets` where it is
not set) and Keras' own, `~/.keras/datasets` (or `KERAS_HOME`). A download goes to the first.
"""

import contextlib
import hashlib
import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from tinygrad_es.datasets._sources import SOURCES, File

Data = TypeVar("Data")

TIMEOUT = 30.0
"""Seconds without an answer after which a download is given up."""

_CHUNK = 1 << 18
_MOST = 1 << 30  # bytes of a file whose size is not known


class DataNotFoundError(FileNotFoundError):
    """A data set is on this machine nowhere it was looked for, and could not be fetched.

    The message says where it was looked for, what went wrong, and how to put it there by hand.
    """


def folders() -> list[Path]:
    """Return the folders in which data sets are looked for; the first is for downloads.

    >>> [folder.name for folder in folders()][-1]
    'datasets'
    """
    own = os.environ.get("TINYGRAD_ES_DATA") or "~/.tinygrad_es/datasets"
    keras = os.environ.get("KERAS_HOME") or "~/.keras"
    return [Path(own).expanduser(), Path(keras).expanduser() / "datasets"]


def load(
    name: str, path: str | os.PathLike[str] | None, read: Callable[[Path], Data | None]
) -> Data:
    """Return what `read` makes of the first file or folder that has the data set `name`.

    Args:
        name: key of `SOURCES`.
        path: a file or a folder, relative to the current folder or to one of `folders()`; None
            looks at the places of `SOURCES` in `folders()`, and then on the network.
        read: takes a file, or a folder, and returns the data, or None for a folder without them.

    Raises:
        DataNotFoundError: the data set is nowhere, with the steps to get it.
        ValueError: from `read`, for a file that is damaged or another one.
    """
    source = SOURCES[name]
    roots = folders()
    if path is not None:
        given = Path(path).expanduser()
        roots = list(dict.fromkeys([given, *(folder / given for folder in roots)]))
    places = source.places if path is None else ("", *source.places)
    if (data := _first(roots, places, read)) is not None:
        return data
    if path is not None and os.fspath(path) != source.files[0].name:
        raise _not_found(name, f"path={os.fspath(path)!r} has no such data", roots)
    for file in source.files:
        download(name, file)
    if (data := _first(folders()[:1], source.places, read)) is not None:
        return data
    raise _not_found(name, "what was downloaded is not all of it", folders())


def _first(
    roots: list[Path], places: tuple[str, ...], read: Callable[[Path], Data | None]
) -> Data | None:
    """Return what `read` makes of the first place that has the data, None if none has."""
    for root in roots:
        for place in places:
            found = root / place
            if found.exists() and (data := read(found)) is not None:
                return data
    return None


def download(name: str, file: File) -> Path:
    """Fetch a file into the first of `folders()`, unless it is there; return its path.

    It is written beside its place under another name, and moved there only when all of it has
    come and its checksum is right: whatever happens, there is never half a file.

    Raises DataNotFoundError if there is no network, the folder cannot be written, or the bytes
    are not those expected.
    """
    target = folders()[0] / file.name
    if target.exists():
        return target
    if file.sha256 is None:
        raise _not_found(name, "no checksum of it is published, so it is not fetched", folders())
    part = target.with_name(f"{target.name}.{secrets.token_hex(4)}.part")
    try:
        with open_url(file.url) as answer:
            target.parent.mkdir(parents=True, exist_ok=True)  # not before there is an answer
            with part.open("xb") as out:
                problem = _copy(answer, out.write, file)
        if problem:
            raise _not_found(name, f"{file.url}: {problem}", folders())
        os.replace(part, target)
    except DataNotFoundError:
        raise
    except Exception as error:  # URLError, HTTPError, time-outs, http.client's, a read-only folder
        raise _not_found(name, f"{type(error).__name__}: {error}", folders()) from error
    finally:
        with contextlib.suppress(OSError):  # as a rule it is not there any more
            part.unlink()  # also after Ctrl-C
    return target


def open_url(url: str) -> Any:
    """Return the answer to a request, to be read and closed. Tests replace it."""
    from urllib.request import Request, urlopen  # 40 ms, and seldom needed

    return urlopen(Request(url, headers={"User-Agent": "tinygrad_es"}), timeout=TIMEOUT)


def _copy(answer: Any, write: Callable[[bytes], Any], file: File) -> str:
    """Copy the answer; return what is wrong with it, "" if nothing."""
    digest, got = hashlib.sha256(), 0
    most = file.size or _MOST
    while got <= most and (chunk := answer.read(_CHUNK)):
        write(chunk)
        digest.update(chunk)
        got += len(chunk)
        _show(file, got)
    _show(file, None)
    if got > most or (file.size and got < file.size):
        return f"expected {most:,} bytes. Received: {'more' if got > most else f'{got:,}'}"
    if digest.hexdigest() != file.sha256:
        return f"expected SHA-256 {file.sha256}. Received: {digest.hexdigest()}, {got:,} bytes"
    return ""


def _show(file: File, got: int | None) -> None:
    """Write how far the download is, in a terminal only; None ends the line."""
    if not sys.stderr.isatty():
        return
    if got is None:
        print(file=sys.stderr)
        return
    share = f" of {file.size / 1e6:.1f} MB ({got / file.size:.0%})" if file.size else " MB"
    print(f"\r{file.name}: {got / 1e6:.1f}{share}", end="", file=sys.stderr, flush=True)


def _not_found(name: str, reason: str, looked: list[Path]) -> DataNotFoundError:
    """Return the error, with the steps that put the data set where it is looked for."""
    source, home = SOURCES[name], folders()[0]
    places = ", ".join(source.places)
    lines = [f"The data set {name} was not found: {reason}.", "Looked in:"]
    lines += [f"  {folder}" for folder in looked]
    lines += [f"for any of: {places}.", "To get it by hand, where there is a network:"]
    for file in source.files:
        size = f" ({file.size:,} bytes)" if file.size else ""
        lines.append(f"  fetch {file.url}{size}")
        if file.sha256:
            lines.append(f"    SHA-256 {file.sha256}")
        lines.append(f"    and save it as {home / file.name}")
    lines += [
        "Or give the file or folder that has it as the argument path, or the folder of data sets",
        f"in the environment variable TINYGRAD_ES_DATA (now {_variable()}).",
    ]
    return DataNotFoundError("\n".join(lines))


def _variable() -> str:
    """Return the value of the environment variable, as an error shows it."""
    return repr(os.environ["TINYGRAD_ES_DATA"]) if "TINYGRAD_ES_DATA" in os.environ else "not set"
