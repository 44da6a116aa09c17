"""Readers of IDX, npz, CIFAR and text files: what is written is read, what is wrong is told."""

from __future__ import annotations

import gzip
import io
import pickle
import struct
import tarfile
import zipfile

import numpy as np
import pytest

from tinygrad_es.datasets import _cifar, _containers, _idx, _npz, _table

from .files import NAMES, Python2, archive, batches, binary, folder, idx, pickled

# --- IDX ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(3,), (2, 28, 28), (5, 1, 2, 3), (0,), (0, 28, 28)])
@pytest.mark.parametrize("compress", [gzip.compress, bytes], ids=["gz", "plain"])
def test_idx(tmp_path, rng, shape, compress):
    array = rng.integers(0, 256, shape, dtype=np.uint8)
    path = tmp_path / "an-idx-file"  # what it is, its bytes say, not its name
    path.write_bytes(compress(idx(array)))
    read = _idx.read_idx(path)
    assert (read.dtype, read.shape, read.flags.writeable) == (np.uint8, shape, True)
    np.testing.assert_array_equal(read, array)


GOOD = idx(np.arange(6, dtype=np.uint8).reshape(2, 3))
PACKED = gzip.compress(GOOD, mtime=0)  # without the hour: the names of tests are made of it


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "Found: nothing"),
        (b"\0\0\x08", "Found: 00 00 08"),
        (b"<html>not found", "starts 00 00 08 and 01 to 04. Found: 3c 68 74 6d"),
        (b"\0\0\x0d" + GOOD[3:], "unsigned bytes.* Found: 00 00 0d 02"),  # floats
        (b"\0\0\x08\x05" + bytes(99), "Found: 00 00 08 05"),
        (GOOD[:9], "expected 2 sizes. Found: the end after 00 00 00 02 00"),
        (GOOD[:-1], r"expected 6 bytes for sizes \(2, 3\). Found: 5 bytes"),
        (GOOD + b"\0", r"expected 6 bytes for sizes \(2, 3\). Found: more"),
        (b"\0\0\x08\x03" + b"\xff" * 12, "at most 1 GiB. Found: sizes .*4294967295"),
        (PACKED[:-9], "expected a gzip file. Found: Compressed file ended"),
        (PACKED[:10] + b"\xff" * 20, "expected a gzip file. Found: Error -3"),
        (PACKED[:-8] + bytes(8), "expected a gzip file. Found: CRC check failed"),
    ],
)
def test_idx_that_is_wrong(tmp_path, content, message):
    path = tmp_path / "images"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f"images: .*{message}"):
        _idx.read_idx(path)


X, Y = np.zeros((3, 28, 28), np.uint8), np.array([0, 9, 4], np.uint8)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (X, Y[:2], "Found: 3 images, 2 labels"),
        (X[:0], Y[:0], "Found: 0 images, 0 labels"),
        (X.astype(np.float32), Y, r"Found: float32 \(3, 28, 28\) and uint8 \(3,\)"),
        (X, Y.astype(np.int64), "and int64"),
        (X[..., None], Y, r"Found: uint8 \(3, 28, 28, 1\)"),
        (X[:, :27], Y, r"expected uint8 images \(n, 28, 28\)"),
        (X, Y[:, None], r"and uint8 \(3, 1\)"),
        (X, Y + 1, r"expected labels 0\.\.9. Found: 10, in row 1"),
        (np.array(3, np.uint8), Y, "expected uint8 images"),
    ],
)
def test_images_and_labels_that_do_not_belong_together(x, y, message):
    with pytest.raises(ValueError, match=f"here: .*{message}"):
        _idx.check_images(x, y, "here")


# --- npz ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_npz(tmp_path, rng, save):
    x, y = rng.normal(size=(4, 8)), rng.integers(0, 9, 4)
    save(tmp_path / "a.npz", x=x, y=y, more=x)
    read = _npz.read_arrays(tmp_path / "a.npz", ("y", "x"))
    np.testing.assert_array_equal(read[0], y)
    np.testing.assert_array_equal(read[1], x)


