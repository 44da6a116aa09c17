"""What `check_gradients` found, as data and as a message of at most twelve lines."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..languages import Pair, say
from .notebook import as_html

__all__ = ["Entry", "GradientCheck", "Mismatch"]

WORST = 6  # entries that a message lists


class Mismatch(NamedTuple):
    """One entry whose automatic and numerical derivative differ."""

    input: int
    at: tuple[int, ...]
    automatic: float
    numerical: float
    name: str = ""


class Entry(NamedTuple):
    """One entry that was looked at.

    The verdict is right, wrong, inconclusive, kink (one of the subgradients, accepted), skipped (a
    kink too near to say), or zero (within rounding, like the whole input).
    """

    input: int
    at: tuple[int, ...]
    automatic: float
    numerical: float
    error: float
    verdict: str


class GradientCheck:
    """What `check_gradients` found. It is true when nothing is wrong; `str` is the message.

    Attributes:
        verdict: `"right"`, `"wrong"`, `"vacuous"` (the test could not fail: all derivatives are
            zero within rounding), `"random"` (two runs differ) or `"inconclusive"`.
        entries: how many entries were compared, of `total`; `table` has them one by one.
        projections: how many directions through whole inputs were compared as well.
        mismatches: the wrong entries; problems: what is wrong with the structure, a line each.
        inconclusive, skipped, kinks: how many entries; kinks were accepted as subgradients.
        vacuous: the names of inputs all of whose derivatives are zero.
        power: with `power=True`, for each kind of mutant (caught, tried).
        second: the report on the second derivatives, None where they were not looked at.
    """

    def __init__(self, order: int = 1) -> None:
        self.order = order
        self.table: list[Entry] = []
        self.total = 0
        self.projections = 0
        self.evaluations = 0
        self.verdict = "right"
        self.largest_error = 0.0
        self.mismatches: list[Mismatch] = []
        self.problems: list[str] = []
        self.notes: list[Pair] = []
        self.vacuous: list[str] = []
        self.unsure = 0  # projections that decided nothing
        self.power: dict[str, tuple[int, int]] = {}
        self.opinions: dict[str, float] = {}
        self.second: GradientCheck | None = None

    @property
    def ok(self) -> bool:
        """Whether everything that was looked at agrees, and the test could have failed."""
        return self.verdict == "right"

    @property
    def entries(self) -> int:
        """How many entries were compared."""
        return len(self.table)

    def count(self, verdict: str) -> int:
        """How many entries have this verdict."""
        return sum(entry.verdict == verdict for entry in self.table)

    @property
    def inconclusive(self) -> int:
        """Entries where the differences are too rough to say."""
        return self.count("inconclusive")

    @property
    def skipped(self) -> int:
        """Entries too near to a kink."""
        return self.count("skipped")

    @property
    def kinks(self) -> int:
        """Entries on a kink, where any subgradient is right."""
        return self.count("kink")

    def __bool__(self) -> bool:
        return self.ok

    def text(self, language: str | None = None) -> str:
        """The message, in English or Spanish."""
        lines = [self._head(language)]
        worst = sorted(self.mismatches, key=lambda m: -_gap(m))
        for m in worst[:WORST]:
            at = list(m.at)
            lines.append(
                f"  {_named(m.name or f'input {m.input}', language)}{at}: "
                + say(("automatic", "automática"), language)
                + f" {m.automatic:.10g}, "
                + say(("numerical", "numérica"), language)
                + f" {m.numerical:.10g}"
            )
        lines += [f"  {line}" for line in self.problems[:2]]
        lines += [f"  {say(note, language)}" for note in self._remarks()[:3]]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return as_html(self._shown().text(), self.ok)

    def _head(self, language: str | None) -> str:
        n = self.entries
        kind = ("gradient", "gradiente") if self.order == 1 else _SECOND
        many = f"{n:,}"
        if n != self.total:
            many += say((f" of {self.total:,}", f" de {self.total:,}"), language)
        noun = say(("entry", "componente") if n == 1 else ("entries", "componentes"), language)
        more = ""
        if self.projections:
            p = self.projections
            more = say((f" and {p} projections", f" y {p} proyecciones"), language)
        error = say(("largest relative error", "mayor error relativo"), language)
        wrong = len(self.mismatches)
        result = {
            "right": ("ok", "bien"),
            "wrong": (f"{wrong or ''} WRONG".strip(), f"{wrong or ''} MAL".strip()),
            "vacuous": ("VACUOUS, nothing was tested", "VACÍA, no se ha comprobado nada"),
            "random": ("RANDOM, two runs differ", "AL AZAR, dos ejecuciones difieren"),
            "inconclusive": ("INCONCLUSIVE", "NO CONCLUYENTE"),
        }[self.verdict]
        head = f"{say(kind, language)}: {many} {noun}{more}"
        if self.verdict in ("right", "wrong"):
            head += f", {error} {self.largest_error:.1e}"
        return f"{head}: {say(result, language)}"

    def _remarks(self) -> list[Pair]:
        found = list(self.notes)
        if self.power:
            caught = sum(c for c, _ in self.power.values())
            tried = sum(t for _, t in self.power.values())
            missed = [k for k, (c, t) in self.power.items() if c < t]
            rest = f": not {', '.join(missed)}" if missed else ""
            resto = f": no {', '.join(missed)}" if missed else ""
            found.append((
                f"power: this test catches {caught} of {tried} planted mistakes{rest}",
                f"potencia: esta prueba detecta {caught} de {tried} errores plantados{resto}",
            ))  # fmt: skip
        if self.unsure:
            found.append((
                f"{self.unsure} projections inconclusive or at kinks",
                f"{self.unsure} proyecciones no concluyentes o en puntos angulosos",
            ))  # fmt: skip
        if self.inconclusive or self.skipped:
            found.append((
                f"{self.inconclusive} inconclusive, {self.skipped} skipped at kinks",
                f"{self.inconclusive} no concluyentes, {self.skipped} omitidas en puntos angulosos",
            ))  # fmt: skip
        return found

    def _shown(self) -> GradientCheck:
        """The report to tell: that of the second derivatives where only they are wrong."""
        if not self.mismatches and self.second is not None and self.second.verdict == "wrong":
            return self.second
        return self

    def __str__(self) -> str:
        return self._shown().text()

    __repr__ = __str__


_SECOND = ("second derivative", "segunda derivada")


def _gap(m: Mismatch) -> float:
    gap = abs(m.automatic - m.numerical)
    return gap if gap == gap else float("inf")


def _named(name: str, language: str | None) -> Any:
    place = name.removeprefix("input ")
    return name if place == name else say((name, f"entrada {place}"), language)
