"""Every format: what is saved comes back, whole models and weights, optimizers too."""

import json
import os
import zipfile

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import tinygrad_es as tg
from tinygrad_es import Input, Sequential, layers, losses, metrics, optimizers, utils
from tinygrad_es.models import clone_model, load_model, model_from_json

from .models import MODELS, OWN, Net, X, Y, assert_same, chain, graph, own, trained, written

h5py = pytest.importorskip("h5py", reason="the extra `files` is not installed")
WHOLE = [".keras", ".h5"]
WEIGHTS = [".weights.h5", ".npz", ".safetensors"]


def steps(model):
    """The weights after two more epochs without chance."""
    for layer in model.nested():
        if isinstance(layer, layers.Dropout):
            layer.rate = 0.0
    model.fit(X, Y, epochs=2, batch_size=5, verbose=0, shuffle=False)
    return model.get_weights()


# --- whole models ---------------------------------------------------------------------------------


@pytest.mark.parametrize("make", MODELS)
@pytest.mark.parametrize("extension", WHOLE)
def test_a_model_comes_back(make, extension, tmp_path):
    model, path = trained(make), tmp_path / f"model{extension}"
    if extension == ".h5" and make is written:
        with pytest.raises(NotImplementedError, match="Functional model or a Sequential"):
            model.save(path)
        return
    model.save(path)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    again = load_model(path, custom_objects=OWN)
    assert type(again) is type(model)
    assert again.name == model.name
    if make is not written:  # its layers are named anew, by its code
        assert [layer.name for layer in again.layers] == [layer.name for layer in model.layers]
    assert_same(again, model)
    assert again.evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0)
    for a, b in zip(steps(again), steps(model), strict=True):
        assert_array_equal(a, b)  # the optimizer went on


OPTIMIZERS = [
    optimizers.SGD(0.05, momentum=0.9, nesterov=True),
    optimizers.RMSprop(0.01, momentum=0.5, centered=True),
    optimizers.Adam(optimizers.schedules.CosineDecay(0.01, 100), amsgrad=True, clipnorm=1.0),
    optimizers.AdamW(0.01, use_ema=True, ema_momentum=0.9),
    *(optimizers.Adagrad(0.01), optimizers.Adadelta(1.0), optimizers.Adamax(0.01)),
    *(optimizers.Nadam(0.01), optimizers.Ftrl(0.01), optimizers.Lion(0.001)),
    optimizers.Adam(0.01, bias_correction=False, epsilon_inside=True),
    optimizers.EWAMomentum(0.05, beta=0.8),
    optimizers.SGD(0.05, gradient_accumulation_steps=2),
]


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda o: o.name)
@pytest.mark.parametrize("extension", [*WHOLE, ".weights.h5"])
def test_every_optimizer_goes_on(optimizer, extension, tmp_path):
    model = trained(graph, optimizers.get(tg.registry.serialize(optimizer)))
    model.fit(X, Y, batch_size=4, verbose=0)  # in all 9 steps: an accumulation is under way
    path = tmp_path / f"m{extension}"
    if extension == ".weights.h5":
        model.save_weights(path)
        again = graph()
        again.compile(optimizers.get(tg.registry.serialize(optimizer)), "mse")
        again.load_weights(path)
    else:
        model.save(path)
        again = load_model(path)
        assert again.optimizer.get_config() == model.optimizer.get_config()
    assert again.optimizer.iterations == model.optimizer.iterations
    for a, b in zip(steps(again), steps(model), strict=True):
        assert_array_equal(a, b)


COMPILED = [
    {"loss": "mse", "metrics": ["mae", "accuracy"]},
    {"loss": losses.Huber(delta=0.5), "metrics": [metrics.MeanSquaredError(name="quadratic")]},
    {"loss": "mae", "weighted_metrics": ["mse"], "loss_weights": 0.5},
    {"loss": losses.HalfSquaredError(), "metrics": [metrics.RootMeanSquaredError()]},
]


@pytest.mark.parametrize("options", COMPILED)
@pytest.mark.parametrize("extension", WHOLE)
def test_what_compile_was_given(options, extension, tmp_path):
    model = chain()
    model.compile("sgd", **options)
    path = tmp_path / f"m{extension}"
    model.save(path)
    again = load_model(path)
    scores = model.evaluate(X, Y, verbose=0, return_dict=True)
    assert again.evaluate(X, Y, verbose=0, return_dict=True) == scores
    raw = load_model(path, compile=False)
    assert raw.optimizer is None


