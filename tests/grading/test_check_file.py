"""`python -m tinygrad_es check FILE`: pairs are found, and no file takes the checker down."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time

import numpy as np
import pytest

from tinygrad_es.__main__ import main
from tinygrad_es.grading import check_file, inputs_of, pairs_in

LAYERS = '''
import numpy as np

def affine_forward(x, w, b):
    return x.dot(w) + b, (x, w, b)

def affine_backward(dout, cache):
    x, w, b = cache
    return dout.dot(w.T), x.T.dot(dout), dout.sum(axis=0)

def relu_forward(x):
    return np.maximum(0, x), x

def relu_backward(dout, cache):
    return dout * (cache > 0)

class Red:
    """z1 = W1·x + b1, a1 = σ(z1), y = W2·a1 + b2."""

    def __init__(self):
        azar = np.random.default_rng(1)
        self.W1, self.b1 = azar.normal(size=(5, 3)), np.zeros((5, 1))
        self.W2, self.b2 = azar.normal(size=(2, 5)), np.zeros((2, 1))

    def forward(self, x):
        z1 = self.W1 @ x + self.b1
        a1 = 1 / (1 + np.exp(-z1))
        y = self.W2 @ a1 + self.b2
        return z1, a1, y

    def backward(self, x, t):
        z1, a1, y = self.forward(x)
        dy = y - t
        dW2, db2 = dy @ a1.T, dy
        da1 = self.W2.T @ dy
        dz1 = a1 * (1 - a1) * da1
        dW1, db1 = dz1 @ x.T, dz1
        return dW1, db1, dW2, db2

def loss(y, t):
    return 0.5 * np.sum((y - t) ** 2)

rng = np.random.default_rng(0)
x, w, b = rng.normal(size=(4, 3)), rng.normal(size=(3, 2)), rng.normal(size=2)
Red_inputs = rng.normal(size=(3, 1)), rng.normal(size=(2, 1))
if __name__ == "__main__":
    raise SystemExit("a training that is not run")
'''
MISTAKES = {
    "affine": ("x.T.dot(dout)", "dout.T.dot(x)", "w", "G01"),
    "relu": ("dout * (cache > 0)", "dout + 0", "x", "G04"),
    "Red": ("a1 * (1 - a1) * da1", "z1 * (1 - z1) * da1", "z1", "G05"),
}


@pytest.fixture
def file(tmp_path):
    def written(text, name="entrega.py"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return written


# --- what is found and told ----------------------------------------------------------------------


def test_functions_and_objects_are_found_and_right(file, capsys):
    assert main(["check", str(file(LAYERS)), "--lang", "en"]) == 0
    out = capsys.readouterr().out
    assert re.findall(r"── (\w+)", out) == ["affine", "relu", "Red"]
    assert len(re.findall(r"^ok: ", out, re.MULTILINE)) == 3


@pytest.mark.parametrize("name", MISTAKES)
def test_what_is_wrong_is_named(file, capsys, name):
    right, wrong, culprit, code = MISTAKES[name]
    path = file(LAYERS.replace(right, wrong))
    assert main(["check", str(path), "--json"]) == 1
    data = json.loads(capsys.readouterr().out)
    assert (data["code"], data["error"], data["file"]) == (1, None, str(path))
    reports = {pair["name"]: pair["report"] for pair in data["pairs"]}
    assert [k for k, r in reports.items() if not r["ok"]] == [name]
    assert reports[name]["culprit"] == culprit
    assert reports[name]["diagnoses"][0]["code"] == code


@pytest.mark.parametrize("level", [1, 2, 3])
def test_students_see_no_numbers(file, capsys, level):
    text = LAYERS
    for right, wrong, _, _ in MISTAKES.values():
        text = text.replace(right, wrong)
    path = file(text)
    assert main(["check", str(path), "--student", str(level), "--lang", "es"]) == 1
    out = capsys.readouterr().out
    assert "w: MAL" in out
    assert ("algo está traspuesto" in out) == (level > 1)
    assert ("--student 2 dice" in out, "--student 3 dice" in out) == (level == 1, level == 2)
    assert main(["check", str(path), "--student", str(level), "--json"]) == 1
    data = capsys.readouterr().out
    assert not re.search(r"\d\.\d*[1-9]", out + data)  # points are 1.0 and 0.0


def test_points_and_inputs_of_the_teacher(file, tmp_path, capsys):
    lines = [line for line in LAYERS.splitlines() if not line.startswith(("x, w", "Red_", "rng"))]
    path = file("\n".join(lines))
    assert main(["check", str(path)]) == 2
    assert "no value for x, w, b" in capsys.readouterr().out
    rng = np.random.default_rng(5)
    shapes = {"x": (7, 5), "w": (5, 11), "b": (11,)}
    np.savez(tmp_path / "inputs.npz", **{k: rng.normal(size=s) for k, s in shapes.items()})
    (tmp_path / "rubric.json").write_text('{"affine": {"w": 3, "b": 1}, "relu": {"x": 2}}')
    options = ["--inputs", str(tmp_path / "inputs.npz"), "--rubric", str(tmp_path / "rubric.json")]
    main(["check", str(path), "--json", *options])
    reports = {p["name"]: p.get("report") for p in json.loads(capsys.readouterr().out)["pairs"]}
    assert (reports["affine"]["score"], reports["affine"]["of"]) == (4.0, 4.0)
    assert (reports["relu"]["score"], reports["relu"]["of"]) == (2.0, 2.0)


def notebook(path, *cells):
    kinds = [("markdown", "# Tarea"), *(("code", source) for source in cells)]
    made = [{"cell_type": kind, "source": text.splitlines(True)} for kind, text in kinds]
    path.write_text(json.dumps({"cells": made}), encoding="utf-8")
    return str(path)


CELLS = (
    "%matplotlib inline\nimport numpy as np\n!pip list\nx = np.array([1.0, 2.0])\nnp.sum?\n",
    "%%bash\nls",
    "%%time\ndef forward(x):\n    z = x * x\n    return np.sum(z * x)\n",
    "def backward(x):\n    dz = x\n    return 2 * x * dz\n",
)


def test_a_notebook(tmp_path, capsys):
    path = notebook(tmp_path / "tarea.ipynb", *CELLS, "display(x)\n\nx / None\n", "x = 0")
    assert main(["check", path, "--lang", "es"]) == 1
    told = capsys.readouterr().out
    assert "x: MAL" in told
    assert "tarea.ipynb: celda 5, línea 3: TypeError" in told
    path = notebook(tmp_path / "tarea.ipynb", *CELLS[:3], "def backward(x) return 1")
    assert main(["check", path, "--lang", "en"]) == 2
    assert "cell 4, line 1: SyntaxError" in capsys.readouterr().out
    right = CELLS[3].replace("2 * x * dz", "2 * x * dz + x * x")
    assert main(["check", notebook(tmp_path / "bien.ipynb", *CELLS[:3], right)]) == 0


@pytest.mark.parametrize("text", ["", "[]", '{"a": 1}', '{"cells": [{}]}', '{"cells": [3]}'])
def test_what_is_no_notebook(tmp_path, capsys, text):
    path = tmp_path / "tarea.ipynb"
    path.write_text(text)
    assert main(["check", str(path), "--lang", "es"]) == 2
    assert "no es un cuaderno" in capsys.readouterr().out


def test_names_of_pairs():
    space: dict = {}
    names = ["forward", "backprop", "paso_adelante", "paso_atras", "ForwardPass", "BackwardPass",
             "fwd_conv", "bwd_conv", "forward_alone"]  # fmt: skip
    for name in names:
        exec(f"def {name}(x): return x", space)
    del space["__builtins__"]
    found = pairs_in(space)
    assert [one.name for one in found] == ["forward", "paso", "ForwardPass", "conv"]
    assert [one.backward.__name__ for one in found] == [
        "backprop", "paso_atras", "BackwardPass", "bwd_conv",
    ]  # fmt: skip


def test_inputs_by_name_by_tuple_by_function():
    space: dict = {}
    exec("def forward(X, w, eps=1e-5): return X\ndef backward(X, w, t): return X", space)
    (found,) = pairs_in(space)
    assert inputs_of(found, {**space, "x": 1.0, "w": 2.0, "t": 3.0}) == (1.0, 2.0, 3.0)
    assert inputs_of(found, {**space, "inputs": (4.0, 5.0)}) == (4.0, 5.0)
    exec("def entradas(): return {'X': 6.0, 'w': 7.0}", space)
    assert inputs_of(found, space) == (6.0, 7.0)
    assert inputs_of(found, space, {"X": 8.0, "w": 9.0, "eps": 0.5}) == (8.0, 9.0, 0.5)
    with pytest.raises(LookupError, match="no value for X, w"):
        inputs_of(found, {k: v for k, v in space.items() if k != "entradas"})


# --- files that misbehave ------------------------------------------------------------------------

HOSTILE = {
    "a loop": ("while True:\n    pass\n", "a loop without an end"),
    "a loop in forward": (
        "def forward(x):\n    while True:\n        x = x * 1\ndef backward(g, x):\n    return g\n"
        "x = 1.0\n",
        "a loop without an end",
    ),
    "memory": ("import numpy as np\na = [np.ones(10**8) for _ in range(100)]\n", "more memory"),
    "exit": ("import sys\nsys.exit(3)\n", "line 2: it calls exit(3)"),
    "a hard exit": ("import os\nos._exit(0)\n", "ends the whole process"),
    "a gigabyte": ("while True:\n    print('x' * 10_000)\n", "prints more than 10,000,000"),
    "a package": ("import tensorflow_of_nobody\n", "'tensorflow_of_nobody' is not installed"),
    "no Python": ("def forward(x:\n", "line 1: SyntaxError"),
    "nothing": ("x = 3\n", "no forward and backward pass found"),
    "input": ("n = input()\n", "nobody to type"),
    "a crash": ("import ctypes\nctypes.string_at(0)\n", "SIGSEGV"),
    "recursion": ("def f(n):\n    return f(n + 1)\nf(0)\n", "RecursionError"),
    "a constructor": (
        "class N:\n    def __init__(self):\n        1 / 0\n    def forward(self, x): return x\n"
        "    def backward(self, g): return g\n",
        "line 3: ZeroDivisionError",
    ),
    "a full disk": (
        "f = open('big', 'wb')\nfor _ in range(100):\n    f.write(b'0' * 10**7)\n",
        "line 3: OSError",
    ),
}


@pytest.mark.skipif(os.name != "posix", reason="limits of memory and signals are POSIX's")
@pytest.mark.parametrize("name", HOSTILE)
def test_misbehaving_files_get_a_line_and_code_2(file, capsys, monkeypatch, tmp_path, name):
    monkeypatch.chdir(tmp_path)
    source, told = HOSTILE[name]
    limits = ["--seconds", "4" if "loop" in name else "30", "--megabytes", "700"]
    assert main(["check", str(file(source)), "--lang", "en", *limits]) == 2
    out = capsys.readouterr().out.strip()
    assert told in out
    assert len(out.splitlines()) <= 3


@pytest.mark.skipif(os.name != "posix", reason="process groups are POSIX's")
def test_what_a_file_starts_ends_with_it(file, tmp_path):
    source = (
        "import subprocess, time\n"
        f"p = subprocess.Popen(['sleep', '200'])\nopen({str(tmp_path / 'pid')!r}, 'w')"
        ".write(str(p.pid))\ntime.sleep(100)\n"
    )
    found = check_file(file(source), seconds=5)
    assert found.code == 2
    pid = int((tmp_path / "pid").read_text())
    for _ in range(50):
        state = subprocess.run(
            ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True
        )
        if not state.stdout.strip() or state.stdout.strip().startswith("Z"):
            return
        time.sleep(0.1)
    raise AssertionError(f"process {pid} still runs: {state.stdout}")


def test_a_backward_that_fails_is_wrong(file, capsys):
    path = file(LAYERS.replace("dout.dot(w.T)", "dout.dot(w)"))
    assert main(["check", str(path), "--lang", "en"]) == 1
    assert re.search(r"── affine\nline 9: ValueError: ", capsys.readouterr().out)


def test_what_was_defined_before_an_error_is_checked(file, capsys):
    assert main(["check", str(file(LAYERS + "\nopen('data.csv')\n")), "--lang", "en"]) == 2
    out = capsys.readouterr().out
    assert len(re.findall(r"^ok: ", out, re.MULTILINE)) == 3
    assert "entrega.py: line" in out
    assert "FileNotFoundError" in out


def test_bad_arguments(file, tmp_path, capsys):
    assert main(["check", str(tmp_path / "none.py")]) == 2
    assert "there is no file" in capsys.readouterr().err
    (tmp_path / "rubric.json").write_text("{")
    assert main(["check", str(file(LAYERS)), "--rubric", str(tmp_path / "rubric.json")]) == 2
    assert "error:" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stop:
        main(["check", str(file(LAYERS)), "--student", "7"])
    assert stop.value.code == 2


def test_as_a_command(file):
    done = subprocess.run(
        [sys.executable, "-m", "tinygrad_es", "check", str(file(LAYERS)), "--lang", "en"],
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout.count("ok: "), done.stderr) == (0, 3, "")


GOOD = """
import numpy as np
x, w = np.eye(3), np.ones(3)
def forward(x, w):
    return np.sum(x @ w)
