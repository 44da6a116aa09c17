"""What `check_backprop` found, as data, as text, in a notebook, as a drawing."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from ..autodiff.order import topological
from ..languages import Pair, say
from ..views.compare import Compared, Comparison
from ..views.drawing import Drawing, draw
from .by_differences import found_in
from .diagnosis.case import Diagnosis, case_of, first_not_finite
from .diagnosis.diagnose import diagnose
from .marks import Mark, marks_of
from .notebook import as_html

__all__ = ["BackpropReport", "as_data", "as_text", "first_line", "others", "shown"]

LINES, WIDTH = 12, 98
WRAP: Any = {"break_on_hyphens": False, "break_long_words": False, "drop_whitespace": True}


class Judged(Protocol):
    """What the report and the hints for students have in common."""

    ok: bool
    verdicts: dict[str, str]
    culprit: str | None
    later: list[str]
    given: dict[str, str]
    missing: list[str]
    notes: list[Pair]
    graded: bool
    marks: tuple[Mark, ...]
    score: float
    of: float

    def text(self, language: str | None = None) -> str: ...


class BackpropReport:
    """The verdict on each gradient by hand, and what is wrong with the first wrong one.

    It is true when all are right; `str` is the message, in the language of `set_language`.

    Attributes:
        ok: whether every gradient is right, and none that the rubric asks for is missing.
        verdicts: for each name "right", "wrong" or "carried", in the order of the backward pass.
        culprit: the first wrong one, None where all are right; later: the others that are wrong.
        given: of those that are wrong or carried the nearest wrong one that they come from.
        diagnoses: what fits the culprit, the simplest first, each with `code`, `text`, `residual`.
        notes: what else is to be known, in English and Spanish: that differences were taken, …
        missing: what the rubric asks for and was not given.
        marks: name, verdict, points, and of how many; points: the points by name.
        score, of: the sum of the points, and of how many.
    """

    def __init__(
        self,
        comparison: Comparison,
        diagnoses: Mapping[str, list[Diagnosis]],
        names: Mapping[int, str],
        gradient: Any = None,
        rubric: Mapping[str, float] | None = None,
        follow_through: float = 1.0,
    ) -> None:
        self.comparison = comparison
        self.verdicts = {one.name: one.verdict for one in comparison.found}
        known = [n.name or names.get(n.index) for n in comparison.order]
        self.marks: tuple[Mark, ...] = marks_of(
            self.verdicts, rubric, follow_through, [name for name in known if name]
        )
        self.graded = rubric is not None
        self.missing = [mark.name for mark in self.marks if mark.verdict == "missing"]
        self.points = {mark.name: mark.points for mark in self.marks}
        self.score, self.of = sum(self.points.values()), sum(mark.of for mark in self.marks)
        wrong = [name for name, verdict in self.verdicts.items() if verdict == "wrong"]
        differences = found_in(comparison.order[0])
        self.notes = list(differences.notes) if differences else self._doubts(names)
        self.ok = not self.missing and all(v == "right" for v in self.verdicts.values())
        self.culprit = wrong[0] if wrong else None
        self.later = wrong[1:]
        self.given = _nearest_wrong(comparison)
        self.diagnoses = diagnoses[self.culprit] if self.culprit is not None else []
        self._names, self._gradient = dict(names), gradient

    def _doubts(self, names: Mapping[int, str]) -> list[Pair]:
        """Why something is inconclusive."""
        if "inconclusive" not in self.verdicts.values():
            return []
        order = self.comparison.order
        where = first_not_finite(order, {n.index: n.name or names.get(n.index) for n in order})
        if not where:
            return [(
                "rounding is as large as the gradient here: take other inputs",
                "el redondeo es aquí tan grande como el gradiente: toma otras entradas",
            )]  # fmt: skip
        return [(
            f"the forward pass is not finite, first in {where}: take other inputs",
            f"la pasada hacia delante no es finita, primero en {where}: toma otras entradas",
        )]  # fmt: skip

    def __bool__(self) -> bool:
        return self.ok

    def text(self, language: str | None = None) -> str:
        """The message: at most 12 lines."""
        lines = [first_line(self, language)]
        if self.culprit is not None:
            one = next(c for c in self.comparison.found if c.name == self.culprit)
            lines.append(_sides(one, language))
            head = say(("Diagnosis", "Diagnóstico"), language)
            for k, found in enumerate(self.diagnoses[:3]):
                also = say(("or", "o"), language) + " " if k else ""
                rest = f"{found.residual:.0e}" if found.residual else "0"
                residual = say((f"residual {rest}", f"residuo {rest}"), language)
                told = f" ({residual})" if found.code != "G99" else ""
                lines.append(f"  {also}{head} {found.code}{told}: {say(found.text, language)}")
        return as_text([*lines, *others(self, language, self._own())], self, language)

    def _own(self) -> dict[str, Pair]:
        """What is wrong with those that are wrong on their own, but for the culprit; of two."""
        called = {n.index: name for n in self.comparison.order
                  if (name := n.name or self._names.get(n.index))}  # fmt: skip
        alone = [name for name in self.later if name not in self.given][:2]
        cases = (
            case_of(c, self.comparison, called, {})
            for c in self.comparison.found
            if c.name in alone
        )
        found = {case.name: diagnose(case)[0] for case in cases}
        return {name: one.text for name, one in found.items() if one.code != "G99"}

    def __str__(self) -> str:
        return self.text()

    __repr__ = __str__

    def subject(self) -> tuple[Any, dict[str, Any], dict[str, Any], Any]:
        """What is drawn: the result, the gradients by hand, the Tensors by name, what arrives."""
        found, order = self.comparison.found, self.comparison.order
        drawn = {n.index for n in topological([order[0]])}  # not what it does not depend on
        by_hand = {c.name: c.mine for c in found if c.node.index in drawn}
        tensors = {self._names[n.index]: n for n in order if n.index in drawn & self._names.keys()}
        return order[0], by_hand, tensors, self._gradient

    def graph(self, **options: Any) -> Drawing:
        """The graph with right gradients in green, wrong ones in red, carried errors in amber.

        `options` are those of `draw`.
        """
        root, by_hand, tensors, gradient = self.subject()
        return draw(root, by_hand=by_hand, gradient=gradient, **{"names": tensors} | options)

    def to_dict(self) -> dict[str, Any]:
        """The report as plain data."""
        found = [
            {
                "code": d.code,
                "en": d.text[0],
                "es": d.text[1],
                "residual": d.residual if np.isfinite(d.residual) else None,
            }
            for d in self.diagnoses
        ]
        return {**as_data(self), "diagnoses": found}

    def json(self) -> str:
        """The report as JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=2)

    def _repr_html_(self) -> str:
        return as_html(self.text(), self.ok, shown(self))