def test_several_outputs(tmp_path):
    x = Input((4,))
    model = tg.Model(x, {"a": layers.Dense(1, name="p")(x), "b": layers.Dense(1, name="q")(x)})
    model.compile("adam", {"a": "mse", "b": losses.MeanAbsoluteError()}, {"a": 1.0, "b": 2.0})
    y = {"a": Y[:, :1], "b": Y[:, 1:]}
    model.fit(X, y, verbose=0)
    for extension in WHOLE:
        model.save(tmp_path / f"m{extension}")
        again = load_model(tmp_path / f"m{extension}")
        assert again.evaluate(X, y, verbose=0) == model.evaluate(X, y, verbose=0)


def test_functions_and_classes_of_ones_own(tmp_path):
    def act(z):
        return z * z

    def loss(t, p):
        return ((t - p) ** 2).mean(axis=-1)

    model = Sequential([Input((4,)), layers.Dense(2, act), layers.Lambda(lambda v: v * 2)])
    model.compile("sgd", loss, metrics=[loss])
    path = tmp_path / "m.keras"
    model.save(path)
    names = {"act": act, "loss": loss, "<lambda>": lambda v: v * 2}
    assert_same(load_model(path, names), model)
    with utils.custom_object_scope(names):
        assert_same(load_model(path), model)
    for missing in names:
        fewer = {k: v for k, v in names.items() if k != missing}
        with pytest.raises(ValueError, match="custom_objects"):
            load_model(path, fewer)
    own().save(path)
    with pytest.raises(ValueError, match=r"custom_objects=\{'Scale': Scale\}"):
        load_model(path)


def test_registered_names(tmp_path):
    @utils.register_keras_serializable(package="lesson")
    class Doubled(layers.Layer):
        def call(self, x):
            return 2 * x

    try:
        model = Sequential([Input((4,)), Doubled()])
        model.save(tmp_path / "m.keras")
        assert_same(load_model(tmp_path / "m.keras"), model)
        with zipfile.ZipFile(tmp_path / "m.keras") as archive:
            config = json.loads(archive.read("config.json"))
        assert config["config"]["layers"][1]["registered_name"] == "lesson>Doubled"
    finally:
        del utils.get_custom_objects()["lesson>Doubled"]