def backward(x, w):
    return {"w": x.sum(axis=0)}
"""


@pytest.mark.parametrize("written", ["null", "{bad", '{"error": null, "pairs": []}', "[]"])
def test_a_result_that_was_meddled_with(tmp_path, written):
    path = tmp_path / "homework.py"
    path.write_text(GOOD + f"import json\njson.dumps = lambda *a, **k: {written!r}\n")
    found = check_file(path)
    assert (found.code, found.pairs) == (2, [])
    assert "no result that can be read" in found.text("en")


@pytest.mark.skipif(os.name != "posix", reason="it forks")
def test_a_process_that_outlives_the_file(tmp_path):
    path = tmp_path / "homework.py"
    path.write_text(
        GOOD + "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(20)\n"
        "    os._exit(0)\n"
    )
    start = time.monotonic()
    assert check_file(path).code == 0
    assert time.monotonic() - start < 15.0


def test_an_error_that_is_no_unicode(tmp_path):
    path = tmp_path / "homework.py"
    path.write_text("raise ValueError('\\ud800')\n")
    assert check_file(path).error == ("line 1: ValueError: \ud800", "línea 1: ValueError: \ud800")


def test_options_that_are_no_files_of_their_kind(tmp_path, capsys):
    path, rubric, inputs = (tmp_path / n for n in ("homework.py", "rubric.json", "inputs.npz"))
    path.write_text(GOOD)
    inputs.write_text("no archive")
    assert main(["check", str(path), "--inputs", str(inputs)]) == 2
    said = capsys.readouterr().out
    assert "expected an .npz file" in said
    assert "inputs.npz" in said
    for text, expected in (("[1]", "rubric: expected points by name"), ("{", "rubric.json: ")):
        rubric.write_text(text)
        assert main(["check", str(path), "--rubric", str(rubric)]) == 2
        assert expected in capsys.readouterr().err


# --- names, threads, errors that are no text ------------------------------------------------------

ODD = """
import numpy as np
import threading, time

