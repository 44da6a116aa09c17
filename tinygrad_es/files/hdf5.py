"""Groups of numbered arrays in HDF5, laid out as Keras 3 does."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .atomic import check_seal, needs, seal

__all__ = ["Groups", "attribute", "datasets", "open_hdf5", "write_groups", "write_texts"]

Groups = Mapping[str, tuple[str | None, list[Any]]]  # path → name, arrays
SEALED = "tinygrad_es_sealed"
CHUNK = 64_512  # bytes of an attribute: HDF5 has no longer ones in its old format


def write_groups(target: Any, groups: Groups) -> None:
    """`path/vars/0`, `path/vars/1`, … for each group, into a file object."""
    h5py = needs("h5py")
    with h5py.File(target, "w") as file:
        for path, (name, arrays) in groups.items():
            group = file.create_group(f"{path}/vars" if path else "vars")
            if name is not None:
                group.attrs["name"] = name
            for i, array in enumerate(arrays):
                group.create_dataset(str(i), data=np.asarray(array))
        file.attrs[SEALED] = isinstance(target, Path)
    if isinstance(target, Path):
        seal(target)


def open_hdf5(source: Any) -> Any:
    """The file, opened to read; a damaged one of ours is not even looked into.

    Raises:
        ValueError: no HDF5 file, or one that changed since it was written.
    """
    h5py = needs("h5py")
    sealed = check_seal(source) if isinstance(source, Path) else False
    try:
        file = h5py.File(source, "r")
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        raise ValueError(f"it is no HDF5 file, or a damaged one ({error})") from error
    if isinstance(source, Path) and file.attrs.get(SEALED, False) and not sealed:
        file.close()
        raise ValueError("its checksum is missing: the file was cut or damaged")
    return file


def member(group: Any, name: str) -> Any:
    """What a group holds under a name, None where it is not there. Links to elsewhere, as to
    other files, are refused.
    """
    h5py = needs("h5py")
    for part in name.split("/"):
        link = group.get(part, getlink=True)
        if link is None:
            return None
        if not isinstance(link, h5py.HardLink):
            raise ValueError(f"{part!r} is a link to elsewhere; expected the data themselves")
        group = group[part]
    return group


def datasets(group: Any, names: list[str]) -> list[Any]:
    """The datasets of these names, checked to hold numbers of their own."""
    h5py = needs("h5py")
    found = []
    for name in names:
        dataset = member(group, name)
        if not isinstance(dataset, h5py.Dataset):
            raise ValueError(f"{group.name}/{name}: expected an array. Received: {dataset!r}")
        if dataset.external is not None or dataset.is_virtual:
            raise ValueError(f"{group.name}/{name}: its numbers are in another file")
        if dataset.dtype.kind not in "fiub" or dataset.dtype.hasobject:
            raise ValueError(f"{group.name}/{name}: expected numbers. Received: {dataset.dtype}")
        found.append(dataset)
    return found


def attribute(group: Any, name: str) -> Any:
    """Texts of an attribute, of any of Keras' ways to write them; None where it is not there."""
    if name in group.attrs:
        value = group.attrs[name]
    elif f"{name}0" in group.attrs:  # long lists come in pieces
        value, i = [], 0
        while f"{name}{i}" in group.attrs:
            value = [*value, *group.attrs[f"{name}{i}"]]
            i += 1
    else:
        return None

    def text(part: Any) -> Any:
        return part.decode("utf-8") if isinstance(part, bytes) else part

    if isinstance(value, (bytes, str)):
        return text(value)
    return [text(part) for part in value]


def write_texts(group: Any, name: str, texts: list[str]) -> None:
    """A list of texts as an attribute, in pieces where it is long."""
    h5py = needs("h5py")
    kind = h5py.string_dtype("utf-8")
    pieces: list[list[str]] = [[]]
    size = 0
    for text in texts:
        if size + len(text) + 16 > CHUNK:
            pieces.append([])
            size = 0
        pieces[-1].append(text)
        size += len(text) + 16
    if len(pieces) == 1:
        group.attrs[name] = np.asarray(pieces[0], dtype=kind) if texts else np.zeros(0)
        return
    for i, piece in enumerate(pieces):
        group.attrs[f"{name}{i}"] = np.asarray(piece, dtype=kind)