# --- lines that the report and the hints share ---------------------------------------------------


def as_data(report: Judged) -> dict[str, Any]:
    """The verdicts, notes and marks as plain data."""
    return {
        "ok": report.ok,
        "culprit": report.culprit,
        "verdicts": report.verdicts,
        "missing": report.missing,
        "notes": [{"en": en, "es": es} for en, es in report.notes],
        "marks": [mark._asdict() for mark in report.marks],
        "score": report.score,
        "of": report.of,
    }


def as_text(lines: list[str], report: Judged, language: str | None) -> str:
    """The lines, wrapped, at most 12 of them; the notes and the points are the last ones."""
    last = _wrapped([say(note, language) for note in report.notes])
    last += [score_line(report, language)] if report.graded else []
    return "\n".join([*_wrapped(lines)[: LINES - len(last)], *last])


def _wrapped(lines: list[str]) -> list[str]:
    found = []
    for line in "\n".join(lines).split("\n"):
        indent = " " * (len(line) - len(line.lstrip()) + 4)
        found += textwrap.wrap(line, WIDTH, subsequent_indent=indent, **WRAP)
    return found


def first_line(report: Judged, language: str | None) -> str:
    """All right, or what is wrong first."""
    n, name = len(report.verdicts), report.culprit
    if report.ok and n == 1:
        told = "ok: 1 gradient by hand, right", "bien: 1 gradiente a mano, correcto"
    elif report.ok:
        told = f"ok: {n} gradients by hand, all right", f"bien: {n} gradientes a mano, todos bien"
    elif name is None and n == 1:
        told = (
            "1 gradient by hand, not known to be right or wrong",
            "1 gradiente a mano, no se sabe si está bien o mal",
        )
    elif name is None:
        told = (
            f"{n} gradients by hand, none wrong, not all of them known to be right",
            f"{n} gradientes a mano, ninguno está mal, pero no se sabe si todos están bien",
        )
    else:
        told = (
            f"{name}: WRONG (first wrong node in the order of the backward pass)",
            f"{name}: MAL (primer nodo mal en el orden de la pasada hacia atrás)",
        )
    return say(told, language)


