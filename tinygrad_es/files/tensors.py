"""Named arrays in `.npz` and `.safetensors`, in order."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .archive import read_archive, write_archive
from .atomic import needs

__all__ = ["read_npz", "read_safetensors", "write_npz", "write_safetensors"]

MANIFEST = "tinygrad_es.json"


def write_npz(path: Path, arrays: Mapping[str, Any], about: Any = None) -> None:
    """A sealed archive that `np.load` reads; `about` is kept as JSON beside the arrays."""
    entries = {}
    for name, array in arrays.items():
        buffer = io.BytesIO()
        np.lib.format.write_array(buffer, np.asarray(array), allow_pickle=False)
        entries[f"{name}.npy"] = buffer.getvalue()
    manifest = {"sealed": True, "about": about}
    entries[MANIFEST] = json.dumps(manifest).encode()
    write_archive(path, entries)


def read_npz(path: Path) -> tuple[dict[str, Any], Any]:
    """The arrays, and what was kept about them; nothing pickled is read.

    Raises:
        ValueError: no such file, or a damaged one.
    """
    entries, sealed = read_archive(path)
    about = None
    if MANIFEST in entries:
        manifest = json.loads(entries.pop(MANIFEST))
        about = manifest["about"]
        if manifest["sealed"] and not sealed:
            raise ValueError("its checksum is missing: the file was cut or damaged")
    found = {}
    for name, content in entries.items():
        if not name.endswith(".npy"):
            raise ValueError(f"it has an entry {name!r}; expected arrays, .npy")
        try:
            array = np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)
        except (ValueError, EOFError, SyntaxError, TypeError, MemoryError) as error:
            raise ValueError(f"its entry {name!r} is no array ({error})") from error
        if array.dtype.kind not in "fiub":
            raise ValueError(f"its entry {name!r} has no numbers, but {array.dtype}")
        found[name.removesuffix(".npy")] = array
    return found, about


def write_safetensors(path: Path, arrays: Mapping[str, Any]) -> None:
    """The format of the `safetensors` package; its metadata keep the order and a checksum."""
    module = needs("safetensors.numpy")
    plain = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    order = json.dumps(list(plain))
    metadata = {"order": order, "sha256": _digest(plain, order), "sealed": "tinygrad_es"}
    path.write_bytes(module.save(plain, metadata))


def read_safetensors(path: Path) -> dict[str, Any]:
    """The arrays, in the order in which they were written where the file says it.

    Raises:
        ValueError: no such file, or a damaged one.
    """
    module, library = needs("safetensors.numpy"), needs("safetensors")
    content = path.read_bytes()
    try:
        arrays = module.load(content)
        length = int.from_bytes(content[:8], "little")
        metadata = json.loads(content[8 : 8 + length]).get("__metadata__", {})
    except (library.SafetensorError, ValueError, KeyError, TypeError, MemoryError) as error:
        raise ValueError(f"it is no safetensors file, or a damaged one ({error})") from error
    if "sealed" in metadata or "sha256" in metadata:
        order = metadata.get("order", "")
        if metadata.get("sha256") != _digest(arrays, order) or metadata["sealed"] != "tinygrad_es":
            raise ValueError("its checksum does not fit: the file was changed or damaged")
        return {name: arrays[name] for name in json.loads(order)}
    return dict(arrays)


def _digest(arrays: Mapping[str, Any], order: str) -> str:
    digest = hashlib.sha256(order.encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name}|{array.dtype.str}|{array.shape}|".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()