w = np.array([1.0, 2.0])

class Silent(Exception):
    def __str__(self):
        raise RuntimeError("no text")

class Shy:
    def __repr__(self):
        return 1 / 0
    __str__ = __repr__
    def __getattr__(self, name):
        raise ValueError(name)

class Broken:
    def __init__(self):
        raise SystemExit(0)
    def forward(self, w): return w
    def backward(self, g): return g

shy = Shy()

def a_forward(w): raise Silent()
def a_backward(w): return w

def b_forward(w): return np.sum(w * w)
def b_backward(w): return Shy()

def c_forward(w): raise KeyboardInterrupt
def c_backward(w): return w

def d_forward(w): return np.sum(w * w)
def d_backward(w): return {"w": 2.0 * w}

globals()["e\\x1b[31m\\u202e\\nok: 9_forward"] = d_forward
globals()["e\\x1b[31m\\u202e\\nok: 9_backward"] = d_backward
globals()[7] = d_forward
__name__ = "\\x1b[2J"
"""


def test_one_pair_that_breaks_down_leaves_the_others(file, capsys):
    found = check_file(file(ODD))
    assert found.error is None
    names = [pair["name"] for pair in found.pairs]
    assert names[:4] == ["a", "b", "c", "d"]
    text = found.text("en")
    assert "line 26: Silent: (its __str__ fails: RuntimeError)" in text
    assert "falla su propio __str__" in found.text("es")
    assert "── d\nok: 1 gradient by hand, right" in text
    assert "line 32: KeyboardInterrupt\n" in text


def test_names_cannot_move_the_cursor_of_a_terminal(file):
    for language in ("en", "es"):
        text = check_file(file(ODD)).text(language)
        assert "── e\\x1b[31m\\u202e\\nok: 9\n" in text
        assert all(c.isprintable() or c == "\n" for c in text)


THREAD = (
    GOOD
    + """