def test_what_cannot_be_written_is_said_when_saving(tmp_path):
    class Odd(layers.Layer):
        def __init__(self, thing, **kwargs):
            super().__init__(**kwargs)

        def call(self, x):
            return x

    model = Sequential([Input((4,)), Odd(object())])
    path = tmp_path / "m.keras"
    chain().save(path)
    before = path.read_bytes()
    with pytest.raises(ValueError, match=r"argument thing=.* of Odd cannot be written"):
        model.save(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["m.keras"]


# --- weights --------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", MODELS)
@pytest.mark.parametrize("extension", WEIGHTS)
def test_weights_come_back(make, extension, tmp_path):
    model, path = trained(make), tmp_path / f"w{extension}"
    model.save_weights(path)
    again = make()
    again.load_weights(path)
    assert_same(again, model)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("make", MODELS)
@pytest.mark.parametrize("extension", WHOLE)
def test_weights_of_a_whole_model(make, extension, tmp_path):
    if extension == ".h5" and make is written:
        return
    model, path = trained(make), tmp_path / f"m{extension}"
    model.save(path)
    again = make()
    again.load_weights(path)
    assert_same(again, model)


def test_npz_is_read_by_numpy(tmp_path):
    model = trained(chain)
    model.save_weights(tmp_path / "w.npz")
    with np.load(tmp_path / "w.npz") as file:
        assert_array_equal(file["Oculto/kernel"], model.layers[0].kernel.numpy())


def test_names_of_layers_do_not_matter(tmp_path):
    first = Sequential([Input((4,)), layers.Dense(3, name="Oculto"), layers.Dense(2, name="y")])
    second = Sequential([Input((4,)), layers.Dense(3, name="a"), layers.Dense(2, name="b")])
    for extension in (*WEIGHTS, ".keras", ".h5"):
        path = tmp_path / f"w{extension}"
        if extension in WHOLE:
            first.save(path)
        else:
            first.save_weights(path)
        second.set_weights([w * 0 for w in second.get_weights()])
        second.load_weights(path)
        assert_same(second, first)


def test_by_name_and_skip_mismatch(tmp_path):
    first = Sequential([Input((4,)), layers.Dense(3, name="a"), layers.Dense(2, name="b")])
    path = tmp_path / "m.h5"
    first.save(path)
    other = Sequential(
        [Input((4,)), layers.Dense(3, name="a"), layers.Dense(3, name="new"), layers.Dense(2)]
    )
    before = other.get_weights()
    with pytest.raises(ValueError, match=r"Layer count mismatch .* expected 3 layers, found 2"):
        other.load_weights(path)
    other.load_weights(path, by_name=True)
    assert_array_equal(other.layers[0].kernel.numpy(), first.layers[0].kernel.numpy())
    assert_array_equal(other.get_weights()[2], before[2])
    wider = Sequential([Input((4,)), layers.Dense(3), layers.Dense(7)])
    before = wider.get_weights()
    for extension in WEIGHTS:
        file = tmp_path / f"w{extension}"
        first.save_weights(file)
        with pytest.raises(ValueError, match=r"A total of \d objects could not be loaded"):
            wider.load_weights(file)
        assert all((a == b).all() for a, b in zip(before, wider.get_weights(), strict=True))
    wider.load_weights(tmp_path / "w.weights.h5", skip_mismatch=True)
    assert_array_equal(wider.get_weights()[0], first.get_weights()[0])
    assert_array_equal(wider.get_weights()[2], before[2])


def test_old_files_with_weights_only(tmp_path):
    """Keras 2: names at the root, byte strings, `kernel:0`."""
    model = Sequential([Input((4,)), layers.Dense(3, name="a"), layers.Dense(2, name="b")])
    rng = np.random.default_rng(5)
    arrays = [rng.standard_normal(w.shape).astype("float32") for w in model.weights]
    path = tmp_path / "old.h5"
    with h5py.File(path, "w") as file:
        file.attrs["layer_names0"] = np.array([b"a"])
        file.attrs["layer_names1"] = np.array([b"b"])
        for i, name in enumerate("ab"):
            group = file.create_group(name)
            names = [f"{name}/kernel:0", f"{name}/bias:0"]
            group.attrs["weight_names"] = np.array([n.encode() for n in names])
            for n, array in zip(names, arrays[2 * i : 2 * i + 2], strict=True):
                group[n] = array
    model.load_weights(path)
    for got, expected in zip(model.get_weights(), arrays, strict=True):
        assert_array_equal(got, expected)


# --- names of files, arguments --------------------------------------------------------------------


def test_names_without_an_extension(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = trained(chain)
    model.save("miModelo")
    model.save_weights("pesos_de_miModelo")
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        *("miModelo.keras", "pesos_de_miModelo.weights.h5"),
    ]
    assert_same(load_model("miModelo"), model)
    again = chain()
    again.load_weights("pesos_de_miModelo")
    assert_same(again, model)


def test_errors(tmp_path):
    model = chain()
    for wrong in (tmp_path / "m.txt", ".", 3, None):
        with pytest.raises(ValueError, match=r"saving or loading a model.*m\.txt|path of a file"):
            load_model(wrong)
    with pytest.raises(ValueError, match="Invalid filepath extension for saving"):
        model.save(tmp_path / "m.txt")
    with pytest.raises(ValueError, match=r"must end in `.weights.h5`"):
        model.save_weights(tmp_path / "w.keras")
    with pytest.raises(ValueError, match=r"File not found: filepath=.*none\.keras"):
        load_model(tmp_path / "none.keras")
    with pytest.raises(ValueError, match="File not found"):
        model.load_weights(tmp_path / "none.npz")
    unbuilt = Sequential([layers.Dense(2)])
    path = tmp_path / "w.npz"
    model.save_weights(path)
    with pytest.raises(ValueError, match="loading weights of a model that has not yet been built"):
        unbuilt.load_weights(path)
    with pytest.raises(ValueError, match="saving weights of a model that has not yet been built"):
        unbuilt.save_weights(tmp_path / "u.npz")
    model.save(tmp_path / "m.keras")
    with pytest.raises(FileExistsError):
        model.save(tmp_path / "m.keras", overwrite=False)


@pytest.mark.parametrize("extension", [*WHOLE, *WEIGHTS])
@pytest.mark.parametrize(
    "name", ["layer:0", "a.b", "ñandú 日本", "it's", 'say "x"', "a\nb", "x" * 3000]
)
def test_names_of_layers_may_be_odd(name, extension, tmp_path):
    model = Sequential([Input((4,)), layers.Dense(3, name=name)])
    path, expected = tmp_path / f"odd{extension}", model.get_weights()
    if extension in WHOLE:
        model.save(path)
        other = load_model(path)
        assert other.layers[0].name == name
    else:
        model.save_weights(path)
        other = clone_model(model)
        other.load_weights(path)
    for weight, value in zip(other.weights, expected, strict=True):
        assert_array_equal(weight.data, value)


@pytest.mark.parametrize("name", ["..", "C:", "nul\0x"])
def test_names_that_could_not_be_read_again(name, tmp_path):
    path = tmp_path / "old.npz"
    path.write_bytes(b"the old file")
    model = Sequential([Input((4,)), layers.Dense(3, name=name)])
    with pytest.raises(ValueError, match="rename the layer"):
        model.save_weights(path)
    assert path.read_bytes() == b"the old file"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name != "posix", reason="links and permissions of POSIX")
