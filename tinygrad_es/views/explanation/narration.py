"""The order of what is told: every operation forward, then every step backward, then the gradients.

`Narration` tells one operation after the other. `Matrices`, in `matrices`, tells layers and losses
as one step each, and leaves the rest to it.
"""

from __future__ import annotations

import numpy as np

from .document import Block, Section, Sentence, array_text
from .telling import Teller

__all__ = ["Narration"]


class Narration:
    """Tells the operations of a graph one by one."""

    def __init__(self, teller: Teller) -> None:
        self.teller = teller
        self.graph = teller.graph
        self.told: list[int] = []  # the steps of the backward pass that were told

    # --- what is told of one node; others may tell several as one ---

    def forward_of(self, i: int) -> list[Block]:
        """The forward pass of node i."""
        return [self.teller.forward(i)]

    def step_of(self, i: int, number: int) -> list[Block]:
        """The step back over operation i."""
        return self.teller.step(i, number)

    def begin(self) -> list[Block]:
        """Before the first step."""
        if self.graph.detailed:
            return [self.teller.begin()]
        words = self.teller.say(
            "This graph is so large that only the gradients are shown, not what sends them.",
            "Este grafo es tan grande que solo se muestran los gradientes, no de dónde vienen.",
        )
        return [self.teller.begin(), Sentence((words,))]

    def is_inside(self, i: int, backward: bool) -> bool:
        """Whether node i is told as part of another one."""
        return False

    # --- the whole ---

    def forward(self, limit: int | None) -> list[Block]:
        """Inputs, then operations."""
        say = self.teller.say
        nodes = [
            i
            for i, node in enumerate(self.graph.nodes)
            if (node.op is not None or node.kind == "run") and not self.is_inside(i, False)
        ]
        first, count, last = _ends(nodes, limit)
        found: list[Block] = [Section(say("Forward pass", "Pasada hacia delante"))]
        found += self.teller.inputs(limit)
        for i in first:
            found += self.forward_of(i)
        if count:
            found.append(Sentence((self.teller.left_out(count),)))
        for i in last:
            found += self.forward_of(i)
        return found

    def backward(self, limit: int | None) -> list[Block]:
        """Steps from the end to the beginning, and the gradients; or why there are none."""
        why = self._why_not()
        found: list[Block] = [Section(self.teller.say("Backward pass", "Pasada hacia atrás"))]
        if why:
            return [*found, Sentence((why,))]
        found += self.begin()
        nodes = self.graph.nodes
        steps = [
            i
            for i in reversed(range(len(nodes)))
            if nodes[i].gradient is not None
            and (nodes[i].op is not None or len(self.teller.story.arriving(i)) > 1)
            and not self.is_inside(i, True)
        ]
        first, count, last = _ends(steps, limit)
        number = 0
        for part, skipped in ((first, count), (last, 0)):
            for i in part:
                number += nodes[i].op is not None
                found += self._back(i, number)
            if skipped:
                found.append(Sentence((self.teller.left_out(skipped),)))
                number += skipped
        return found + self.teller.summary(limit)

    def _back(self, i: int, number: int) -> list[Block]:
        if self.graph.nodes[i].op is None:
            return self.teller.leaf_sum(i)
        self.told.append(i)
        return self.step_of(i, number)

    def _why_not(self) -> str:
        """Why there is no gradient; nothing if there is one."""
        root, say = self.graph.nodes[self.teller.root], self.teller.say
        if root.gradient is not None:
            return ""
        if np.ndim(root.value) and np.size(root.value) != 1 and self._is_tracked():
            shape = np.shape(root.value)
            return say(
                f"The result has shape {shape}, and a gradient is that of one number: take the "
                "sum or the mean first, or say what arrives with explain(…, gradient=…).",
                f"El resultado tiene forma {shape}, y el gradiente es el de un solo número: toma "
                "antes la suma o la media, o di qué gradiente llega con explain(…, gradient=…).",
            )
        value = array_text(self.teller.array(root.value))
        return say(
            f"No gradient: this result, {value}, depends on no Tensor with requires_grad=True, so "
            "nothing was recorded and there is nothing to go back over.",
            f"No hay gradiente: este resultado, {value}, no depende de ningún Tensor con "
            "requires_grad=True, así que no se registró nada y no hay camino que recorrer hacia "
            "atrás.",
        )

    def _is_tracked(self) -> bool:
        root = self.graph.nodes[self.teller.root]
        return root.op is not None or root.kind == "parameter"


def _ends(nodes: list[int], limit: int | None) -> tuple[list[int], int, list[int]]:
    """The first and the last of many, and how many lie between."""
    if limit is None or len(nodes) <= limit:
        return nodes, 0, []
    first = (limit + 1) // 2
    last = limit - first
    return nodes[:first], len(nodes) - limit, nodes[len(nodes) - last :]
