"""The loaders of mnist, fashion_mnist, cifar10, california_housing, sonar, optdigits."""

from __future__ import annotations

import gzip
import zipfile

import numpy as np
import pytest

from tinygrad_es.datasets import (
    DataNotFoundError,
    california_housing,
    cifar10,
    fashion_mnist,
    mnist,
    optdigits,
    sonar,
)

from .files import NAMES, archive, binary, folder, idx, pickled


def images(rng, n):
    return rng.integers(0, 256, (n, 28, 28), dtype=np.uint8), rng.integers(0, 10, n, np.uint8)


def write_idx(folder, train, test, suffix=".gz", names="{part}-{what}-idx{axes}-ubyte"):
    folder.mkdir(parents=True, exist_ok=True)
    for part, (x, y) in (("train", train), ("t10k", test)):
        for what, array in (("images", x), ("labels", y)):
            name = names.format(part=part, what=what, axes=array.ndim) + suffix
            content = idx(array)
            (folder / name).write_bytes(gzip.compress(content) if suffix else content)


def assert_same(found, expected):
    for part, (x, y) in zip(found, expected, strict=True):
        for array, other in zip(part, (x, y), strict=True):
            assert array.dtype == other.dtype
            np.testing.assert_array_equal(array, other)


# --- mnist and fashion_mnist --------------------------------------------------------------------


@pytest.mark.parametrize("path", [None, "mnist.npz"])
def test_mnist_from_keras_file(data_folder, tmp_path, rng, path):
    train, test = images(rng, 6), images(rng, 2)
    keras = tmp_path / "keras" / "datasets"
    keras.mkdir(parents=True)
    np.savez_compressed(
        keras / "mnist.npz", x_train=train[0], y_train=train[1], x_test=test[0], y_test=test[1]
    )
    assert_same(mnist.load_data(path), (train, test))
    assert_same(mnist.load_data(keras), (train, test))


@pytest.mark.parametrize("suffix", [".gz", ""])
@pytest.mark.parametrize(
    "names", ["{part}-{what}-idx{axes}-ubyte", "{part}-{what}.idx{axes}-ubyte"]
)
def test_four_files(data_folder, rng, suffix, names):
    digits, clothes = (images(rng, 6), images(rng, 2)), (images(rng, 5), images(rng, 1))
    write_idx(data_folder / "mnist", *digits, suffix, names)
    write_idx(data_folder / "fashion-mnist", *clothes, suffix, names)
    assert_same(mnist.load_data(), digits)
    assert_same(fashion_mnist.load_data(), clothes)
    assert_same(fashion_mnist.load_data(str(data_folder / "fashion-mnist")), clothes)
    assert_same(fashion_mnist.load_data("fashion-mnist"), clothes)


def test_digits_in_the_folder_of_data_sets_are_not_clothes(data_folder, rng):
    write_idx(data_folder, images(rng, 6), images(rng, 2))
    with pytest.raises(DataNotFoundError):
        fashion_mnist.load_data()


