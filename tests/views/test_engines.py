"""Who draws: the order of the engines, their time limit, their absence; and what is written."""

from __future__ import annotations

import os
import random
import shutil
import sys
import threading
import time
import types

import pytest

from tinygrad_es import Tensor, backward_source, draw, explain, set_language
from tinygrad_es.views import Drawing
from tinygrad_es.views.figures import engines, pictures
from tinygrad_es.views.figures.figure import Arrow, Box, Figure

ANSWER = "cat >/dev/null; echo '<?xml?><svg>from dot</svg>'"


def figure(boxes=2):
    rows = (("value", "1"),)
    return Figure(
        [Box(f"b{i}", f"box {i}", rows, "operation") for i in range(boxes)],
        [Arrow(i, i + 1) for i in range(boxes - 1)],
        title="a chain",
        note="A note.",
    )


def drawing(engine=None, boxes=2):
    return Drawing(figure(boxes), engine)


@pytest.fixture(autouse=True)
def nothing_is_installed(tmp_path, monkeypatch):
    """No Graphviz of the machine takes part: the PATH has what `sh` needs and no `dot`."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("sh", "cat", "sleep", "touch"):
        (tools / name).symlink_to(shutil.which(name))
    monkeypatch.setenv("PATH", str(tools))
    monkeypatch.delenv("TINYGRAD_ES_ENGINE", raising=False)
    monkeypatch.setattr(engines, "_wheel", lambda: None)


@pytest.fixture
def fake_dot(tmp_path, monkeypatch):
    """A program `dot` on the PATH that does what the test says."""

    def make(script):
        program = tmp_path / "dot"
        program.write_text(f"#!{tmp_path}/tools/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{tmp_path / 'tools'}")

    return make


@pytest.fixture
def fake_wheel(tmp_path, monkeypatch):
    """A package `pygraphviz` for the child process, whose `draw` returns what the test says."""

    def make(body):
        (tmp_path / "pygraphviz.py").write_text(
            "class AGraph:\n"
            "    def __init__(self, string): self.string = string\n"
            f"    def draw(self, format, prog, args):\n        {body}\n"
        )
        monkeypatch.setattr(engines, "_wheel", lambda: str(tmp_path))

    return make


# --- the order -----------------------------------------------------------------------------------


def test_dot_is_used_where_it_is_installed(fake_dot):
    fake_dot(ANSWER)
    assert drawing().svg() == "<svg>from dot</svg>\n"
    assert "from dot" not in drawing("builtin").svg()


def test_the_wheel_comes_after_dot_and_before_the_built_in_layout(fake_dot, fake_wheel):
    assert 'class="tge"' in drawing().svg()
    fake_wheel("return b'<svg>from the wheel</svg>'")
    assert drawing().svg() == "<svg>from the wheel</svg>"
    fake_dot(ANSWER)
    assert "from dot" in drawing().svg()
    assert "from the wheel" in drawing("pygraphviz").svg()


def test_the_environment_chooses_and_the_argument_before_it(fake_dot, monkeypatch):
    fake_dot(ANSWER)
    monkeypatch.setenv("TINYGRAD_ES_ENGINE", "builtin")
    assert "from dot" not in drawing().svg()
    assert "from dot" in drawing("dot").svg()
    monkeypatch.setenv("TINYGRAD_ES_ENGINE", "")
    assert "from dot" in drawing().svg()
    with pytest.raises(ValueError, match=r"engine: expected one of .*Received: 'neato'"):
        drawing("neato")
    monkeypatch.setenv("TINYGRAD_ES_ENGINE", "neato")
    with pytest.raises(ValueError, match="TINYGRAD_ES_ENGINE: expected one of"):
        drawing()


def test_what_graphviz_is_told(fake_dot, tmp_path):
    fake_dot(f"echo \"$@\" > {tmp_path}/words; cat > {tmp_path}/input; echo '<svg/>'")
    drawing().svg()
    assert (tmp_path / "words").read_text() == "-Kdot -Tsvg\n"
    assert (tmp_path / "input").read_text() == drawing().dot()
    drawing().save(tmp_path / "a.png")
    assert (tmp_path / "words").read_text() == "-Kdot -Tpng -Gdpi=144\n"
    drawing().save(tmp_path / "a.pdf")
    assert (tmp_path / "words").read_text() == "-Kdot -Tpdf\n"


def test_only_a_wheel_that_brings_graphviz_counts(tmp_path, monkeypatch):
    monkeypatch.undo()
    package = tmp_path / "site" / "pygraphviz" / "__init__.py"
    spec = types.SimpleNamespace(origin=str(package))
    monkeypatch.setattr(engines.importlib.util, "find_spec", lambda name: spec)
    for version, folder in (("1.14", None), ("2.0", str(tmp_path / "site")), ("10.1", "site")):
        monkeypatch.setattr(engines.importlib.metadata, "version", lambda name, v=version: v)
        found = engines._wheel()
        assert found == folder or (folder == "site" and found.endswith("site"))


# --- absent, late, failing -----------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["dot", "pygraphviz"])
def test_asked_for_and_missing(engine, tmp_path):
    with pytest.raises(FileNotFoundError, match=rf"'{engine}' needs.*apt install graphviz"):
        drawing(engine).svg()
    with pytest.raises(FileNotFoundError, match=rf"'{engine}' needs"):
        drawing(engine).save(tmp_path / "a.png")
    assert "<svg" in drawing(engine)._repr_svg_()


@pytest.mark.parametrize("ending", ["png", "pdf"])
def test_pixels_need_an_engine_and_the_error_says_what_installs_one(ending, tmp_path):
    words = rf"\.{ending} needs a Graphviz.*pip install 'tinygrad-es\[graphviz\]'.*apt.*brew.*\.svg"
    with pytest.raises(FileNotFoundError, match=words):
        drawing().save(tmp_path / f"a.{ending}")
    with pytest.raises(ValueError, match=rf"built-in layout writes \.svg, not \.{ending}"):
        drawing("builtin").save(tmp_path / f"a.{ending}")
    assert [p.name for p in tmp_path.iterdir()] == ["tools"]


def test_who_is_late_is_ended_with_its_children(fake_dot, tmp_path, monkeypatch):
    monkeypatch.setattr(engines, "TIME_LIMIT", 0.3)
    fake_dot(f"(sleep 1.5; touch {tmp_path}/still_there) & sleep 30")
    started = time.perf_counter()
    for engine in (None, "dot"):
        svg = drawing(engine).svg()
        assert "A note. (built-in layout: Graphviz did not answer in 0.3 s)" in svg
        assert 'class="tge"' in svg
    with pytest.raises(TimeoutError, match=r"in 0\.3 s\. The built-in layout draws it as \.svg"):
        drawing().save(tmp_path / "a.png")
    assert time.perf_counter() - started < 10
    time.sleep(1.8)
    assert not (tmp_path / "still_there").exists()


def test_the_wheel_is_late_too(fake_wheel, monkeypatch):
    monkeypatch.setattr(engines, "TIME_LIMIT", 0.3)
    fake_wheel("import time; time.sleep(30)")
    assert "did not answer" in drawing().svg()


def test_who_fails_gives_way_to_the_next(fake_dot, fake_wheel, tmp_path):
    fake_dot("echo no fonts here >&2; exit 3")
    assert "(built-in layout: Graphviz failed)" in drawing().svg()
    with pytest.raises(engines.EngineError, match="'dot' failed with exit status 3: no fonts here"):
        drawing("dot").svg()
    with pytest.raises(engines.EngineError, match="no fonts here"):
        drawing().save(tmp_path / "a.png")
    assert not (tmp_path / "a.png").exists()
    fake_wheel("return b'<svg>from the wheel</svg>'")
    assert drawing().svg() == "<svg>from the wheel</svg>"
    fake_dot("echo not a picture")
    assert drawing().svg() == "<svg>from the wheel</svg>"


def test_a_program_that_does_not_start_gives_way(fake_dot):
    fake_dot("")
    (path,) = [p for p in os.environ["PATH"].split(os.pathsep) if (p + "/").count("tools") == 0]
    with open(os.path.join(path, "dot"), "wb") as file:
        file.write(b"\x00not a program")
    assert "Graphviz failed" in drawing().svg()


def test_many_boxes_go_to_the_built_in_layout(fake_dot, monkeypatch):
    monkeypatch.setattr(engines, "LARGE", 5)
    fake_dot(ANSWER)
    assert "(built-in layout: more than 5 boxes)" in drawing(boxes=6).svg()
    assert "from dot" in drawing(boxes=5).svg()
    assert "from dot" in drawing("dot", boxes=6).svg()


def test_the_note_speaks_spanish(fake_dot):
    fake_dot("exit 1")
    set_language("es")
    try:
        assert "(disposición incluida: Graphviz falló)" in drawing().svg()
    finally:
        set_language(None)


# --- files and notebooks -------------------------------------------------------------------------


def test_every_ending_of_text_is_written(tmp_path):
    picture = drawing("builtin")
    for name, text in (
        ("a.svg", picture.svg()), ("b.SVG", picture.svg()), ("a.dot", picture.dot()),
        ("a.gv", picture.dot()), ("a.mmd", picture.mermaid()),
        ("a.md", f"```mermaid\n{picture.mermaid()}```\n"),
    ):  # fmt: skip
        assert picture.save(tmp_path / name) == tmp_path / name
        assert (tmp_path / name).read_text(encoding="utf-8") == text
    assert picture.save(str(tmp_path / "c.dot")).name == "c.dot"


def test_wrong_paths_are_named_and_nothing_is_written(tmp_path):
    picture = drawing("builtin")
    with pytest.raises(ValueError, match=r"ends in \.svg, \.dot.*Received: 'a\.bmp'"):
        picture.save("a.bmp")
    with pytest.raises(ValueError, match=r"Received: 'graph'"):
        picture.save("graph")
    with pytest.raises(FileNotFoundError, match=r"no folder '.*none'; os\.makedirs makes it"):
        picture.save(tmp_path / "none" / "a.svg")
    (tmp_path / "folder.svg").mkdir()
    with pytest.raises(IsADirectoryError, match="Received a folder"):
        picture.save(tmp_path / "folder.svg")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["folder.svg", "tools"]


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    picture = drawing("builtin")
    path = picture.save(tmp_path / "a.svg")
    before = path.read_bytes()

    def full(self, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pictures.Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        drawing("builtin", boxes=3).save(path)
    assert path.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.svg", "tools"]


def test_the_file_behind_a_link_is_replaced_and_keeps_its_permissions(tmp_path):
    real, link = tmp_path / "real.svg", tmp_path / "link.svg"
    real.write_text("old")
    real.chmod(0o640)
    link.symlink_to(real)
    drawing("builtin").save(link)
    assert link.is_symlink()
    assert real.read_text().startswith("<svg")
    assert real.stat().st_mode & 0o777 == 0o640


def test_notebooks_never_break(monkeypatch):
    picture = drawing("builtin")
    bundle = picture._repr_mimebundle_(include=None, exclude=None)
    assert bundle == {"image/svg+xml": picture.svg(), "text/plain": repr(picture)}

    def broken(figure):
        raise RuntimeError("on purpose")

    monkeypatch.setattr(engines, "to_svg", broken)
    assert picture._repr_mimebundle_()["image/svg+xml"].startswith("<svg")
    monkeypatch.setattr(pictures, "to_svg", broken)
    assert picture._repr_svg_() is None
    assert list(picture._repr_mimebundle_()) == ["text/plain"]


def test_graphviz_source(monkeypatch):
    graphviz = pytest.importorskip("graphviz")  # a dependency, but a test can run without it
    source = drawing().graphviz()
    assert isinstance(source, graphviz.Source)
    assert source.source == drawing().dot()
    monkeypatch.setitem(sys.modules, "graphviz", None)
    with pytest.raises(ImportError, match="pip install graphviz"):
        drawing().graphviz()


# --- with a Graphviz of this machine --------------------------------------------------------------


@pytest.fixture(params=["dot", "pygraphviz"])
def real(request, monkeypatch):
    monkeypatch.undo()
    if engines._command(request.param, "svg", 96) is None:
        pytest.skip(f"{request.param} is not installed here")
    return request.param


def test_real_engines_write_every_form(real, tmp_path):
    picture = drawing(real)
    assert picture.svg().startswith("<svg")
    assert "box 1" in picture.svg()
    assert picture.save(tmp_path / "a.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    assert picture.save(tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")


def test_a_graph_that_takes_minutes_comes_back_in_time(real, monkeypatch):
    monkeypatch.setattr(engines, "TIME_LIMIT", 0.5)
    rng = random.Random(0)
    boxes = [Box(f"b{i}", f"{i}", (), "operation") for i in range(200)]
    pairs = [sorted(rng.sample(range(200), 2)) for _ in range(2000)]
    graph = Figure(boxes, [Arrow(u, v) for u, v in pairs])
    started = time.perf_counter()
    assert "Graphviz did not answer in 0.5 s" in Drawing(graph, real).svg()
    assert time.perf_counter() - started < 15


def test_threads_may_save_to_one_path(tmp_path):
    drawing, failures = draw(Tensor(2.0, requires_grad=True) * 3.0), []

    def save():
        try:
            for _ in range(30):
                drawing.save(tmp_path / "graph.dot")
        except OSError as error:
            failures.append(error)

    threads = [threading.Thread(target=save) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["graph.dot"]


def test_explanations_and_sources_are_written_whole_or_not_at_all(tmp_path, monkeypatch):
    y = Tensor(2.0, requires_grad=True) * 3.0
    told, source = explain(y), backward_source(y)
    for view, name in ((told, "why.md"), (source, "step.py")):
        path = tmp_path / name
        view.save(path)
        whole = path.read_bytes()
        with pytest.raises(FileNotFoundError, match=r"there is no folder .* Received: "):
            view.save(tmp_path / "none" / name)
        with monkeypatch.context() as broken:
            broken.setattr(os, "replace", full)
            with pytest.raises(OSError, match="full"):
                view.save(path)
        assert path.read_bytes() == whole
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == [
        "step.py",
        "why.md",
    ]


def full(*paths):
    raise OSError("the disk is full")


def test_a_notebook_gets_no_picture_that_would_stop_it():
    drawing = Drawing(figure(pictures.SHOWN + 1))
    assert drawing._repr_svg_() is None
    assert drawing._repr_mimebundle_() == {"text/plain": repr(drawing)}