def others(
    report: Judged, language: str | None, own: Mapping[str, Pair] | None = None
) -> list[str]:
    """What is missing, carried, wrong further back, right.

    `own` says what is wrong with those that are wrong on their own.
    """
    by: dict[str, list[str]] = {"right": [], "carried": [], "wrong": [], "inconclusive": []}
    for name, verdict in report.verdicts.items():
        by[verdict].append(name)
    told = []
    if by["inconclusive"]:
        names = _listed(by["inconclusive"])
        told.append((f"inconclusive: {names}", f"sin veredicto: {names}"))
    if report.missing:
        names = _listed(report.missing)
        told.append((f"missing: {names}", f"faltan: {names}"))
    told += _carried(report, by["carried"]) + _later(report, own or {})
    if by["right"] and not report.ok:
        names = _listed(by["right"])
        told.append((f"right: {names}", f"bien: {names}"))
    return [say(pair, language) for pair in told]


def _carried(report: Judged, names: list[str]) -> list[Pair]:
    """Those that are right, given a wrong one: by the nearest that they come from."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(report.given.get(name, ""), []).append(name)
    later, told = len(report.later), []
    new = f"; {later} new error{'s' if later != 1 else ''}"
    nuevos = {0: "ningún error nuevo", 1: "1 error nuevo"}.get(later, f"{later} errores nuevos")
    for given, group in groups.items():
        arrives = (f"your {given}", f"tu {given}") if given else ("what arrives", "lo que llega")
        more = (new, f"; {nuevos}") if len(groups) == 1 else ("", "")
        told.append((
            f"{_listed(group)}: right given {arrives[0]} (carried error{more[0]})",
            f"{_listed(group)}: bien, dado {arrives[1]} (error arrastrado{more[1]})",
        ))  # fmt: skip
    return told


def _later(report: Judged, own: Mapping[str, Pair]) -> list[Pair]:
    """Those that are wrong too: on their own, or behind a wrong one."""
    alone = [name for name in report.later if name not in report.given]
    told = [
        (f"{name}: wrong as well: {_one(own[name][0])}",
         f"{name}: también mal: {_one(own[name][1])}")
        for name in alone if name in own
    ]  # fmt: skip
    if rest := [name for name in alone if name not in own]:
        names = _listed(rest)
        told.append((f"{names}: wrong as well", f"{names}: también mal"))
    groups: dict[str, list[str]] = {}
    for name in report.later:
        if name in report.given:
            groups.setdefault(report.given[name], []).append(name)
    for given, group in groups.items():
        names = _listed(group)
        told.append((
            f"{names}: wrong as well, given what arrives; mend {given} first",
            f"{names}: también mal, dado lo que llega; arregla antes {given}",
        ))  # fmt: skip
    return told


def _one(text: str) -> str:
    """The first of several explanations."""
    return text.split("; or ")[0].split("; o ")[0].split("\n")[0].rstrip(".")


def _nearest_wrong(comparison: Comparison) -> dict[str, str]:
    """Of each gradient that is wrong or carried the nearest wrong one that goes into it."""
    found = {one.node.index: one for one in comparison.found}
    nearest: dict[int, Compared] = {}
    given = {}
    for node in comparison.order:
        users = [user for user, _ in comparison.sent.get(node.index, [])]
        near = [nearest[user.index] for user in users if user.index in nearest]
        one = found.get(node.index)
        if near:
            nearest[node.index] = min(near, key=lambda c: c.node.index)
            if one is not None and one.verdict in ("wrong", "carried"):
                given[one.name] = nearest[node.index].name
        if one is not None and one.verdict == "right":
            nearest.pop(node.index, None)
        if one is not None and one.verdict == "wrong":
            nearest[node.index] = one
    return given


def shown(report: Judged) -> dict[str, str]:
    """The verdicts, and what is missing."""
    return report.verdicts | dict.fromkeys(report.missing, "missing")


def score_line(report: Judged, language: str | None) -> str:
    """How many points of how many."""
    told = f"{report.score:g} of {report.of:g}", f"{report.score:g} de {report.of:g}"
    return say((f"points: {told[0]}", f"puntos: {told[1]}"), language)


def _listed(names: list[str], most: int = 12) -> str:
    more = f", … (+{len(names) - most})" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _sides(one: Compared, language: str | None) -> str:
    mine, right = (np.asarray(v, np.float64) for v in (one.mine, one.expected))
    sides = [f"{v.shape}  max|g| {np.max(np.abs(v), initial=0.0):.3g}" for v in (mine, right)]
    line = say(
        (
            f"  by hand    {sides[0]}     reference {sides[1]}",
            f"  a mano     {sides[0]}     referencia {sides[1]}",
        ),
        language,
    )
    scale = np.max(np.abs(right), initial=0.0)
    if mine.shape == right.shape and np.all(np.isfinite(mine)) and 0.0 < scale < np.inf:
        error = f"{np.max(np.abs(mine - right)) / scale:.2g}"
        line += say(
            (f"    largest relative error {error}", f"    mayor error relativo {error}"), language
        )
    return line
