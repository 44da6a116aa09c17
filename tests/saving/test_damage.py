"""Damaged, foreign and hostile files: a clear error within seconds, nothing run or changed."""

import io
import json
import os
import pickle
import struct
import time
import zipfile

import numpy as np
import pytest

from tinygrad_es import Model, Sequential, layers
from tinygrad_es.files import archive, hdf5
from tinygrad_es.models import load_model

from .models import MODELS, OWN, X, assert_same, chain, graph, trained

h5py = pytest.importorskip("h5py", reason="the extra `files` is not installed")
WHOLE = [".keras", ".h5"]
WEIGHTS = [".weights.h5", ".npz", ".safetensors"]
FORMATS = [*WHOLE, *WEIGHTS]


@pytest.fixture(scope="module")
def contents(tmp_path_factory):
    """The bytes of one right file of each format."""
    folder, model = tmp_path_factory.mktemp("right"), trained(chain)
    found = {}
    for extension in FORMATS:
        path = folder / f"m{extension}"
        (model.save if extension in WHOLE else model.save_weights)(path)
        found[extension] = path.read_bytes()
    return found


def refused(extension, content, tmp_path):
    """Both ways to load it raise a ValueError that names the file, fast, and change nothing."""
    path = tmp_path / f"m{extension}"
    path.write_bytes(content)
    model = trained(chain, "sgd")
    before = [w.copy() for w in model.get_weights()]
    start = time.thread_time()
    if extension in WHOLE:
        with pytest.raises(ValueError, match=r"m(\.weights)?\.\w+: cannot load"):
            load_model(path, OWN)
    with pytest.raises(ValueError, match=r"m(\.weights)?\.\w+: cannot load|Layer count mismatch"):
        model.load_weights(path)
    assert time.thread_time() - start < 5
    assert all((a == b).all() for a, b in zip(before, model.get_weights(), strict=True))


# --- damage ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("extension", FORMATS)
@pytest.mark.parametrize("part", range(10))
def test_cut(extension, part, contents, tmp_path):
    content = contents[extension]
    rng = np.random.default_rng(part)
    for _ in range(5):
        refused(extension, content[: rng.integers(0, len(content))], tmp_path)


@pytest.mark.parametrize("extension", FORMATS)
@pytest.mark.parametrize("part", range(10))
def test_one_bit_is_wrong(extension, part, contents, tmp_path):
    rng = np.random.default_rng(part)
    for _ in range(14):
        content = bytearray(contents[extension])
        content[rng.integers(len(content))] ^= 1 << rng.integers(8)
        refused(extension, bytes(content), tmp_path)


@pytest.mark.parametrize("extension", FORMATS)
@pytest.mark.parametrize("part", range(4))
def test_blocks_are_wrong(extension, part, contents, tmp_path):
    rng = np.random.default_rng(part)
    for _ in range(5):
        content = bytearray(contents[extension])
        start, length = rng.integers(len(content)), rng.integers(1, 600)
        block = rng.bytes(len(content[start : start + length]))
        if rng.random() < 0.5:
            block = bytes(len(block))
        if bytes(content[start : start + length]) == block:
            continue
        content[start : start + length] = block
        refused(extension, bytes(content), tmp_path)


@pytest.mark.parametrize("extension", FORMATS)
def test_foreign(extension, tmp_path):
    class Bomb:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "ran"),)

    for content in (
        b"", b"hello", b"\x00" * 10_000, b"PK\x03\x04" + b"x" * 100, b"\x89HDF\r\n\x1a\n" * 40,
        pickle.dumps(Bomb()), b"<html></html>", json.dumps({"class_name": "Dense"}).encode(),
        struct.pack("<Q", 2**62) + b"{}", struct.pack("<Q", 2) + b"{}",
    ):  # fmt: skip
        if extension == ".safetensors" and content == struct.pack("<Q", 2) + b"{}":
            continue  # a right file without tensors: refused for that, below
        refused(extension, content, tmp_path)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("extension", FORMATS)