def test_three_files_of_four(data_folder, rng):
    write_idx(data_folder / "fashion-mnist", images(rng, 6), images(rng, 2))
    (data_folder / "fashion-mnist" / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(DataNotFoundError, match=r"no network in tests: .*t10k-labels-idx1"):
        fashion_mnist.load_data()  # asks for the one that is missing only


def test_swapped_files(data_folder, rng):
    train, test = images(rng, 6), images(rng, 2)
    write_idx(data_folder / "fashion-mnist", (train[0], test[1]), (test[0], train[1]))
    with pytest.raises(ValueError, match=r"fashion-mnist: .* Found: 6 images, 2 labels"):
        fashion_mnist.load_data()


def test_images_may_be_changed(data_folder, rng):
    write_idx(data_folder / "fashion-mnist", images(rng, 6), images(rng, 2))
    (x, y), _ = fashion_mnist.load_data()
    x[:], y[:] = 0, 0
    assert fashion_mnist.load_data()[0][0].any()


def test_class_names():
    assert len(set(fashion_mnist.CLASS_NAMES)) == len(set(cifar10.CLASS_NAMES)) == 10
    assert fashion_mnist.CLASS_NAMES[9] == "Ankle boot"
    assert cifar10.CLASS_NAMES[6] == "frog"


# --- cifar10 ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["bin", "py"])
@pytest.mark.parametrize("packed", [True, False])
def test_cifar10_from_every_place(data_folder, tmp_path, rng, kind, packed):
    x, y = rng.integers(0, 256, (2, 3072), dtype=np.uint8), np.array([3, 8])
    write, suffix = (binary, ".bin") if kind == "bin" else (pickled, "")
    contents = {f"{name}{suffix}": write(x, y) for name in NAMES}
    root = data_folder if kind == "bin" else tmp_path / "keras" / "datasets"
    if kind == "py" and not packed:
        root /= "cifar-10-batches-py-target"  # where Keras keeps it
    root.mkdir(parents=True)
    if packed:
        name = {"bin": "cifar-10-binary.tar.gz", "py": "cifar-10-python.tar.gz"}[kind]
        archive(root / name, contents)
    else:
        folder(root / f"cifar-10-batches-{kind}", contents)
    (x_train, y_train), (x_test, y_test) = cifar10.load_data()
    assert (x_train.shape, y_train.shape) == ((10, 32, 32, 3), (10, 1))
    np.testing.assert_array_equal(x_test, x.reshape(2, 3, 32, 32).transpose(0, 2, 3, 1))
    assert y_test.tolist() == [[3], [8]]


# --- california_housing -------------------------------------------------------------------------

DISTRICT = "-122.23,37.88,41.0,880.0,129.0,322.0,126.0,8.3252"  # the first of the published file
HEADER = ",".join(california_housing.FEATURE_NAMES)


def housing(rng, n):
    x = np.round(rng.uniform(1, 100, (n, 8)), 2).astype(np.float32)
    return x, np.arange(n, dtype=np.float32) * 1000  # a target says which row it is


def test_housing_from_every_kind_of_file(tmp_path, rng):
    x, y = housing(rng, 40)
    np.savez(tmp_path / "a.npz", x=x, y=y)
    rows = [[*map(str, row), str(price)] for row, price in zip(x, y)]
    (tmp_path / "cal_housing.data").write_text("\n".join(map(",".join, rows)))
    names = "housingMedianAge,Median House Value,households,latitude,LONGITUDE,medianIncome"
    names += ",ocean_proximity,population,totalBedrooms,totalRooms"
    order = [2, 8, 6, 1, 0, 7, None, 5, 4, 3]
    cells = [["NEAR BAY" if i is None else row[i] for i in order] for row in rows]
    (tmp_path / "housing.csv").write_text("\n".join([names, *map(",".join, cells)]))
    from_npz, from_data, from_csv = (
        california_housing.load_data(path=tmp_path / name)
        for name in ("a.npz", "cal_housing.data", "housing.csv")
    )
    assert_same(from_data, from_npz)
    assert_same(from_csv, from_npz)
    (x_train, y_train), (x_test, y_test) = from_npz
    assert (x_train.shape, y_train.shape) == ((32, 8), (32,))
    assert x_train.dtype == y_train.dtype == np.float32
    found = {price: row for row, price in zip([*x_train, *x_test], [*y_train, *y_test])}
    assert len(found) == 40
    for row, price in zip(x, y):
        np.testing.assert_array_equal(found[price], row)


@pytest.mark.parametrize("share", [0, 0.2, 0.25, 0.999])
def test_the_split_of_housing(tmp_path, rng, share):
    x, y = housing(rng, 700)
    np.savez(tmp_path / "a.npz", x=x, y=y)
    for version, n in (("large", 700), ("small", 600)):
        train, test = california_housing.load_data(version, tmp_path / "a.npz", share, seed=5)
        assert len(train[0]) == int(n * (1 - share))
        assert sorted([*train[1], *test[1]]) == sorted(y[:n])
    same = california_housing.load_data(path=tmp_path / "a.npz", test_split=share, seed=5)
    other = california_housing.load_data(path=tmp_path / "a.npz", test_split=share, seed=6)
    assert_same(same, california_housing.load_data("large", tmp_path / "a.npz", share, 5))
    assert not np.array_equal(
        np.append(same[0][1], same[1][1]), np.append(other[0][1], other[1][1])
    )


def test_empty_cells_of_housing_are_nan_with_a_warning(tmp_path):
    (tmp_path / "housing.csv").write_text(
        f"{HEADER},median_house_value\n{DISTRICT},452600\n{DISTRICT.replace('129.0', '')},1\n"
    )
    with pytest.warns(UserWarning, match="1 of 2 rows have empty cells") as caught:
        (x, y), _ = california_housing.load_data(path=tmp_path / "housing.csv", test_split=0)
    assert caught[0].filename == __file__
    assert np.argwhere(np.isnan(x)).tolist() == [[int(y.argmin()), 4]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{DISTRICT}\n", "line 1: expected 9 columns.* Found: 8"),
        (f"{DISTRICT},dear\n", "line 1, column 9: expected a number. Found: 'dear'"),
        (f"{HEADER},price\n{DISTRICT},1\n", "a header without median_house_value"),
    ],
)
def test_housing_that_is_wrong(tmp_path, text, message):
    (tmp_path / "housing.csv").write_text(text)
    with pytest.raises(ValueError, match=rf"housing\.csv.*{message}"):
        california_housing.load_data(path=tmp_path / "housing.csv")


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (np.zeros((3, 7)), np.zeros(3)),
        (np.zeros((3, 8)), np.zeros(2)),
        (np.zeros((0, 8)), np.zeros(0)),
        (np.full((3, 8), "a"), np.zeros(3)),
        (np.array(1.0), np.zeros(3)),
    ],
)
def test_housing_arrays_that_are_wrong(tmp_path, x, y):
    np.savez(tmp_path / "a.npz", x=x, y=y)
    with pytest.raises(
        ValueError, match=r"a\.npz: expected numbers x \(n, 8\) and y \(n,\). Found"
    ):
        california_housing.load_data(path=tmp_path / "a.npz")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"version": "medium"}, ValueError, "version must be 'large' or 'small'.*'medium'"),
        ({"test_split": 1.0}, ValueError, "test_split must be in 0 <= test_split < 1"),
        ({"test_split": float("nan")}, ValueError, "test_split must be in"),
        ({"test_split": "0.2"}, TypeError, "test_split must be a real number"),
        ({"seed": 0.5}, TypeError, "seed must be an integer"),
        ({"seed": -1}, ValueError, "seed must be at least 0"),
    ],
)
def test_housing_arguments_are_checked_before_any_file(arguments, error, message):
    with pytest.raises(error, match=message):
        california_housing.load_data(**arguments)