def ran():
    """What no reader may run."""
    raise AssertionError("a reader ran code from a file")


class Code:
    """Runs when it is unpickled by an ordinary reader."""

    def __reduce__(self):
        return ran, ()


def header(shape: str, descr: str = "<f8") -> bytes:
    """The start of an npy file that says it has this shape."""
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}}}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


def npz(x: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(zipfile.ZipInfo("x.npy"), x)  # of 1980: names of tests are made of it
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "expected an npz file"),
        (b"\x93NUMPY", "expected an npz file. Found: File is not a zip file"),
        (npz(b"")[:-30], "expected an npz file"),
        (npz(b""), "expected x as an array of numbers"),
        (npz(header("(9,)") + bytes(8)), "expected x as an array of numbers"),
        (npz(header("(99999999999999,)")), "expected x as an array of numbers"),
        (npz(header("(1,)", "|O") + pickle.dumps([Code()])), "[Oo]bject arrays"),
        (npz(pickle.dumps(Code())), "expected x as an array of numbers"),
    ],
)
def test_npz_that_is_wrong(tmp_path, content, message):
    path = tmp_path / "a.npz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=rf"a\.npz: .*{message}"):
        _npz.read_arrays(path, ("x",))


def test_npz_without_an_array(tmp_path):
    np.savez(tmp_path / "a.npz", x=X)
    with pytest.raises(ValueError, match=r"expected arrays x, y. Found: no y among \['x'\]"):
        _npz.read_arrays(tmp_path / "a.npz", ("x", "y"))


def test_changed_bytes_are_noticed(tmp_path):
    content = bytearray(npz(header("(64,)") + bytes(512)))
    content[200] ^= 1
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(ValueError, match="Found: Bad CRC"):
        _npz.read_arrays(tmp_path / "a.npz", ("x",))


# --- giants -------------------------------------------------------------------------------------


def test_what_is_larger_than_the_limit_is_not_read(tmp_path, monkeypatch):
    (tmp_path / "plain").write_bytes(bytes(101))
    with zipfile.ZipFile(tmp_path / "z.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner", bytes(101))
        archive.writestr("x.npy", bytes(101))
    with tarfile.open(tmp_path / "t.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "plain", "inner")
    (tmp_path / "idx").write_bytes(idx(np.zeros(101, np.uint8)))
    monkeypatch.setattr(_containers, "LIMIT", 100)
    for read in (
        lambda: _containers.read_file(tmp_path / "plain"),
        lambda: _containers.read_zip(tmp_path / "z.zip", "inner"),
        lambda: list(_containers.read_tar(tmp_path / "t.tar.gz", ["inner"])),
        lambda: _npz.read_arrays(tmp_path / "z.zip", ["x"]),
        lambda: _idx.read_idx(tmp_path / "idx"),
    ):
        with pytest.raises(ValueError, match="101"):
            read()


# --- CIFAR --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["binary", "python"])
@pytest.mark.parametrize("pack", [folder, archive])
def test_cifar(tmp_path, rng, kind, pack):
    parts = batches(rng)
    if kind == "binary":
        contents = {f"{name}.bin": binary(*part) for name, part in zip(NAMES, parts)}
    else:
        contents = {name: pickled(*part) for name, part in zip(NAMES, parts)}
    contents["batches.meta"] = pickle.dumps(Code())  # is in the published folder, and not read
    (x_train, y_train), (x_test, y_test) = _cifar.read_batches(pack(tmp_path / "c", contents))
    assert (x_train.dtype, x_train.shape) == (np.uint8, (3 + 4 + 5 + 6 + 7, 32, 32, 3))
    assert (y_train.dtype, y_train.shape) == (np.uint8, (25, 1))
    assert (x_test.shape, y_test.shape) == ((8, 32, 32, 3), (8, 1))
    assert x_train.flags.c_contiguous
    for colour in range(3):
        plane = parts[1][0][2].reshape(3, 32, 32)[colour]
        np.testing.assert_array_equal(x_train[3 + 2, :, :, colour], plane)
    np.testing.assert_array_equal(
        y_train.ravel(), np.concatenate([labels for _, labels in parts[:5]])
    )
    np.testing.assert_array_equal(y_test.ravel(), parts[5][1])


def test_batches_of_this_python_and_of_columns(tmp_path, rng):
    x, y = batches(rng)[0]
    for array in (x, np.asfortranarray(x)):
        for kind in (pickle._Pickler, Python2):
            read, labels = _cifar.parse_python(pickled(array, y, kind), tmp_path)
            np.testing.assert_array_equal(read, x)
            np.testing.assert_array_equal(labels, y)


ROW = np.zeros((1, 3072), np.uint8)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (pickle.dumps(Code()), "ran, which is no array"),
        (pickle.dumps({b"data": Code(), b"labels": [1]}), "which is no array"),
        (b"cos\nsystem\n(S'true'\ntR.", "os.system, which is no array"),
        (b"", "Ran out of input"),
        (b"\x80\x02}", ""),
        (pickle.dumps({b"data": 1}), "labels"),
        (pickle.dumps([1, 2]), ""),
        (pickled(ROW[:, :3071], [1]), "3071"),
        (pickled(ROW.astype(np.float32), [1]), "reshape"),
        (pickled(ROW[0], [1]), "unpack"),
        (pickle.dumps({b"data": [1], b"labels": [1]}), "state"),
        (pickled(ROW, [256]), "labels from 256"),
        (pickled(ROW, [-1]), "labels from -1"),
        (pickled(ROW, [1])[:-40], ""),
    ],
)
def test_pickles_that_are_no_batch(tmp_path, content, found):
    with pytest.raises(ValueError, match=f"expected a pickled dict with data.* Found: .*{found}"):
        _cifar.parse_python(content, tmp_path)