def test_one_format_under_the_name_of_another(extension, contents, tmp_path):
    for other in FORMATS:
        h5 = {other, extension} <= {".h5", ".weights.h5"}
        if other != extension and not h5:
            refused(extension, contents[other], tmp_path)


def test_a_file_of_weights_is_no_model(contents, tmp_path):
    (tmp_path / "m.h5").write_bytes(contents[".weights.h5"])
    with pytest.raises(ValueError, match="there is no model_config"):
        load_model(tmp_path / "m.h5")


@pytest.mark.parametrize("make", [m for m in MODELS if m is not chain])
@pytest.mark.parametrize("extension", WEIGHTS)
def test_weights_of_another_model(make, extension, tmp_path):
    path = tmp_path / f"m{extension}"
    trained(make).save_weights(path)
    refused(extension, path.read_bytes(), tmp_path)


# --- archives -------------------------------------------------------------------------------------


def entries(content):
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return {name: file.read(name) for name in file.namelist()}


def zipped(parts, method=zipfile.ZIP_STORED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file:
        for name, part in parts.items():
            file.writestr(name, part)
    return buffer.getvalue()


def unsealed(content):
    """The entries without the claim to be sealed: as Keras writes them."""
    parts = entries(content)
    parts["metadata.json"] = b'{"keras_version": "3.15.1"}'
    return parts


def test_the_checksum_cannot_be_left_out(contents, tmp_path):
    refused(".keras", zipped(entries(contents[".keras"])), tmp_path)
    refused(".npz", zipped(entries(contents[".npz"])), tmp_path)
    (tmp_path / "m.keras").write_bytes(zipped(unsealed(contents[".keras"])))
    assert load_model(tmp_path / "m.keras").count_params() == chain().count_params()


@pytest.mark.parametrize(
    "name", ["../evil", "/etc/evil", "a/../../evil", "..\\evil", "C:\\evil", "\\\\host\\evil"]
)
def test_names_that_lead_out(name, contents, tmp_path):
    parts = {**unsealed(contents[".keras"]), name: b"x"}
    path = tmp_path / "m.keras"
    path.write_bytes(zipped(parts))
    with pytest.raises(ValueError, match="leads out of it"):
        load_model(path)
    assert [p.name for p in tmp_path.iterdir()] == ["m.keras"]


@pytest.mark.parametrize("entry", ["config.json", "model.weights.h5", "more"])
def test_zip_bombs(entry, contents, tmp_path):
    parts = {**unsealed(contents[".keras"]), entry: bytes(300 << 20)}
    path = tmp_path / "m.keras"
    path.write_bytes(zipped(parts, zipfile.ZIP_DEFLATED))
    assert path.stat().st_size < 1 << 20
    start = time.thread_time()
    with pytest.raises(ValueError, match="its contents would take"):
        load_model(path)
    with pytest.raises(ValueError, match="its contents would take"):
        chain().load_weights(path)
    assert time.thread_time() - start < 2


def test_entries_that_lie_or_are_missing(contents, tmp_path):
    right = unsealed(contents[".keras"])
    for missing in right:
        parts = {k: v for k, v in right.items() if k != missing}
        (tmp_path / "m.keras").write_bytes(zipped(parts))
        with pytest.raises(ValueError, match=r"m\.keras: cannot load a model: it has no"):
            load_model(tmp_path / "m.keras")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, part in right.items():
            file.writestr(name, part)
        with pytest.warns(UserWarning, match="Duplicate name"):
            file.writestr("config.json", b"{}")
    (tmp_path / "m.keras").write_bytes(buffer.getvalue())
    with pytest.raises(ValueError, match=r"two entries 'config\.json'"):
        load_model(tmp_path / "m.keras")


# --- configurations -------------------------------------------------------------------------------

JUNK = [
    *(None, 0, -1, 10**12, 1.5, "", "evil", "os.system", [], {}, [[]], {"class_name": "Dense"}),
    *(True, [None] * 5, {"config": {}}, "__import__", {"class_name": 3, "config": 4}, 1e400),
]


def replaced(config, rng):
    """The configuration with junk in a random place."""
    places = []

    def visit(value, parent, key):
        if parent is not None:
            places.append((parent, key))
        if isinstance(value, (dict, list)):
            for k, v in value.items() if isinstance(value, dict) else enumerate(value):
                visit(v, value, k)

    visit(config, None, None)
    parent, key = places[rng.integers(len(places))]
    if isinstance(parent, dict) and rng.random() < 0.3:
        del parent[key]
    else:
        parent[key] = JUNK[rng.integers(len(JUNK))]
    return config


@pytest.mark.parametrize("make", [chain, graph])
@pytest.mark.parametrize("part", range(8))
def test_configurations_with_wrong_values(make, part, tmp_path):
    """It loads, because the value did not matter, or raises one ValueError that names the file."""
    path = tmp_path / "m.keras"
    model = trained(make)
    model.save(path)
    right = unsealed(path.read_bytes())
    rng = np.random.default_rng(part)
    failed = 0
    for _ in range(60):
        config = replaced(json.loads(right["config.json"]), rng)
        path.write_bytes(zipped({**right, "config.json": json.dumps(config).encode()}))
        start = time.thread_time()
        try:
            load_model(path)
        except ValueError as error:
            assert "m.keras: cannot load a model" in str(error)  # noqa: PT017 - it may also load
            failed += 1
        assert time.thread_time() - start < 5
    assert failed > 20


@pytest.mark.parametrize(
    ("cls", "config"),
    [
        ("Dense", {"units": 10**10}),
        ("Embedding", {"input_dim": 10**9, "output_dim": 10**3}),
        ("Conv2D", {"filters": 10**9, "kernel_size": 3}),
        ("Maxout", {"units": 10**9}),
    ],
)
def test_sizes_that_the_file_cannot_have(cls, config, contents, tmp_path):
    right = unsealed(contents[".keras"])
    shape = [None, 8, 8, 1] if cls == "Conv2D" else [None, 4]
    model = {
        "class_name": "Sequential",
        "config": {
            "name": "m", "layers": [
                {"class_name": "InputLayer", "config": {"batch_shape": shape}},
                {"class_name": cls, "config": config},
            ],
        },
    }  # fmt: skip
    right["config.json"] = json.dumps(model).encode()
    path = tmp_path / "m.keras"
    path.write_bytes(zipped(right))
    start = time.thread_time()
    with pytest.raises(ValueError, match="more than the file can hold"):
        load_model(path)
    assert time.thread_time() - start < 1


def test_classes_are_looked_up_and_never_imported(contents, tmp_path):
    right = unsealed(contents[".keras"])
    for module, name in (("os", "system"), ("builtins", "eval"), ("subprocess", "Popen")):
        for data in (
            {"module": module, "class_name": name, "config": {"args": "true"}},
            {"module": module, "class_name": "function", "config": name},
            {"module": "keras.layers", "class_name": "Lambda", "config": {
                "name": "l", "function": {"class_name": "__lambda__", "config": {"code": "4wAA"}}}},
        ):  # fmt: skip
            model = {"class_name": "Sequential", "config": {"name": "m", "layers": [data]}}
            right["config.json"] = json.dumps(model).encode()
            (tmp_path / "m.keras").write_bytes(zipped(right))
            with pytest.raises(
                ValueError, match=r"Could not interpret|is code, which is not|expected a conf"
            ):
                load_model(tmp_path / "m.keras")


# --- arrays ---------------------------------------------------------------------------------------


def test_pickled_arrays_are_not_read(tmp_path):
    class Bomb:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "ran"),)

    path = tmp_path / "w.npz"
    np.savez(path, a=np.array([Bomb()], dtype=object))
    with pytest.raises(ValueError, match="is no array"):
        chain().load_weights(path)
    assert not (tmp_path / "ran").exists()