# --- sonar --------------------------------------------------------------------------------------


def echoes(rng, rocks=97, mines=111, labels="RM"):
    x = np.round(rng.uniform(0, 1, (rocks + mines, 60)), 4)
    y = np.repeat([0, 1], [rocks, mines])
    lines = [",".join([*map(str, row), labels[label]]) for row, label in zip(x, y)]
    return x.astype(np.float32), y, lines


@pytest.mark.parametrize("name", ["sonar.csv", "Sonar.csv", "sonar.all-data"])
@pytest.mark.parametrize("labels", ["RM", "rm", ["Rock", "Mine"], ['"R"', '"M"']])
def test_sonar(data_folder, rng, name, labels):
    x, y, lines = echoes(rng, labels=labels)
    data_folder.mkdir()
    if labels == ["Rock", "Mine"]:
        lines.insert(0, ",".join([*(f"V{i}" for i in range(1, 61)), "Class"]))
    if labels == ['"R"', '"M"']:  # as R writes it: names of the rows, and of the columns
        lines = [f'"{i}",{line}' for i, line in enumerate(lines)]
        lines.insert(0, ",".join(['""', *(f'"V{i}"' for i in range(1, 61)), '"Class"']))
    (data_folder / name).write_text("\n".join(lines))
    read, read_y = sonar.load_all()
    assert (read.dtype, read_y.dtype) == (np.float32, np.int64)
    np.testing.assert_array_equal(read, x)
    np.testing.assert_array_equal(read_y, y)
    (x_train, y_train), (x_test, y_test) = sonar.load_data()
    assert (x_train.shape, x_test.shape) == ((146, 60), (62, 60))  # 70 % and 30 %
    assert np.bincount(y_train).tolist() == [68, 78]
    assert np.bincount(y_test).tolist() == [29, 33]
    rows = {row.tobytes(): label for row, label in zip(x, y)}
    for row, label in zip([*x_train, *x_test], [*y_train, *y_test]):
        assert rows.pop(row.tobytes()) == label
    assert not rows