@pytest.mark.parametrize("size", [0, 3072, 3074])
def test_binary_batches_of_another_length(tmp_path, size):
    with pytest.raises(ValueError, match=f"records of 3,073 bytes. Found: {size:,} bytes"):
        _cifar.parse_binary(bytes(size), tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"test_batch.bin": None}, r"no test_batch\.bin"),
        ({"data_batch_3.bin": None}, r"no data_batch_3\.bin"),
        ({"data_batch_3.bin": b"\x0a" + bytes(3072)}, r"labels 0\.\.9. Found: 10, in row 2"),
        ({f"{name}.bin": None for name in NAMES}, "an archive without them"),
    ],
)
def test_archives_that_lack_something(tmp_path, change, message):
    contents = {f"{name}.bin": bytes(3073) for name in NAMES} | change
    kept = {name: content for name, content in contents.items() if content is not None}
    with pytest.raises(ValueError, match=message):
        _cifar.read_batches(archive(tmp_path / "c.tar.gz", kept))


def test_a_folder_without_batches_is_passed_over(tmp_path):
    assert _cifar.read_batches(tmp_path) is None


@pytest.mark.parametrize("prefix", ["..", "/etc", "a/../.."])
def test_names_that_lead_out_of_the_archive(tmp_path, prefix):
    path = archive(tmp_path / "c.tar.gz", {f"{n}.bin": bytes(3073) for n in NAMES}, prefix)
    with pytest.raises(ValueError, match=r"data_batch_1\.bin' is a link, or leads out"):
        _cifar.read_batches(path)
    assert [p.name for p in tmp_path.iterdir()] == ["c.tar.gz"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_links_in_place_of_files(tmp_path, kind):
    with tarfile.open(tmp_path / "c.tar.gz", "w:gz") as tar:
        info = tarfile.TarInfo("data_batch_1.bin")
        info.type, info.linkname = kind, "/etc/passwd"
        tar.addfile(info)
    with pytest.raises(ValueError, match="is a link, or leads out"):
        _cifar.read_batches(tmp_path / "c.tar.gz")


@pytest.mark.parametrize("cut", [0, 10, 200, -20])
def test_tar_archives_that_are_cut_short(tmp_path, rng, cut):
    whole = archive(tmp_path / "w.tar.gz", {f"{n}.bin": rng.bytes(3073) for n in NAMES})
    (tmp_path / "c.tar.gz").write_bytes(whole.read_bytes()[:cut])
    with pytest.raises(ValueError, match=r"c\.tar\.gz: expected"):
        _cifar.read_batches(tmp_path / "c.tar.gz")


# --- text ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "1,2\n3,4\n",
        "a,b\n1,2\n3,4",
        "\ufeffa,b\r\n1,2\r\n\r\n3,4\r\n\r\n",
        ' a , b\n "1", 2 \n3,"4"\n',
        '"","a","b"\n"1",1,2\n"2",3,4\n',
        "rownames,a,b\n7,1,2\n8,3,4\n",
    ],
)
def test_tables(tmp_path, text):
    (tmp_path / "t.csv").write_bytes(text.encode())
    table = _table.read_table(tmp_path / "t.csv", n_columns=2)
    assert table.header == ([] if text.startswith("1") else ["a", "b"])
    np.testing.assert_array_equal(table.numbers([0, 1]), [[1, 2], [3, 4]])
    np.testing.assert_array_equal(table.numbers([1]), [[2], [4]])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "rows of comma-separated values. Found: none"),
        (b"a,b\n\n", "Found: none"),
        (b"1;2\n3;4\n", "line 2: expected 2 columns, separated by commas"),
        (b"1\n2\n", "line 1: expected 2 columns.* Found: 1"),
        (b"1,2\n\n3,4,5\n", "line 3: expected 2 columns.* Found: 3"),
        (b"1,2\n3\n", "line 2: expected 2 columns.* Found: 1"),
        (b"a,b\n1,2\n3,x\n", "line 3, column 2: expected a number. Found: 'x'"),
        (b"1,2\n3,\n", "line 2, column 2: expected a number. Found: ''"),
        (b"1,2\n3,nan\n", "line 2, column 2: expected a number. Found: 'nan'"),
        (b"1,2\ninf,4\n", "line 2, column 1: expected a number. Found: 'inf'"),
        (b"1,2\n\xff,4\n", "expected text in UTF-8"),
        (b"1,2\n" + b"9" * 200_000 + b",1", "field larger than field limit"),
    ],
)
def test_tables_that_are_wrong(tmp_path, text, message):
    (tmp_path / "t.csv").write_bytes(text)
    with pytest.raises(ValueError, match=rf"t\.csv.*{message}"):
        _table.read_table(tmp_path / "t.csv", n_columns=2).numbers([0, 1])


