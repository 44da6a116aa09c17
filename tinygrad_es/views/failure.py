"""A forward pass that failed: the graph up to there, and the operation that could not be done."""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import FrameType
from typing import Any

import numpy as np

from ..autodiff import record
from ..autodiff.primitive import Primitive
from ..autodiff.tensor import Tensor
from .snapshot import Edge, Node, Snapshot, read

__all__ = ["Failed", "failed_graph"]

PACKAGE = __name__.partition(".")[0] + "."


class Failed:
    """The partial graph, the place of what failed in it, and what was said."""

    def __init__(self, graph: Snapshot, place: int, message: str) -> None:
        self.graph = graph
        self.place = place
        self.message = message


def failed_graph(error: BaseException, names: Mapping[int, str]) -> Failed:
    """The graph that was recorded when `error` was raised, with what failed as its last node.

    The operation and its operands are read from the error's traceback. Where no operation failed
    but the user's own code, the last node stands for that line, after the newest results that
    its functions hold.
    """
    frames = _frames(error)
    op, operands = _operation(frames)
    line = _users_line(frames)
    if op is None:
        operands = _newest(frames)
    tensors = [x for x in operands if isinstance(x, Tensor)]
    names = dict(names)
    for frame in frames:
        for name, value in frame.f_locals.items():
            if isinstance(value, Tensor) and not name.startswith("_") and _is_users(frame):
                names.setdefault(value.index, name)
    nodes: list[Node] = []
    edges: list[Edge] = []
    places: dict[int, int] = {}
    if tensors:
        base, places = read(tensors, names=names)
        nodes = [n._replace(kind="operation") if n.kind == "output" else n for n in base.nodes]
        edges = list(base.edges)
    target_edges = []
    for k, x in enumerate(operands):
        if isinstance(x, Tensor):
            source = places[x.index]
        else:
            source = len(nodes)
            nodes.append(Node("constant", None, None, None, x, None))
        letter = op.input_name(k) if op is not None else ""
        target_edges.append((source, letter, k))
    place = len(nodes)
    kind: str = type(error).__name__
    failed = Node("operation", None, None, kind, None, None, line=line)
    nodes.append(failed if op is None else failed._replace(op=op.name, symbol=op.symbol))
    edges += [Edge(source, place, letter, k) for source, letter, k in target_edges]
    return Failed(Snapshot(tuple(nodes), tuple(edges)), place, f"{kind}: {error}")


def _frames(error: BaseException) -> list[FrameType]:
    """The frames of the traceback, the outermost first."""
    found, trace = [], error.__traceback__
    while trace is not None:
        found.append(trace.tb_frame)
        trace = trace.tb_next
    return found


def _is_users(frame: FrameType) -> bool:
    return not (frame.f_globals.get("__name__", "") + ".").startswith(PACKAGE)


def _operation(frames: list[FrameType]) -> tuple[Primitive | None, list[Any]]:
    """The operation that failed and its operands, by the first frame of `record`."""
    for frame in frames:
        if frame.f_globals is not vars(record):
            continue
        known = frame.f_locals
        op = known.get("op")
        if not isinstance(op, Primitive):
            continue
        if "inputs" in known:
            return op, list(known["inputs"])
        letters = ("a", "b") if "a" in known else ("x",)
        return op, [known[letter] for letter in letters if letter in known]
    return None, []


def _newest(frames: list[FrameType]) -> list[Any]:
    """The newest recorded Tensor that the user's functions hold."""
    held = [
        value
        for frame in frames
        if _is_users(frame)
        for value in frame.f_locals.values()
        if isinstance(value, Tensor) and value.tracked
    ]
    return [max(held, key=lambda tensor: tensor.index)] if held else []


def _users_line(frames: list[FrameType]) -> str:
    """`file:line` of the user's innermost frame."""
    users = [frame for frame in frames if _is_users(frame)]
    if not users:
        return ""
    return f"{os.path.basename(users[-1].f_code.co_filename)}:{users[-1].f_lineno}"


def operand_rows(graph: Snapshot, place: int) -> list[tuple[str, str]]:
    """What the failing operation received: the letter, the dtype and the shape."""
    rows = []
    for edge in graph.edges:
        if edge.target == place and edge.input:
            value = graph.nodes[edge.source].value
            kind = "float" if type(value) is float else str(np.asarray(value).dtype)
            rows.append((edge.input, f"{kind} {np.shape(value)}"))
    return rows