import threading, time
threading.Thread(target=lambda: time.sleep(100)).start()
"""
)


def test_a_thread_that_never_ends_does_not_lose_the_result(file):
    start = time.monotonic()
    found = check_file(file(THREAD), seconds=30)
    assert (found.code, found.error) == (0, None)
    assert time.monotonic() - start < 25.0


AND_THEN = (
    GOOD
    + """
def last_forward(x):
    STOPS
def last_backward(x):
    return x
"""
)


@pytest.mark.skipif(os.name != "posix", reason="os.kill ends a process so on POSIX only")
@pytest.mark.parametrize(
    ("stops", "told"),
    [
        ("while True: x = x * 1", "a loop without an end"),
        ("import os; os._exit(0)", "ends the whole process"),
        ("import os; os.kill(os.getpid(), 9)", "SIGKILL"),
    ],
)
def test_the_pairs_before_an_end_are_told(file, stops, told):
    found = check_file(file(AND_THEN.replace("STOPS", stops)), seconds=5)
    assert (found.code, [pair["name"] for pair in found.pairs]) == (2, ["forward"])
    assert "ok: 1 gradient by hand, right" in found.text("en")
    assert told in found.text("en")


def test_a_rubric_by_pair_asks_nothing_of_the_other_pairs(file):
    text = LAYERS.replace("class Red:", "class Rojo:").replace("Red_inputs", "Rojo_inputs")
    found = check_file(file(text), rubric={"affine": {"w": 3}})
    reports = {pair["name"]: pair["report"] for pair in found.pairs}
    assert (reports["affine"]["of"], reports["relu"]["of"]) == (3.0, 1.0)


# --- in Spanish ----------------------------------------------------------------------------------

ENGLISH = re.compile(
    r"\b(the|expected|received|is|are|of|not|with|rows?|which|there|by|and|from)\b", re.IGNORECASE
)
TOLD = {
    "no value": ("def forward(x): return x\ndef backward(g): return g", "falta un valor para x"),
    "no loss": (
        "w = 1.0, 2.0\nimport numpy as np\nw = np.ones(2)\ndef forward(w): return 2 * w\n"
        "def backward(w): return w",
        "Define en el archivo la pérdida que backward deriva",
    ),
    "ragged": (
        "import numpy as np\nx, w = [[1.0, 2.0], [3.0]], np.ones(2)\n"
        "def forward(x, w): return np.sum(np.array(x) @ w)\ndef backward(x, w): return {'w': w}",
        "x es una lista irregular: filas de 2, 1 números",
    ),
    "called": (
        "x = 2.0\ndef forward(x): return x * x\ndef backward(p, q, r): return x",
        "no se sabe con qué llamar a backward",
    ),
    "whose": (
        "x = 2.0\ndef forward(x): return x * x\ndef backward(x): return 1.0, 2.0, 3.0",
        "no se sabe de quién son los gradientes",
    ),
    "None": (
        "x = 2.0\ndef forward(x): return x * x\ndef backward(x): return {'x': None}",
        "backward da None para x",
    ),
    "nothing": (
        "x = 2.0\ndef forward(x): return x * x\ndef backward(x): return None",
        "no ha devuelto ningún gradiente",
    ),
    "constant": (
        "x = 2.0\ndef forward(x): return 3.0\ndef backward(x): return {'x': 1.0}",
        "no ha devuelto nada que dependa de sus entradas",
    ),
    "random": (
        "import os\nx = 2.0\ndef forward(x): return float(x) * os.urandom(8)[0]\n"
        "def backward(x): return {'x': 1.0}",
        "un resultado distinto en cada llamada",
    ),
    "no function": ("x = 2.0", "no se ha encontrado"),
    "a package": ("import package_of_nobody", "el paquete 'package_of_nobody' no está instalado"),
    "exit": ("raise SystemExit(3)", "llama a exit(3)"),
}


@pytest.mark.parametrize("name", TOLD)
def test_what_is_told_in_spanish(file, capsys, name):
    source, told = TOLD[name]
    assert main(["check", str(file(source)), "--lang", "es"]) == 2
    out = capsys.readouterr().out
    assert told in out
    assert not ENGLISH.findall(re.sub(r"def loss.*", "", out))
    assert "check_backprop" not in out
    assert main(["check", str(file(source)), "--lang", "en"]) == 2
    out = capsys.readouterr().out
    assert told not in out
    assert "loss=lambda" not in out


@pytest.mark.parametrize(
    ("rubric", "told"),
    [
        ("{", "se esperaba JSON; falla en la línea 1, columna 2"),
        ("[1]", "rúbrica: se esperaban puntos por nombre"),
        ('{"q": 1}', "rúbrica: ningún nodo se llama 'q'. Nodos con nombre: "),
        ('{"w": "2"}', "rúbrica['w']: se esperaba un número. Se ha recibido: str '2'"),
        ('{"w": -2}', "rúbrica['w']: se esperaba un número ≥ 0. Se ha recibido: -2"),
    ],
)
def test_a_bad_rubric_in_spanish(file, tmp_path, capsys, rubric, told):
    path = tmp_path / "rubric.json"
    path.write_text(rubric)
    assert main(["check", str(file(GOOD)), "--lang", "es", "--rubric", str(path)]) == 2
    said = capsys.readouterr()
    assert told in said.out + said.err


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--student", "7"], "argumento --student: 7 no vale; elige entre"),
        (["--seconds", "0"], "se esperaba un entero a partir de 1. Se ha recibido: '0'"),
        (["--seconds"], "argumento --seconds: se esperaba un valor"),
        (["--json=3"], "argumento --json: no lleva ningún valor"),
        (["--nothing"], "argumentos desconocidos: --nothing"),
        (["--s", "3"], "opción ambigua: --s"),
    ],
)
def test_wrong_arguments_in_spanish(file, capsys, options, told):
    with pytest.raises(SystemExit) as stop:
        main(["check", str(file(GOOD)), "--lang", "es", *options])
    assert stop.value.code == 2
    said = capsys.readouterr().err
    assert told in said
    assert said.startswith("uso: ")
    with pytest.raises(SystemExit):
        main(["check", "--lang", "es"])
    assert "faltan argumentos: FILE" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["check", "--lang", "en"])
    assert capsys.readouterr().err.startswith("usage: ")
