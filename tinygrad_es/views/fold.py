"""Folding a graph: what is shown as a box of its own, and what lies inside a layer's box.

`fold` makes an `Outline`: items (a node, a call of a layer, or several of them) and the links
between them. With nothing closed every node is an item of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from .groups import Group, groups
from .snapshot import Edge, Snapshot

__all__ = ["Item", "Link", "Outline", "closed_groups", "fold"]

RUN = 3  # alike layers in a chain, from which on they become one box


class Item(NamedTuple):
    """One box: a node, or the nodes of closed groups."""

    nodes: tuple[int, ...]
    groups: tuple[Group, ...] = ()  # none for a single node
    distinct: bool = False  # whether several groups are different layers (+N), or one layer (×N)


class Link(NamedTuple):
    """The edges from one item to another that carry the value of one node."""

    source: int
    target: int
    edges: tuple[Edge, ...]


class Outline(NamedTuple):
    """What is to be drawn of a graph."""

    graph: Snapshot
    items: tuple[Item, ...]
    links: tuple[Link, ...]


def closed_groups(
    found: Sequence[Group], collapse: str | int | bool | None, focus: Iterable[str] = ()
) -> set[int]:
    """Which groups are closed.

    `collapse`: "layers" closes every layer that has no layers inside; a number closes all at that
    depth (1: the outermost); False closes none. `focus`: names of layers that stay open, with all
    around and inside them; everything else is closed at the outermost.

    Raises:
        ValueError: something else, or no layer of a name in `focus`.
    """
    wanted = [focus] if isinstance(focus, str) else list(focus)
    if wanted:
        return _all_but(found, wanted)
    if collapse is None or collapse is False:
        return set()
    outer = {group.parent for group in found}
    innermost = {g for g in range(len(found)) if g not in outer}
    if collapse == "layers" or collapse is True:
        return innermost
    if isinstance(collapse, int) and collapse >= 1:
        return {g for g, group in enumerate(found) if group.depth == collapse} | {
            g for g in innermost if found[g].depth < collapse
        }
    raise ValueError(
        "collapse: expected 'layers', a depth from 1 (the outermost), or False. "
        f"Received: {collapse!r}."
    )


def _all_but(found: Sequence[Group], wanted: list[str]) -> set[int]:
    opened: set[int] = set()
    for name in wanted:
        inside = [g for g, group in enumerate(found) if name in (group.name, group.path)]
        if not inside:
            there = ", ".join(dict.fromkeys(group.path for group in found)) or "none"
            raise ValueError(f"focus: no layer is called {name!r}. There are: {there}.")
        for g in inside:
            opened |= {h for h, group in enumerate(found) if g in _around(found, h)}
            opened |= set(_around(found, g))
    return {g for g in range(len(found)) if g not in opened}


def _around(found: Sequence[Group], inner: int) -> Iterator[int]:
    """A group and those around it."""
    at: int | None = inner
    while at is not None:
        yield at
        at = found[at].parent


def fold(
    graph: Snapshot,
    collapse: str | int | bool | None = None,
    focus: Iterable[str] = (),
    repeats: bool = False,
    constants: bool = True,
) -> Outline:
    """The outline of a graph with some groups closed.

    `repeats` draws the calls of one layer as one box (×N), and layers that are alike and follow
    each other in a chain as one box too (+N). `constants=False` leaves out what was not traced
    and has no name.
    """
    found = groups(graph)
    closed = closed_groups(found, collapse, focus)
    home: list[int | None] = [None] * len(graph.nodes)  # the outermost closed group
    for g in sorted(closed, key=lambda g: -found[g].depth):
        for i in found[g].nodes:
            home[i] = g
    items: list[Item] = []
    place: dict[tuple[str, int], int] = {}
    where = [-1] * len(graph.nodes)
    for i, node in enumerate(graph.nodes):
        own = home[i]
        if own is None and not constants and node.kind == "constant":
            continue
        key = ("node", i) if own is None else ("group", own)
        if key not in place and (own is None or node.op is not None):  # at its first operation
            place[key] = len(items)
            items.append(Item((i,)) if own is None else Item(found[own].nodes, (found[own],)))
        where[i] = place.get(key, -1)
    for g in closed:
        for i in found[g].nodes:
            if where[i] < 0 and home[i] == g:
                where[i] = place["group", g]
    outline = Outline(graph, tuple(items), _links(graph, where))
    return _repeated(outline) if repeats else outline


def _links(graph: Snapshot, where: list[int]) -> tuple[Link, ...]:
    """Edges between different items; those of one node into the same item are one link."""
    alone = Counter(where)  # nodes in an item
    found: dict[tuple[int, ...], list[Edge]] = {}
    for k, edge in enumerate(graph.edges):
        source, target = where[edge.source], where[edge.target]
        if source < 0 or target < 0 or source == target:
            continue
        own = k if alone[target] == 1 else -1  # `a*a` keeps both
        found.setdefault((source, target, edge.source, own), []).append(edge)
    return tuple(Link(key[0], key[1], tuple(edges)) for key, edges in found.items())


# --- repeats -------------------------------------------------------------------------------------


def _repeated(outline: Outline) -> Outline:
    """The calls of one layer as one item, then alike layers in a chain as one."""
    same: dict[object, int] = {}
    alias = []
    for k, item in enumerate(outline.items):
        group = item.groups[0] if item.groups else None
        key = k if group is None else (group.path, group.order)
        alias.append(same.setdefault(key, k))
    outline = _merged(outline, alias, distinct=False)
    return _merged(outline, _chains(outline), distinct=True)


def _chains(outline: Outline) -> list[int]:
    """For each item the first of the run of alike layers that it belongs to."""
    after: dict[int, list[int]] = {}
    before: dict[int, list[int]] = {}
    for link in outline.links:
        after.setdefault(link.source, []).append(link.target)
        before.setdefault(link.target, []).append(link.source)
    signs = [_signature(outline.graph, item) for item in outline.items]
    alias = list(range(len(outline.items)))
    for k, sign in enumerate(signs):
        if sign is None or alias[k] != k:
            continue
        run = [k]
        while True:
            following = after.get(run[-1], [])
            if len(following) != 1 or len(before.get(following[0], [])) != 1:
                break
            if signs[following[0]] != sign or following[0] in run:
                break
            run.append(following[0])
        if len(run) >= RUN:
            for other in run:
                alias[other] = k
    return alias


def _signature(graph: Snapshot, item: Item) -> object:
    """What a layer computes, and with weights of which shapes; None for a single node."""
    if not item.groups:
        return None
    nodes = [graph.nodes[i] for i in item.nodes]
    return (
        item.groups[0].order,
        tuple((node.kind, node.op, np.shape(node.value)) for node in nodes),
    )


def _merged(outline: Outline, alias: list[int], distinct: bool) -> Outline:
    """The outline in which each item has become part of the item `alias` says."""
    members: dict[int, list[Item]] = {}
    for k, item in enumerate(outline.items):
        members.setdefault(alias[k], []).append(item)
    place = {k: position for position, k in enumerate(members)}
    items = []
    for parts in members.values():
        if len(parts) == 1:
            items.append(parts[0])
            continue
        nodes = tuple(sorted({i for part in parts for i in part.nodes}))
        items.append(Item(nodes, tuple(g for part in parts for g in part.groups), distinct))
    merged: dict[tuple[int, ...], list[Edge]] = {}
    for n, link in enumerate(outline.links):
        source, target = place[alias[link.source]], place[alias[link.target]]
        if source == target and distinct:
            continue  # inside the chain; a shared layer that feeds itself keeps its loop
        grouped = bool(items[source].groups or items[target].groups)
        merged.setdefault((source, target, -1 if grouped else n), []).extend(link.edges)
    links = tuple(Link(key[0], key[1], tuple(edges)) for key, edges in merged.items())
    return Outline(outline.graph, tuple(items), links)
