"""What a student is told of a wrong backward pass: where, what kind, how to mend; no numbers.

`Hints` has the verdicts and sentences only. Neither the reference gradients nor how far the
student's are from them is in it: not in its text, its data, its attributes, its drawing.
"""

from __future__ import annotations

import json
from typing import Any

from ..autodiff.errors import describe
from ..languages import Pair, say
from ..views.drawing import Drawing, GraphDrawing, draw
from .backprop_report import BackpropReport, as_data, as_text, first_line, others, shown
from .notebook import as_html
from .withheld import emptied, without_reference

__all__ = ["Hints", "level_of"]

KINDS: dict[str, Pair] = {
    "G01": (
        "look at the shapes: something is transposed.",
        "mira las formas: algo está traspuesto.",
    ),
    "G02": (
        "look at the shapes: what was broadcast forward is summed backward, and only that.",
        "mira las formas: lo que se extendió hacia delante se suma hacia atrás, y solo eso.",
    ),
    "G03": (
        "a constant is wrong: a sign, a factor 2, a division by the number of examples.",
        "una constante está mal: un signo, un factor 2, una división entre el número de ejemplos.",
    ),
    "G04": (
        "the chain rule multiplies: one factor is missing, or one too many.",
        "la regla de la cadena multiplica: falta un factor, o sobra uno.",
    ),
    "G05": (
        "the local derivative is not that of this function, or is taken at another value.",
        "la derivada local no es la de esta función, o se toma en otro valor.",
    ),
    "G06": ("a term is missing, or one too many.", "falta un término, o sobra uno."),
    "G07": (
        "it is used more than once going forward: backward, the contributions add up.",
        "se usa más de una vez hacia delante: hacia atrás, las contribuciones se suman.",
    ),
    "G08": (
        "something from the step before is still in it.",
        "todavía contiene algo del paso anterior.",
    ),
    "G09": (
        "the numbers are there, in the wrong places: look at the order of rows, columns, labels.",
        "los números están, pero mal colocados: mira el orden de filas, columnas, etiquetas.",
    ),
    "G10": (
        "print it: it is 0, not finite, or was not computed anew.",
        "imprímelo: es 0, no es finito, o no se ha vuelto a calcular.",
    ),
    "G11": (
        "what it is divided by depends on the input as well.",
        "aquello entre lo que se divide también depende de la entrada.",
    ),
    "G12": (
        "the formula has the right form; one of the values in it is another one's.",
        "la fórmula tiene la forma correcta; uno de sus valores es el de otra variable.",
    ),
    "G99": (
        "no usual mistake: derive this one again, on its own, from what arrives at it.",
        "no es un error habitual: vuelve a derivar solo este, a partir de lo que le llega.",
    ),
}

MORE: tuple[Pair, ...] = (
    ("student=2 says what kind of mistake it is.", "student=2 dice qué tipo de error es."),
    ("student=3 says how to mend it.", "student=3 dice cómo arreglarlo."),
)


def level_of(student: Any) -> int:
    """How much is told: 0 everything, 1 where, 2 what kind, 3 how to mend."""
    if isinstance(student, (bool, int)) and student in (0, 1, 2, 3):
        return int(student)
    raise ValueError(
        "student: expected 1 (where the mistake is), 2 (what kind), 3 (how to mend it), or 0 "
        f"(everything, the reference too). Received: {describe(student)}."
    )


class Hints:
    """What `check_backprop(…, student=1)` gives: the verdicts, and hints up to that level.

    It is true when all is right. `str` is the message.

    Attributes:
        ok, culprit, later, given, verdicts, missing, marks, points, score, of: as of a
            `BackpropReport`.
        level: 1 where the first mistake is, 2 what kind it is too, 3 how to mend it too.
    """

    def __init__(self, report: BackpropReport, level: int) -> None:
        self.level = level
        self.ok, self.culprit, self.later = report.ok, report.culprit, report.later
        self.verdicts, self.missing, self.notes = report.verdicts, report.missing, report.notes
        self.given = report.given
        self.marks, self.points = report.marks, report.points
        self.score, self.of, self.graded = report.score, report.of, report.graded
        ties = report.diagnoses[:3]
        self._kind = [KINDS[d.code] for d in ties[:1] if level > 1]
        self._mend = [d.hint for d in ties if level > 2 and d.hint is not None]
        root, by_hand, tensors, gradient = report.subject()
        names = {node.index: name for name, node in tensors.items()}
        root = without_reference(root, by_hand, self.verdicts, names)
        self._drawn = root, by_hand, tensors, gradient

    def __bool__(self) -> bool:
        return self.ok

    def text(self, language: str | None = None) -> str:
        """The message: at most 12 lines."""
        lines = [first_line(self, language)]
        if self.culprit is not None:
            lines += [f"  {say(pair, language)}" for pair in self._kind]
            lines += [f"  → {say(pair, language)}" for pair in self._mend]
        lines += others(self, language)
        if self.culprit is not None and self.level < 3:
            lines.append(say(MORE[self.level - 1], language))
        return as_text(lines, self, language)

    def __str__(self) -> str:
        return self.text()

    __repr__ = __str__

    def to_dict(self) -> dict[str, Any]:
        """The hints as plain data."""
        told = [{"en": en, "es": es} for en, es in (*self._kind, *self._mend)]
        return {**as_data(self), "level": self.level, "hints": told}

    def json(self) -> str:
        """The hints as JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=2)

    def _repr_html_(self) -> str:
        return as_html(self.text(), self.ok, shown(self))

    def graph(self, **options: Any) -> Drawing:
        """The forward pass, what is right in green, wrong in red, carried on in amber.

        The student's gradients stand in it, and no others. `options` are those of `draw`.
        """
        with emptied():
            return self._picture(options)

    def _picture(self, options: dict[str, Any]) -> Drawing:
        root, by_hand, tensors, gradient = self._drawn
        options = {"names": tensors, **options, "direction": "forward", "flags": False, "order": 0}
        picture = draw(root, by_hand=by_hand, gradient=gradient, **options)
        assert isinstance(picture, GraphDrawing)
        return picture.without_gradients()
