"""Looking for data sets and fetching them: where, in what order, and what is told if it fails."""

from __future__ import annotations

import hashlib
import http.client
import http.server
import importlib.util
import io
import sys
import threading
from pathlib import Path
from urllib.error import HTTPError, URLError

import numpy as np
import pytest

from tinygrad_es.datasets import (
    DataNotFoundError,
    _fetch,
    california_housing,
    cifar10,
    fashion_mnist,
    mnist,
    optdigits,
    sonar,
)
from tinygrad_es.datasets._fetch import open_url
from tinygrad_es.datasets._sources import SOURCES, File, Source

CONTENT = bytes(range(256)) * 3000
FILE = File("sub/file.bin", "https://x.test/f", hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))
LOADERS = {
    "mnist": mnist.load_data,
    "fashion_mnist": fashion_mnist.load_data,
    "cifar10": cifar10.load_data,
    "california_housing": lambda path=None: california_housing.load_data(path=path),
    "sonar": sonar.load_data,
    "optdigits": optdigits.load_by_writer,
}
each_loader = pytest.mark.parametrize("name", LOADERS)


@pytest.fixture
def serve(monkeypatch):
    """Answer every request with these bytes, or raise this error; returns the URLs asked for."""
    asked = []

    def start(answer):
        def open_url(url):
            asked.append(url)
            if isinstance(answer, BaseException):
                raise answer
            return answer if hasattr(answer, "read") else io.BytesIO(answer)

        monkeypatch.setattr(_fetch, "open_url", open_url)
        return asked

    return start


@pytest.fixture
def known(monkeypatch):
    """A data set `thing` of one file that may lie in two places."""
    monkeypatch.setitem(SOURCES, "thing", Source((FILE,), ("other.bin", "sub/file.bin")))


def left(folder: Path) -> list[str]:
    """The files below a folder."""
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


# --- the table ----------------------------------------------------------------------------------


def test_every_loader_has_its_sources():
    assert set(SOURCES) == set(LOADERS)


@pytest.mark.parametrize(
    "file", [f for s in SOURCES.values() for f in s.files], ids=lambda f: f.name
)
def test_sources_are_well_formed(file):
    assert file.url.startswith("https://")
    assert file.sha256 is None or (len(bytes.fromhex(file.sha256)) == 32 and file.sha256.islower())
    assert not Path(file.name).is_absolute()
    assert ".." not in Path(file.name).parts


@each_loader
def test_what_is_fetched_is_then_found(name):
    places = SOURCES[name].places
    for file in SOURCES[name].files:
        assert file.name in places or Path(file.name).parent.as_posix() in places


def test_the_checksum_of_the_stored_test_part_is_the_published_one():
    x, y = optdigits.load_all()
    rows = np.column_stack([x.reshape(-1, 64), y]).tolist()
    text = "".join(",".join(map(str, row)) + "\n" for row in rows)
    assert hashlib.sha256(text.encode()).hexdigest() == (
        "6ebb3d2fee246a4e99363262ddf8a00a3c41bee6014c373ed9d9216ba7f651b8"
    )


@pytest.mark.peers
def test_checksums_are_those_of_keras():
    found = importlib.util.find_spec("keras")
    if found is None:
        pytest.skip("reads Keras' own sources")
    (root,) = found.submodule_search_locations
    for name in ("mnist", "california_housing"):
        theirs = (Path(root) / "src" / "datasets" / f"{name}.py").read_text(encoding="utf-8")
        (file,) = SOURCES[name].files
        assert file.sha256 in theirs


# --- where it is looked for ---------------------------------------------------------------------


def test_folders(monkeypatch, tmp_path):
    assert _fetch.folders() == [tmp_path / "data", tmp_path / "keras" / "datasets"]
    for variable in ("TINYGRAD_ES_DATA", "KERAS_HOME"):
        monkeypatch.delenv(variable)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    default = [tmp_path / ".tinygrad_es" / "datasets", tmp_path / ".keras" / "datasets"]
    assert _fetch.folders() == default
    monkeypatch.setenv("TINYGRAD_ES_DATA", "")
    monkeypatch.setenv("KERAS_HOME", "~/k")
    assert _fetch.folders() == [default[0], tmp_path / "k" / "datasets"]


