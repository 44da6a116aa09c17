"""`--gradcheck-power`: how many planted mistakes each test would catch, the weakest first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pytest

from ..check import BackpropReport, GradientCheck
from ..check.differences.mutants import mutants_of
from ..languages import say
from ..views.compare import agree

__all__ = ["note", "rows", "show"]

PROPERTY = "gradcheck"  # of a test's report: so it comes from the processes of pytest-xdist too


def note(item: pytest.Item, report: GradientCheck | BackpropReport) -> None:
    """Add a check to what its test is worth."""
    found: Any = dict(item.user_properties).get(PROPERTY)
    if found is None:
        found = {"checks": 0, "caught": 0, "tried": 0, "missed": {}, "vacuous": [], "failed": 0}
        item.user_properties.append((PROPERTY, found))
    found["checks"] += 1
    found["failed"] += not report
    power, vacuous = (
        (report.power, _vacuous(report))
        if isinstance(report, GradientCheck)
        else (_power_by_hand(report), _zeros(report))
    )
    for kind, (caught, tried) in power.items():
        found["caught"] += caught
        found["tried"] += tried
        if caught < tried:
            found["missed"][kind] = found["missed"].get(kind, 0) + tried - caught
    found["vacuous"] += [name for name in vacuous if name not in found["vacuous"]]


def _vacuous(report: GradientCheck) -> list[str]:
    """The inputs all of whose derivatives are 0."""
    return list(report.vacuous)


def _zeros(report: BackpropReport) -> list[str]:
    return [one.name for one in report.comparison.found if not np.any(one.reference)]


def _power_by_hand(report: BackpropReport) -> dict[str, tuple[int, int]]:
    """The same mistakes, planted in the gradients by hand that are right."""
    power: dict[str, tuple[int, int]] = {}
    for one in report.comparison.found:
        if one.verdict == "right":
            for kind, mutant in mutants_of(np.asarray(one.mine, np.float64)):
                caught, tried = power.get(kind, (0, 0))
                power[kind] = (caught + (not agree(mutant, one.reference, one.node)), tried + 1)
    return power


# --- the table ----------------------------------------------------------------------------------


def rows(noted: Iterable[tuple[str, Mapping[str, Any]]]) -> list[str]:
    """The lines of the table, the weakest test first.

    >>> strong = {"checks": 1, "caught": 9, "tried": 9, "missed": {}, "vacuous": [], "failed": 0}
    >>> weak = strong | {"caught": 6, "missed": {"rolled": 1, "transposed": 2}}
    >>> for line in rows([("test_a.py::test_strong", strong), ("test_b.py::test_weak", weak)]):
    ...     print(line)
       66 %  6 of 9  test_b.py::test_weak: not transposed (2), rolled (1)
      100 %  9 of 9  test_a.py::test_strong
    """
    ordered = sorted(noted, key=lambda row: (*_strength(row[1]), row[0]))
    of = say(("of", "de"))
    counts = [f"{found['caught']:,} {of} {found['tried']:,}" for _, found in ordered]
    width = max(map(len, counts), default=0)
    lines = []
    for (test, found), count in zip(ordered, counts, strict=True):
        share = f"{100 * found['caught'] // found['tried']} %" if found["tried"] else "—"
        remarks = "; ".join(_remarks(found))
        lines.append(f"{share:>7}  {count:>{width}}  {test}" + (f": {remarks}" if remarks else ""))
    return lines


def _strength(found: Mapping[str, Any]) -> tuple[bool, bool, float]:
    share = found["caught"] / found["tried"] if found["tried"] else 0.0
    return bool(found["failed"]), not found["vacuous"], share


def _remarks(found: Mapping[str, Any]) -> list[str]:
    said = []
    if found["failed"]:
        said.append(say(("FAILED", "FALLA")))
    if found["vacuous"]:
        names = ", ".join(map(_named, found["vacuous"]))
        said.append(
            say((f"VACUOUS in {names}: all derivatives are 0",
                 f"VACÍA en {names}: todas las derivadas son 0"))
        )  # fmt: skip
    if found["missed"]:
        worst = sorted(found["missed"].items(), key=lambda pair: (-pair[1], pair[0]))
        missed = ", ".join(f"{kind} ({n:,})" for kind, n in worst)
        said.append(say((f"not {missed}", f"no {missed}")))
    if found["checks"] > 1:
        said.append(say((f"{found['checks']:,} checks", f"{found['checks']:,} comprobaciones")))
    return said


def _named(name: str) -> str:
    """What the report calls `input 0`, in the language."""
    place = name.removeprefix("input ")
    return name if place == name else say((name, f"entrada {place}"))


def show(terminal: pytest.TerminalReporter) -> None:
    """Write the table under the results."""
    reports = [r for group in terminal.stats.values() for r in group if hasattr(r, "when")]
    noted = [
        (r.nodeid, found)
        for r in reports
        if r.when == "call" and isinstance(found := dict(r.user_properties).get(PROPERTY), dict)
    ]
    title = ("planted mistakes that each test catches", "errores plantados que detecta cada prueba")
    terminal.section(f"gradcheck: {say(title)}")
    for line in rows(noted):
        terminal.line(line)
    if not noted:
        terminal.line(say(("no test checked a gradient", "ninguna prueba comprobó un gradiente")))