def test_empty_cells_where_they_may_be(tmp_path):
    (tmp_path / "t.csv").write_text("1,2\n,4\n")
    table = _table.read_table(tmp_path / "t.csv", n_columns=2)
    np.testing.assert_array_equal(table.numbers([0, 1], may_be_empty=True), [[1, 2], [np.nan, 4]])
    (tmp_path / "t.csv").write_text("1,2\n,x\n")
    table = _table.read_table(tmp_path / "t.csv", n_columns=2)
    with pytest.raises(ValueError, match="line 2, column 2"):
        table.numbers([0, 1], may_be_empty=True)


def test_tables_in_a_zip(tmp_path):
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.writestr("Index", "not a table")
        archive.writestr("folder/t.data", "1,2\n")
    np.testing.assert_array_equal(
        _table.read_table(tmp_path / "z.zip", 2, member="t.data").numbers([0, 1]), [[1, 2]]
    )
    with pytest.raises(
        ValueError, match=r"expected a zip archive with u\.data. Found: one without"
    ):
        _table.read_table(tmp_path / "z.zip", 2, member="u.data")
    (tmp_path / "z.zip").write_bytes(b"PK\3\4")
    with pytest.raises(ValueError, match="Found: File is not a zip file"):
        _table.read_table(tmp_path / "z.zip", 2, member="t.data")