def test_sonar_from_the_zip_of_uci(data_folder, rng):
    _, _, lines = echoes(rng, 10, 10)
    data_folder.mkdir()
    path = data_folder / "connectionist+bench+sonar+mines+vs+rocks.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("sonar.names", "about it")
        archive.writestr("sonar.all-data", "\n".join(lines) + "\n")
    assert len(sonar.load_all()[0]) == 20
    train, test = sonar.load_data(path, test_split=0.5, seed=1)
    assert (len(train[0]), len(test[0])) == (10, 10)
    again = sonar.load_data(path, test_split=0.5, seed=1)
    assert_same(again, (train, test))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda line: line.replace(",R", ",X"), r"line 1, column 61: expected the label R .*'X'"),
        (lambda line: line[:-2], "line 1: expected 61 columns.* Found: 60"),
        (lambda line: "?" + line[line.index(",") :], "line 1, column 1: expected a number.*'?'"),
    ],
)
def test_sonar_that_is_wrong(tmp_path, rng, change, message):
    _, _, lines = echoes(rng, 2, 2)
    (tmp_path / "sonar.csv").write_text("\n".join([change(lines[0]), *lines[1:]]))
    with pytest.raises(ValueError, match=message):
        sonar.load_data(tmp_path / "sonar.csv")


# --- optdigits ----------------------------------------------------------------------------------


def digits(rng, n):
    x, y = rng.integers(0, 17, (n, 8, 8), np.uint8), rng.integers(0, 10, n, np.uint8)
    rows = np.column_stack([x.reshape(n, 64), y]).tolist()
    return x, y, "".join(",".join(map(str, row)) + "\n" for row in rows)


@pytest.mark.parametrize(
    ("train_name", "test_name"),
    [("optdigits.tra", "optdigits.tes"), ("optdigits_train.csv", "optdigits_test.csv")],
)
@pytest.mark.parametrize("sub", ["", "optdigits"])
def test_writers_are_in_one_part_only(data_folder, rng, train_name, test_name, sub):
    folder = data_folder / sub
    folder.mkdir(parents=True)
    x, y, text = digits(rng, 30)
    (folder / train_name).write_text(text)
    assert_same(optdigits.load_by_writer(), ((x, y), optdigits.load_all()))  # the stored test part
    x_test, y_test, text = digits(rng, 5)
    (folder / test_name).write_text(text)
    expected = ((x, y), (x_test, y_test))
    assert_same(optdigits.load_by_writer(), expected)
    assert_same(optdigits.load_by_writer(data_folder), expected)
    assert_same(optdigits.load_by_writer(folder), expected)
    assert_same(optdigits.load_by_writer(folder / train_name), expected)


def test_optdigits_from_the_zip_of_uci(data_folder, rng):
    x, y, text = digits(rng, 12)
    x_test, y_test, test_text = digits(rng, 3)
    data_folder.mkdir()
    with zipfile.ZipFile(
        data_folder / "optical+recognition+of+handwritten+digits.zip", "w"
    ) as archive:
        archive.writestr("optdigits-orig.tra.Z", "something else")
        archive.writestr("optdigits.tra", text)
        archive.writestr("optdigits.tes", test_text)
    assert_same(optdigits.load_by_writer(), ((x, y), (x_test, y_test)))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (["0"] * 64, "expected 65 columns.* Found: 64"),
        (["0"] * 64 + ["10"], "column 65: expected a whole number from 0 to 9. Found: '10'"),
        (["17"] + ["0"] * 64, "column 1: expected a whole number from 0 to 16. Found: '17'"),
        (["0", "-1"] + ["0"] * 63, "column 2: expected a whole number from 0 to 16. Found: '-1'"),
        (["0", "0.5"] + ["0"] * 63, "column 2: expected a whole number from 0 to 16"),
        (["0", "x"] + ["0"] * 63, "column 2: expected a number. Found: 'x'"),
    ],
)
def test_optdigits_that_are_wrong(tmp_path, row, message):
    (tmp_path / "optdigits.tra").write_text(",".join(row) + "\n")
    with pytest.raises(ValueError, match=rf"optdigits\.tra, line 1.*{message}"):
        optdigits.load_by_writer(tmp_path)