def test_plain_npz_files_are_read(tmp_path):
    model = trained(chain)
    np.savez(tmp_path / "w.npz", *model.get_weights())
    again = chain()
    again.load_weights(tmp_path / "w.npz")
    assert_same(again, model)
    for wrong in (model.get_weights()[:-1], [np.array(["a"])] * 11, [np.zeros((4, 3))] * 11):
        np.savez(tmp_path / "w.npz", *wrong)
        with pytest.raises(ValueError, match=r"w\.npz: cannot load weights"):
            again.load_weights(tmp_path / "w.npz")
    assert_same(again, model)


def test_hdf5_that_points_elsewhere(tmp_path):
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["s"] = np.zeros((4, 3), "float32")
    (tmp_path / "raw").write_bytes(bytes(48))
    model = chain()
    for kind in ("external", "soft", "raw", "virtual", "text", "group"):
        path = tmp_path / "w.weights.h5"
        with open(path, "wb") as target:
            hdf5.write_groups(target, {"layers/dense": ("Oculto", model.layers[0].get_weights())})
        with h5py.File(path, "a") as file:
            group = file["layers/dense/vars"]
            del group["0"]
            if kind == "external":
                group["0"] = h5py.ExternalLink(secret, "s")
            elif kind == "soft":
                group["0"] = h5py.SoftLink("/layers/dense/vars/1")
            elif kind == "raw":
                external = [(str(tmp_path / "raw"), 0, 48)]
                group.create_dataset("0", (4, 3), "float32", external=external)
            elif kind == "virtual":
                layout = h5py.VirtualLayout((4, 3), "float32")
                layout[:] = h5py.VirtualSource(secret, "s", (4, 3))
                group.create_virtual_dataset("0", layout)
            elif kind == "text":
                group["0"] = np.array([b"abc"] * 3)
            else:
                group.create_group("0")
        with pytest.raises(ValueError, match=r"elsewhere|another file|expected numbers|an array"):
            model.load_weights(path)