def test_links_and_permissions_stay(tmp_path):
    real, link = tmp_path / "real.npz", tmp_path / "link.npz"
    model = Sequential([Input((4,)), layers.Dense(3)])
    model.save_weights(real)
    real.chmod(0o600)
    link.symlink_to("real.npz")
    model.weights[0].assign(np.zeros((4, 3), "float32"))
    model.save_weights(link)
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o600
    with np.load(real) as file:
        assert not any(file[name].any() for name in file.files if name.endswith("kernel"))


def test_folders_are_made(tmp_path):
    chain().save(tmp_path / "a" / "b" / "m.keras")
    assert load_model(tmp_path / "a" / "b" / "m.keras").count_params() == chain().count_params()


# --- configurations -------------------------------------------------------------------------------


@pytest.mark.parametrize("make", MODELS)
def test_json_and_clones(make):
    model = make()
    again = model_from_json(model.to_json(), OWN)
    if not again.built:
        again(X)
    again.set_weights(model.get_weights())
    assert_same(again, model)
    twin = clone_model(model)
    if not twin.built:
        twin(X)
    assert any((a != b).any() for a, b in zip(twin.get_weights(), model.get_weights(), strict=True))
    twin.set_weights(model.get_weights())
    assert_same(twin, model)


def two_models_with_one_layer():
    shared = layers.Dense(4, name="shared")
    one = Sequential([Input((4,)), shared])
    two = Sequential([Input((4,)), shared, layers.Dense(4)])
    x = Input((4,))
    model = tg.Model(x, two(one(x)))
    model.compile("adam", "mse")
    return model


@pytest.mark.parametrize("extension", WHOLE)
def test_one_layer_in_two_models_inside_stays_one(extension, tmp_path):
    model = two_models_with_one_layer()
    model.fit(X, X[:, :4], verbose=0)
    model.save(tmp_path / f"shared{extension}")
    other = load_model(tmp_path / f"shared{extension}")
    assert len(other.weights) == len(model.weights) == 4
    for both in (model, other):
        both.fit(X, X[:, :4], epochs=2, shuffle=False, verbose=0)
    assert_array_equal(other.predict(X, verbose=0), model.predict(X, verbose=0))
    assert len(clone_model(model).weights) == 4
    assert len(model_from_json(model.to_json()).weights) == 4
    twice = [model_from_json(model.to_json()) for _ in range(2)]  # but one each time
    assert twice[0].weights[0] is not twice[1].weights[0]


def test_a_clone_with_other_layers():
    def wider(layer):
        config = layer.get_config()
        if isinstance(layer, layers.Dense) and layer.units == 3:
            config["units"] = 7
        return type(layer).from_config(config)

    for make in (chain, lambda: Sequential(chain()._chain)):
        assert clone_model(chain(), wider).layers[0].units == 7
        assert make().layers[0].units == 3


def test_json_errors():
    for text in ("", "{", "3", '"a"', "null", "[]", '{"class_name": "Dense"}', "[" * 100_000):
        with pytest.raises(ValueError, match="model_from_json: expected the JSON of a model"):
            model_from_json(text)


def test_the_class_is_kept(tmp_path):
    model = Net(units=5)
    model(X)
    model.save(tmp_path / "n.keras")
    again = load_model(tmp_path / "n.keras", {"Net": Net})
    assert again.first.units == 5
