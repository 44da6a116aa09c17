"""What `check_backprop` found, as data, as text, in a notebook, as a drawing."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..languages import say
from ..views.compare import Compared, Comparison
from ..views.drawing import Drawing, draw
from .case import Diagnosis

__all__ = ["BackpropReport"]

LINES = 12


class BackpropReport:
    """The verdict on each gradient by hand, and what is wrong with the first wrong one.

    It is true when all are right; `str` is the message, in the language of `set_language`.

    Attributes:
        ok: whether every gradient is right.
        verdicts: for each name "right", "wrong" or "carried", in the order of the backward pass.
        culprit: the first wrong one, None where all are right.
        diagnoses: what fits the culprit, the simplest first, each with `code`, `text`, `residual`.
        points: 1 for what is right or only carried on, 0 for what is wrong.
    """

    def __init__(
        self,
        comparison: Comparison,
        diagnoses: Mapping[str, list[Diagnosis]],
        names: Mapping[int, str],
        gradient: Any = None,
    ) -> None:
        self.comparison = comparison
        self.verdicts = {one.name: one.verdict for one in comparison.found}
        self.ok = all(verdict == "right" for verdict in self.verdicts.values())
        wrong = [name for name, verdict in self.verdicts.items() if verdict == "wrong"]
        self.culprit = wrong[0] if wrong else None
        self.later = wrong[1:]
        self.diagnoses = diagnoses[self.culprit] if self.culprit is not None else []
        self.points = {name: int(v != "wrong") for name, v in self.verdicts.items()}
        self._names, self._gradient = dict(names), gradient

    def __bool__(self) -> bool:
        return self.ok

    def text(self, language: str | None = None) -> str:
        """The message: at most 12 lines."""
        n = len(self.verdicts)
        if self.ok:
            return say(
                (
                    f"ok: {n} gradients by hand, all right",
                    f"bien: {n} gradientes a mano, todos bien",
                ),
                language,
            )
        lines = []
        if self.culprit is not None:
            one = next(c for c in self.comparison.found if c.name == self.culprit)
            lines += [_head(one, language), _sides(one, language)]
            head = say(("Diagnosis", "Diagnóstico"), language)
            for k, found in enumerate(self.diagnoses[:3]):
                also = say(("or", "o"), language) + " " if k else ""
                rest = f"{found.residual:.0e}" if found.residual else "0"
                residual = say((f"residual {rest}", f"residuo {rest}"), language)
                told = f" ({residual})" if found.code != "G99" else ""
                lines.append(f"  {also}{head} {found.code}{told}: {say(found.text, language)}")
        return "\n".join([*lines, *self._others(language)][:LINES])

    def _others(self, language: str | None) -> list[str]:
        """What is right, carried, wrong further back."""
        by: dict[str, list[str]] = {"right": [], "carried": [], "wrong": []}
        for name, verdict in self.verdicts.items():
            by[verdict].append(name)
        lines = []
        if by["carried"]:
            given = self.culprit or say(("what arrives", "lo que llega"), language)
            later = len(self.later)
            names = _listed(by["carried"])
            lines.append(
                say(
                    (
                        f"{names}: right given your {given} (carried error; {later} new errors)",
                        f"{names}: bien dado tu {given} (error arrastrado; {later} errores nuevos)",
                    ),
                    language,
                )
            )
        if self.later:
            names = _listed(self.later)
            lines.append(
                say(
                    (
                        f"{names}: wrong as well, given what arrives; mend {self.culprit} first",
                        f"{names}: también mal, dado lo que llega; arregla antes {self.culprit}",
                    ),
                    language,
                )
            )
        if by["right"]:
            lines.append(say(("right", "bien"), language) + ": " + _listed(by["right"]))
        return lines

    def __str__(self) -> str:
        return self.text()

    __repr__ = __str__

    def graph(self, **options: Any) -> Drawing:
        """The graph with right gradients in green, wrong ones in red, carried errors in amber.

        `options` are those of `draw`.
        """
        fitting = {
            c.name: c.mine for c in self.comparison.found if np.shape(c.mine) == c.node.shape
        }
        tensors = {self._names[n.index]: n for n in self.comparison.order if n.index in self._names}
        root = self.comparison.order[0]
        return draw(root, by_hand=fitting, gradient=self._gradient, **{"names": tensors} | options)

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
        return {
            "ok": self.ok,
            "culprit": self.culprit,
            "verdicts": self.verdicts,
            "points": self.points,
            "diagnoses": found,
        }

    def json(self) -> str:
        """The report as JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=2)

    def _repr_html_(self) -> str:
        colours = {"right": "#1a7f37", "carried": "#9a6700", "wrong": "#cf222e"}
        marks = {"right": "✓", "carried": "~", "wrong": "✗"}
        nodes = " ".join(
            f'<span style="color:{colours[v]}">{marks[v]}&nbsp;{html.escape(name)}</span>'
            for name, v in self.verdicts.items()
        )
        return f"<div><p>{nodes}</p><pre>{html.escape(self.text())}</pre></div>"


def _listed(names: list[str], most: int = 12) -> str:
    more = f", … (+{len(names) - most})" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _head(one: Compared, language: str | None) -> str:
    return say(
        (
            f"{one.name}: WRONG (first wrong node in the order of the backward pass)",
            f"{one.name}: MAL (primer nodo mal en el orden de la pasada hacia atrás)",
        ),
        language,
    )


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
    if mine.shape == right.shape:
        with np.errstate(all="ignore"):
            error = np.abs(mine - right) / np.where(right == 0, np.nan, np.abs(right))
        if np.any(np.isfinite(error)):
            largest = float(np.nanmax(error[np.isfinite(error)]))
            line += say(
                (
                    f"    largest relative error {largest:.2g}",
                    f"    mayor error relativo {largest:.2g}",
                ),
                language,
            )
    return line