def test_hdf5_arrays_of_promised_size_are_not_read(tmp_path):
    model = Sequential([layers.Input((4,)), layers.Dense(3)])
    path = tmp_path / "w.weights.h5"
    with h5py.File(path, "w") as file:
        group = file.create_group("layers/dense/vars")
        group.create_dataset("0", (10**6, 10**6), "float32", chunks=(100, 100), compression="gzip")
        group.create_dataset("1", (3,), "float32")
    with pytest.raises(ValueError, match=r"expected shapes .* found .*1000000"):
        model.load_weights(path)


def test_reading_an_archive_keeps_to_its_word(tmp_path):
    archive.write_archive(tmp_path / "a.zip", {"x": b"1", "y": b"2"})
    assert archive.read_archive(tmp_path / "a.zip") == ({"x": b"1", "y": b"2"}, True)
    with zipfile.ZipFile(tmp_path / "a.zip") as file:
        assert file.testzip() is None
    assert X.shape == (12, 4)


def test_an_error_of_ones_own_layer_is_not_lost(tmp_path):
    """The one message names the file; what the user's code raised is its cause."""

    class Picky(layers.Layer):
        made = 0

        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            Picky.made += 1
            if Picky.made > 1:
                raise ValueError("my own reason")

        def call(self, x):
            return x

    Sequential([layers.Input((4,)), Picky()]).save(tmp_path / "m.keras")
    with pytest.raises(ValueError, match=r"m\.keras: cannot load a model: my own reason") as caught:
        load_model(tmp_path / "m.keras", {"Picky": Picky})
    assert caught.value.__cause__.args == ("my own reason",)


def test_a_file_that_may_not_be_read_is_not_called_damaged(tmp_path, monkeypatch):
    chain().save_weights(tmp_path / "w.npz")

    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(archive, "check_seal", refuse)
    with pytest.raises(PermissionError, match="Permission denied"):
        chain().load_weights(tmp_path / "w.npz")


def test_a_giant_input_is_refused_before_it_is_made(contents, tmp_path):
    x = layers.Input((3,), name="x")
    model = Model(x, x + 1.0)
    right = unsealed(contents[".keras"])
    config = model.to_json().replace("[null, 3]", "[null, 1000000000]")
    right["config.json"] = config.encode()
    (tmp_path / "m.keras").write_bytes(zipped(right))
    start = time.thread_time()
    with pytest.raises(ValueError, match="too large to try a function on"):
        load_model(tmp_path / "m.keras")
    assert time.thread_time() - start < 1