def test_the_order_of_places(known, tmp_path, data_folder):
    keras = tmp_path / "keras" / "datasets"
    for path in (keras / "sub/file.bin", keras / "other.bin", data_folder / "sub/file.bin"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
        assert _fetch.load("thing", None, str) == str(path)
    assert _fetch.load("thing", "other.bin", str) == str(keras / "other.bin")


def test_paths(known, tmp_path, data_folder, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = tmp_path / "mine" / "sub" / "file.bin"
    given.parent.mkdir(parents=True)
    given.write_bytes(b"")

    def read(place):
        return None if place.is_dir() else place.resolve()

    for path in (given, str(given), tmp_path / "mine", "mine", Path("mine/sub/file.bin")):
        assert _fetch.load("thing", path, read) == given
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert _fetch.load("thing", "~/mine", read) == given
    named = data_folder / "named"
    named.parent.mkdir()
    named.write_bytes(b"")
    assert _fetch.load("thing", "named", read) == named  # relative to the folder of data sets


def test_a_path_that_is_nowhere_is_not_fetched(known, serve, tmp_path, data_folder):
    asked = serve(CONTENT)
    for path in ("file.bim", tmp_path / "absent", tmp_path):
        with pytest.raises(
            DataNotFoundError, match=r"thing was not found: path=.* has no such data"
        ):
            _fetch.load("thing", path, lambda place: None)
    assert asked == []
    assert _fetch.load("thing", "sub/file.bin", str) == str(data_folder / "sub" / "file.bin")
    assert asked == ["https://x.test/f"]  # the name that a download has anyway


# --- fetching -----------------------------------------------------------------------------------


def test_a_download_is_kept(known, serve, data_folder, capsys):
    asked = serve(CONTENT)
    for _ in range(2):
        assert _fetch.load("thing", None, Path.read_bytes) == CONTENT
    assert asked == ["https://x.test/f"]
    assert left(data_folder) == ["sub/file.bin"]
    assert capsys.readouterr() == ("", "")  # no terminal, no progress


def test_a_file_of_unknown_size(serve, data_folder):
    serve(CONTENT)
    path = _fetch.download("mnist", FILE._replace(size=None))
    assert path.read_bytes() == CONTENT


class Interrupted(io.BytesIO):
    """Bytes that stop coming with an error."""

    error: BaseException

    def read(self, n=-1):
        if self.tell():
            raise self.error
        return super().read(n)


def interrupted(error):
    answer = Interrupted(CONTENT)
    answer.error = error
    return answer


FAILURES = {
    "no network": (URLError("Name or service not known"), "URLError: .*not known"),
    "not there": (HTTPError("u", 404, "Not Found", None, None), "HTTPError: .* 404: Not Found"),
    "slow": (TimeoutError("timed out"), "TimeoutError: timed out"),
    "cut": (CONTENT[:-1], "expected 768,000 bytes. Received: 767,999"),
    "empty": (b"", "expected 768,000 bytes. Received: 0"),
    "longer": (CONTENT + b"!", "expected 768,000 bytes. Received: more"),
    "changed": (b"!" + CONTENT[1:], f"expected SHA-256 {FILE.sha256}. Received: [0-9a-f]{{64}}"),
    "closed": (interrupted(http.client.IncompleteRead(b"")), "IncompleteRead"),
    "reset": (interrupted(ConnectionResetError("reset")), "ConnectionResetError: reset"),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_download_that_fails_leaves_nothing(known, serve, data_folder, failure):
    answer, message = FAILURES[failure]
    serve(answer)
    if hasattr(answer, "seek"):
        answer.seek(0)
    with pytest.raises(DataNotFoundError, match=f"thing was not found: .*{message}") as caught:
        _fetch.load("thing", None, str)
    assert left(data_folder) == []
    for told in (FILE.url, FILE.sha256, str(data_folder / FILE.name), "TINYGRAD_ES_DATA"):
        assert told in str(caught.value)


def test_without_a_size_the_checksum_notices(serve, data_folder):
    serve(CONTENT[:-1])
    with pytest.raises(DataNotFoundError, match=r"expected SHA-256 .* 767,999 bytes"):
        _fetch.download("mnist", FILE._replace(size=None))
    assert left(data_folder) == []


def test_an_interrupt_leaves_nothing(known, serve, data_folder):
    serve(interrupted(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        _fetch.load("thing", None, str)
    assert left(data_folder) == []


def test_a_folder_that_cannot_be_written(known, serve, data_folder, monkeypatch):
    serve(CONTENT)
    data_folder.write_bytes(b"a file in its place")
    with pytest.raises(DataNotFoundError, match=r"thing was not found: (File|Not).*Error: .*data"):
        _fetch.load("thing", None, str)
    data_folder.unlink()

    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied", "data")

    monkeypatch.setattr(Path, "mkdir", refuse)  # also where the tests run as root
    with pytest.raises(DataNotFoundError, match=r"PermissionError: .*denied"):
        _fetch.load("thing", None, str)
    assert left(data_folder.parent) == []


def test_without_a_checksum_nothing_is_fetched(serve):
    asked = serve(CONTENT)
    with pytest.raises(DataNotFoundError, match="no checksum of it is published"):
        _fetch.download("sonar", FILE._replace(sha256=None))
    assert asked == []


@pytest.mark.parametrize("size", [len(CONTENT), None])
def test_progress_in_a_terminal(serve, monkeypatch, size):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    serve(CONTENT)
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    _fetch.download("mnist", FILE._replace(size=size))
    shown = terminal.getvalue()
    assert shown.startswith("\rsub/file.bin: 0.3 ")
    last = "\rsub/file.bin: 0.8 of 0.8 MB (100%)\n" if size else "\rsub/file.bin: 0.8 MB\n"
    assert shown.endswith(last)
    assert shown.count("\n") == 1


def test_what_was_fetched_but_is_not_it(known, serve):
    serve(CONTENT)
    with pytest.raises(DataNotFoundError, match="what was downloaded is not all of it"):
        _fetch.load("thing", None, lambda place: None)


@pytest.fixture
def server(monkeypatch):
    """A server on this machine: /whole has the content, /cut breaks off, else 404."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path not in ("/whole", "/cut"):
                return self.send_error(404)
            self.send_response(200)
            self.send_header("Content-Length", str(len(CONTENT)))
            self.end_headers()
            self.wfile.write(CONTENT if self.path == "/whole" else CONTENT[:300_000])
            return None

        def log_message(self, *args):
            agents.append(self.headers["User-Agent"])

    agents: list[str] = []
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(_fetch, "open_url", open_url)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}", agents
        running.shutdown()
        thread.join()


def test_over_http(server, data_folder):
    address, agents = server
    path = _fetch.download("mnist", FILE._replace(url=f"{address}/whole"))
    assert path.read_bytes() == CONTENT
    assert agents == ["tinygrad_es"]
    path.unlink()
    for page, message in (("cut", "Received: 300,000"), ("gone", "HTTP Error 404: Not Found")):
        with pytest.raises(DataNotFoundError, match=message):
            _fetch.download("mnist", FILE._replace(url=f"{address}/{page}"))
    assert left(data_folder) == []


# --- what users are told ------------------------------------------------------------------------


@each_loader
def test_without_a_network_the_error_says_what_to_do(name, tmp_path, data_folder):
    with pytest.raises(FileNotFoundError) as caught:
        LOADERS[name]()
    assert isinstance(caught.value, DataNotFoundError)
    told = str(caught.value)
    assert told.startswith(f"The data set {name} was not found: ")
    for folder in (data_folder, tmp_path / "keras" / "datasets"):
        assert f"  {folder}\n" in told
    for file in SOURCES[name].files:
        assert f"  fetch {file.url}" in told
        assert f"    and save it as {data_folder / file.name}\n" in told
        assert file.sha256 is None or f"    SHA-256 {file.sha256}\n" in told
    for place in SOURCES[name].places:
        assert place in told
    assert told.endswith(f"TINYGRAD_ES_DATA (now {str(data_folder)!r}).")
    assert list(tmp_path.iterdir()) == []  # no folder either


@each_loader
def test_a_file_of_something_else_is_an_error_that_names_it(name, tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"\xff\xd8\xff\xe0" + bytes(100))
    with pytest.raises(ValueError, match=r"photo\.jpg.*expected"):
        LOADERS[name](path)


@each_loader
def test_an_empty_folder_is_not_the_data_set(name, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataNotFoundError, match="has no such data"):
        LOADERS[name](tmp_path / "empty")
