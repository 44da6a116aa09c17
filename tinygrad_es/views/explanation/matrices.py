"""A network told in matrices: layers with z, a and δ, and the loss, each as one step.

Weights, biases, z, a and δ get the names of the courses with the number of the layer raised, W²,
z², δ²; or, where the weights are called W1, W2, … by their owner, written behind: z2, δ2. What is
no layer and no loss is told operation by operation.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..notation import LATEX, SUPERSCRIPTS, mathematics
from ..snapshot import Snapshot
from .document import Block, Equation, Formula, Part, Sentence, Side, Step
from .losses import Loss, losses_of
from .narration import Narration
from .network import Layer, agree, layers_of, slope
from .sentences import LAYER, sentence
from .telling import Teller

__all__ = ["Matrices", "called"]

_SYMBOLS = {"sigmoid": ("σ", r"\sigma"), "tanh": ("tanh", r"\tanh"), "other": ("f", "f")}


def called(
    graph: Snapshot, layers: list[Layer], losses: list[Loss]
) -> tuple[dict[int, str], dict[int, str]]:
    """What the nodes of a network are called, and what their gradients are called."""
    own = {i: node.name for i, node in enumerate(graph.nodes) if node.name}
    behind = all(_numbered(own.get(x.weight), k) for k, x in enumerate(layers, 1))
    taken = {name.replace("/", ".") for name in own.values()}
    names: dict[int, str] = {}
    gradients: dict[int, str] = {}

    def give(i: int, letter: str, number: str = "") -> None:
        mine = own.get(i, "")
        if i in names or (mine and (behind or "/" not in mine)):
            return
        name = letter + number
        if name not in taken and name not in names.values():
            names[i] = name

    for k, layer in enumerate(layers, 1):
        number = str(k) if behind else str(k).translate(SUPERSCRIPTS)
        give(layer.weight, "W", number)
        if layer.bias is not None:
            give(layer.bias, "b", number)
        give(layer.z, "z", number)
        if layer.region:
            give(layer.a, "a", number)
        delta = f"δ{number}"
        if delta not in taken:
            gradients[layer.z] = delta
            if layer.product != layer.z:
                gradients[layer.product] = delta
    leaves = [x.source for x in layers if graph.nodes[x.source].op is None]
    if len(set(leaves)) == 1:
        give(leaves[0], "x")
    targets = {loss.target for loss in losses if loss.target is not None}
    if len(targets) == 1 and graph.nodes[min(targets)].op is None:
        give(min(targets), "t")
    roots = [i for i, node in enumerate(graph.nodes) if node.kind == "output"]
    if roots and roots[-1] not in gradients:
        give(roots[-1], "C")
    return names, gradients


def _numbered(name: str | None, k: int) -> bool:
    """Whether a weight is called W1, W2, … by its owner."""
    return bool(name) and "/" not in str(name) and str(name).endswith(str(k))


class Matrices(Narration):
    """Tells layers and losses as one step each."""

    def __init__(self, teller: Teller, layers: list[Layer], losses: list[Loss]) -> None:
        super().__init__(teller)
        self.by_z = {layer.z: (k, layer) for k, layer in enumerate(layers, 1)}
        self.by_a = {x.a: (k, x) for k, x in enumerate(layers, 1) if x.region}
        self.by_top = {loss.nodes[-1]: loss for loss in losses}
        self.inside: set[int] = set()
        for layer in layers:
            self.inside |= {layer.product, *layer.region} - {layer.z, layer.a}
        for loss in losses:
            self.inside |= set(loss.nodes[:-1])

    def is_inside(self, i: int, backward: bool) -> bool:
        return i in self.inside

    # --- forward ---

    def forward_of(self, i: int) -> list[Block]:
        value = self.graph.nodes[i].value
        made = self.made(i)
        sides: list[Side] = [self.teller.name(i), made]
        note = self.teller.shape(value)
        if i in self.by_a:
            layer = self.by_a[i][1]
            symbol = self.applied(layer)
            if layer.kind == "sigmoid" and symbol.text != made.text:
                sides.insert(1, symbol)
        return [self.teller.equation([*sides, self.teller.array(value)], note)]

    def made(self, i: int) -> Formula:
        """How node i was made, with what is inside of it written out."""
        text: dict[int, str] = {}
        latex: dict[int, str] = {}
        for k in sorted(self._within(i)):
            heart = next((x for x in self.by_top.values() if x.heart == k), None)
            spelt = self._spelt(heart) if heart is not None and heart.kind != "squares" else None
            text[k] = spelt.text if spelt else self.teller.story.forward(k, text)
            latex[k] = spelt.latex if spelt else self.teller.latex.forward(k, latex)
        loss = self.by_top.get(i)
        if loss is not None and loss.heart == i and loss.kind != "squares":
            return self._spelt(loss)
        made = self.teller.story.forward(i, text), self.teller.latex.forward(i, latex)
        return Formula(*made)

    def _within(self, i: int) -> set[int]:
        """The nodes told as part of node i."""
        found, open_ = set[int](), [i]
        while open_:
            for edge in self.teller.story.incoming[open_.pop()]:
                if edge.source in self.inside and edge.source not in found:
                    found.add(edge.source)
                    open_.append(edge.source)
        return found

    def _spelt(self, loss: Loss) -> Formula:
        """A fused cross-entropy as its formula."""
        p, t = self._letter("p"), self._target(loss)
        if loss.kind == "sigmoid":
            source = "-t * np.log(p) - (1 - t) * np.log(1 - p)"
            text = mathematics(source, {"p": p.text, "t": t.text})
            return Formula(text, mathematics(source, {"p": p.latex, "t": t.latex}, LATEX))
        mean = self.graph.nodes[loss.heart].options.get("mean")
        rows = np.size(loss.p) // max(np.shape(loss.p)[-1], 1)
        over = (f"/{rows}", rf"\frac{{1}}{{{rows}}} ") if mean and rows > 1 else ("", "")
        text = f"−Σ({t.text} ⊙ ln({p.text})){over[0]}"
        return Formula(text, rf"-{over[1]}\sum {t.latex} \odot \ln\left({p.latex}\right)")

    def _target(self, loss: Loss) -> Formula:
        return self._letter("t") if loss.target is None else self.teller.name(loss.target)

    def _letter(self, letter: str) -> Formula:
        """A letter for what is no node, with a prime where a node has it."""
        taken = letter in self.teller.story.labels
        return Formula(letter + "′" * taken, letter + "'" * taken)

    def applied(self, layer: Layer, mark: str = "") -> Formula:
        """`σ(z¹)`, or with a mark `σ′(z¹)`."""
        z = self.teller.name(layer.z)
        text, latex = _SYMBOLS.get(layer.kind, (layer.kind, rf"\mathrm{{{layer.kind}}}"))
        prime = "'" if mark else ""
        return Formula(f"{text}{mark}({z.text})", rf"{latex}{prime}\left({z.latex}\right)")

    # --- backward ---

    def step_of(self, i: int, number: int) -> list[Block]:
        if i in self.by_top:
            return self._loss(self.by_top[i], number)
        if i in self.by_a:
            return self._activation(*self.by_a[i], number)
        if i in self.by_z:
            return self._layer(*self.by_z[i], number)
        return super().step_of(i, number)

    def begin(self) -> list[Block]:
        say, found = self.teller.say, super().begin()
        if not self.teller.story.gradients:
            return found
        words = say(
            "δ is the gradient with respect to what goes into an activation, ∂C/∂z; its number is "
            "that of the layer. @ is the matrix product, ⊙ multiplies element by element, ᵀ "
            "transposes.",
            "δ es el gradiente respecto de lo que entra en una activación, ∂C/∂z; su número es el "
            "de la capa. @ es el producto de matrices, ⊙ multiplica elemento a elemento, ᵀ "
            "traspone.",
        )
        return [
            *found,
            Sentence((words.replace("∂C", f"∂{self.teller.name(self.teller.root).text}"),)),
        ]

    def _head(self, i: int, number: int, words: str, made: Formula | None = None) -> list[Block]:
        made = self.teller.equal(self.teller.name(i), made or self.made(i))
        once = i in self.by_z and bool(self.by_z[i][1].region)
        arrives = self.teller.arrival(i, once)
        return [
            Step(number, (words, made, ". ", *arrives)),
            *([] if once else self.teller.total(i)),
        ]

    def _loss(self, loss: Loss, number: int) -> list[Block]:
        say, teller = self.teller.say, self.teller
        found = self._head(loss.nodes[-1], number, say("The loss, ", "La pérdida, "))
        if loss.kind == "squares":
            words = say(*LAYER["squares"])
        else:
            words = sentence(self.graph.nodes[loss.heart].op or "", teller.language)
        found.append(Sentence((words,), inside=True))
        p = teller.name(loss.below)
        if loss.kind != "squares":
            function = "σ" if loss.kind == "sigmoid" else "softmax"
            latex = r"\sigma" if loss.kind == "sigmoid" else r"\mathrm{softmax}"
            made = Formula(f"{function}({p.text})", rf"{latex}\left({p.latex}\right)")
            p = self._letter("p")
            found.append(self._inside([p, made, teller.array(loss.p)], loss.p))
            if loss.target is None:
                found.append(self._inside([self._target(loss), teller.array(loss.t)], loss.t))
        g = self.graph.nodes[loss.below].gradient
        factor = self._factor(loss, p, self._target(loss))
        total = teller.both("total", loss.below)
        found.append(
            self._inside([teller.derivative(loss.below), total, factor, teller.array(g)], g)
        )
        return found + self._divided(loss)

    def _inside(self, sides: list[Side], value: Any, note: tuple[Part, ...] = ()) -> Equation:
        return self.teller.equation(sides, (*self.teller.shape(value), *note), inside=True)

    def _factor(self, loss: Loss, p: Formula, t: Formula) -> Formula:
        """factor·(p − t), the factor as 1/n or 2/n where it is one."""
        above = loss.factor * loss.among
        source = "p - t" if abs(above - 1.0) < 1e-6 else "c * (p - t)"
        source = f"({source}) / {loss.among}" if loss.among > 1 else source
        c = self.teller.story.number(above), self.teller.latex.number(above)
        return Formula(
            mathematics(source, {"p": p.text, "t": t.text, "c": c[0]}),
            mathematics(source, {"p": p.latex, "t": t.latex, "c": c[1]}, LATEX),
        )

    def _divided(self, loss: Loss) -> list[Block]:
        """Where the n of a mean comes from."""
        n, shape = loss.among, np.shape(loss.p)
        if n < 2:
            return []
        say = self.teller.say
        if n == shape[0]:
            words = say(
                f"N = {n} samples: the mean divides by N.",
                f"N = {n} muestras: la media divide por N.",
            )
        elif n == np.size(loss.p) and len(shape) == 2:
            words = say(
                f"N = {shape[0]} samples of {shape[1]} outputs: the means divide by "
                f"{shape[0]}·{shape[1]} = {n}.",
                f"N = {shape[0]} muestras de {shape[1]} salidas: las medias dividen por "
                f"{shape[0]}·{shape[1]} = {n}.",
            )
        else:
            words = say(f"The mean divides by {n}.", f"La media divide por {n}.")
        return [Sentence((words,), inside=True)]

    def _activation(self, k: int, layer: Layer, number: int) -> list[Block]:
        """δ = ∂C/∂a ⊙ f′(z)."""
        teller, say, nodes = self.teller, self.teller.say, self.graph.nodes
        words = say(f"Layer {k}, activation ", f"Capa {k}, activación ")
        made = self.applied(layer) if layer.kind == "sigmoid" else None
        found = self._head(layer.a, number, words, made)
        text = {
            "other": say(
                "Elementwise: the gradient that arrives times the derivative of f at z.",
                "Elemento a elemento: el gradiente que llega por la derivada de f en z.",
            )
        }.get(layer.kind, sentence(layer.kind, teller.language))
        found.append(Sentence((text,), inside=True))
        derivative = slope(self.graph, layer.z, layer.region, teller.story.incoming)
        prime = self.applied(layer, "′")
        spelt = self._slope(layer)
        sides: list[Side] = [prime, *([spelt] if spelt else []), teller.array(derivative)]
        found.append(self._inside(sides, derivative))
        delta = nodes[layer.z].gradient
        sides = [teller.derivative(layer.z), teller.both("total", layer.z)]
        sides.append(teller.product(teller.derivative(layer.a), prime, True))
        through = self._through(layer.a)
        if through is not None:
            sides.append(teller.product(through, prime, True))
        found.append(self._inside([*sides, teller.array(delta)], delta))
        return found + self._shortcut(layer, delta)

    def _slope(self, layer: Layer) -> Formula | None:
        """f′(z) by a."""
        source = {"sigmoid": "a * (1.0 - a)", "tanh": "1.0 - a * a"}.get(layer.kind)
        if layer.kind == "relu" and not np.any(np.asarray(self.graph.nodes[layer.z].value) == 0):
            source = "np.where(np.greater(z, 0.0), 1.0, 0.0)"
        if source is None:
            return None
        a, z = self.teller.name(layer.a), self.teller.name(layer.z)
        text = mathematics(source, {"a": a.text, "z": z.text}, arrays="az")
        return Formula(text, mathematics(source, {"a": a.latex, "z": z.latex}, LATEX, "az"))

    def _through(self, a: int) -> Formula | None:
        """(W²)ᵀ @ δ²: where the gradient of `a` came through one layer."""
        edges = self.teller.story.arriving(a)
        if len(edges) != 1:
            return None
        user = edges[0].target
        if user not in {layer.product for _, layer in self.by_z.values()}:
            return None
        terms = zip(self.teller.story.step(user).terms, self.teller.latex.step(user).terms)
        return next((Formula(x.symbols, y.symbols) for x, y in terms if x.source == a), None)

    def _shortcut(self, layer: Layer, delta: Any) -> list[Block]:
        """Where a cross-entropy was written out: what its derivative and that of σ leave, a − t."""
        logs = any(node.op == "log" for node in self.graph.nodes[layer.a :])
        inner = layer.a in {x.source for _, x in self.by_z.values()}
        if layer.kind != "sigmoid" or inner or not logs:
            return []
        a = np.asarray(self.graph.nodes[layer.a].value, dtype=np.float64)
        for i, node in enumerate(self.graph.nodes):
            if node.op is None and node.gradient is None and np.shape(node.value) == a.shape:
                difference = a - np.asarray(node.value)
                if not np.any(difference):
                    continue
                factor = float(np.sum(difference * delta) / np.sum(difference * difference))
                mean = any(abs(factor * n - 1.0) < 1e-5 for n in (1, len(a), a.size))
                if mean and agree(delta, factor * difference):
                    return [self._left(layer, i, factor)]
        return []

    def _left(self, layer: Layer, target: int, factor: float) -> Block:
        p, t = self.teller.name(layer.a), self.teller.name(target)
        loss = Loss((), "", 0, layer.z, target, 0.0, 0.0, factor)
        words = self.teller.say("Multiplied out, σ′ cancels: ", "Al multiplicar, σ′ se cancela: ")
        equal = self.teller.equal(self.teller.derivative(layer.z), self._factor(loss, p, t))
        return Sentence((words, equal, "."), inside=True)

    def _layer(self, k: int, layer: Layer, number: int) -> list[Block]:
        """What the weights, the bias and the input of a layer get from δ."""
        say = self.teller.say
        found = self._head(layer.z, number, say(f"Layer {k}, ", f"Capa {k}, "))
        found.append(Sentence((_words(say, layer, self.graph),), inside=True))
        nodes = [layer.z] if layer.z == layer.product else [layer.z, layer.product]
        terms = {
            (x.source, x.input): self.teller.term(i, x, y)
            for i in nodes
            for x, y in zip(self.teller.story.step(i).terms, self.teller.latex.step(i).terms)
            if x.source != layer.product
        }
        order = {layer.weight: 0, layer.bias: 1, layer.source: 2}
        found += [terms[key] for key in sorted(terms, key=lambda key: order.get(key[0], 3))]
        return found


def _words(say: Any, layer: Layer, graph: Snapshot) -> str:
    """One sentence on a layer: who gets what, of those that get a gradient."""
    side = "columns" if layer.columns else "rows"
    batch = side == "rows" and np.ndim(graph.nodes[layer.z].value) > 1
    clauses = {
        layer.weight: LAYER[f"weight, {side}"],
        layer.bias: LAYER["bias, batch" if batch else "bias"],
        layer.source: LAYER[f"input, {side}"],
    }
    getting = [i for i in clauses if i is not None and graph.nodes[i].gradient is not None]
    text = "; ".join(say(*clauses[i]) for i in getting)
    return text[:1].upper() + text[1:] + "."


def matrices_of(graph: Snapshot, language: str, digits: int, always: bool) -> Matrices | None:
    """The network of a graph; None without a layer or a cross-entropy, or `always` any loss."""
    layers, losses = layers_of(graph), losses_of(graph)
    if not layers and not any(always or loss.kind != "squares" for loss in losses):
        return None
    names, gradients = called(graph, layers, losses)
    return Matrices(Teller(graph, language, digits, names, gradients), layers, losses)
