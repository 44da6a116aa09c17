"""What each operation does with the gradient that arrives, in one sentence, in two languages.

The one place for such sentences: an operation is looked up by the name of its row in the table of
derivatives; one that is not here gets the general sentence, and its rule from the table as always.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from ...languages import Pair, say

__all__ = ["BROADCAST", "CASES", "GENERAL", "LAYER", "SENTENCES", "case_of", "sentence"]


GENERAL: Pair = (
    "The gradient that arrives is multiplied by the local derivative.",
    "El gradiente que llega se multiplica por la derivada local.",
)
BROADCAST: Pair = (
    "What broadcasting repeated along an axis gets the sum over that axis.",
    "Lo que el broadcasting repitió a lo largo de un eje recibe la suma sobre ese eje.",
)
_SHARED: Pair = (
    "The gradient goes back the way the numbers came: nothing is computed, only moved.",
    "El gradiente vuelve por donde vinieron los números: no se calcula nada, solo se recoloca.",
)
_FLAT: Pair = (
    "The result is constant in steps, so its derivative is 0 and nothing passes.",
    "El resultado es constante a tramos, así que su derivada es 0 y no pasa nada.",
)
_LARGEST: Pair = (
    "The larger one gets it all, the other one 0; at a tie each gets half.",
    "El mayor se lo lleva todo y el otro, 0; si empatan, la mitad cada uno.",
)
_CROSS_ENTROPY: Pair = (
    "Softmax and cross-entropy together leave the simplest of derivatives, p − t: the "
    "probabilities minus the targets.",
    "Softmax y entropía cruzada juntas dejan la derivada más sencilla, p − t: las probabilidades "
    "menos los objetivos.",
)

LAYER: dict[str, Pair] = {
    "weight, columns": (
        "the weights get δ times the layer's input, transposed",
        "los pesos reciben δ por la entrada de la capa, traspuesta",
    ),
    "weight, rows": (
        "the weights get the layer's input, transposed, times δ",
        "los pesos reciben la entrada de la capa, traspuesta, por δ",
    ),
    "bias": ("the bias gets δ", "el sesgo recibe δ"),
    "bias, batch": (
        "the bias was added to every row, so its gradient is the sum over the batch",
        "el sesgo se sumó a cada fila, así que su gradiente es la suma sobre el lote",
    ),
    "input, columns": (
        "the input gets the transposed weights times δ",
        "la entrada recibe los pesos traspuestos por δ",
    ),
    "input, rows": (
        "the input gets δ times the transposed weights",
        "la entrada recibe δ por los pesos traspuestos",
    ),
    "squares": (
        "The derivative of a squared difference is twice the difference; the factor in front "
        "remains.",
        "La derivada del cuadrado de una diferencia es el doble de la diferencia; el factor de "
        "delante permanece.",
    ),
}
"""What a layer and a squared loss do, where they are told as one."""

SENTENCES: dict[str, Pair] = {
    # --- arithmetic
    "add": (
        "A sum hands its gradient to each term unchanged.",
        "La suma entrega su gradiente a cada sumando sin cambiarlo.",
    ),
    "subtract": (
        "A difference hands its gradient to the first term unchanged, to the second with the "
        "opposite sign.",
        "La resta entrega su gradiente al primer término sin cambiarlo y al segundo, con el signo "
        "contrario.",
    ),
    "multiply": (
        "The product passes the gradient on crosswise: each factor gets it times the other one.",
        "El producto reparte el gradiente en cruz: cada factor lo recibe multiplicado por el otro.",
    ),
    "divide": (
        "The numerator gets the gradient divided by the denominator; the denominator gets it "
        "times −quotient/denominator.",
        "El numerador recibe el gradiente dividido por el denominador; el denominador, "
        "multiplicado por −cociente/denominador.",
    ),
    "negative": (
        "The sign changes, and so does the gradient's.",
        "Cambia el signo, y también el del gradiente.",
    ),
    "power": (
        "The exponent comes down as a factor, and the power goes down by one.",
        "El exponente baja multiplicando y la potencia baja en uno.",
    ),
    "square": (
        "The derivative of a square is twice what was squared.",
        "La derivada de un cuadrado es el doble de lo que se elevó.",
    ),
    "reciprocal": (
        "The derivative of 1/x is −1/x², minus the square of the result.",
        "La derivada de 1/x es −1/x², menos el cuadrado del resultado.",
    ),
    "abs": (
        "The absolute value passes the gradient on with the sign of its input.",
        "El valor absoluto deja pasar el gradiente con el signo de su entrada.",
    ),
    "maximum": _LARGEST,
    "minimum": (
        "The smaller one gets it all, the other one 0; at a tie each gets half.",
        "El menor se lo lleva todo y el otro, 0; si empatan, la mitad cada uno.",
    ),
    "where": (
        "The gradient goes to the branch that was taken; the other one gets 0.",
        "El gradiente va a la rama que se tomó; la otra recibe 0.",
    ),
    "clip": (
        "Inside the limits the gradient passes unchanged; outside nothing passes.",
        "Dentro de los límites el gradiente pasa sin cambios; fuera no pasa nada.",
    ),
    **dict.fromkeys(["floor_divide", "floor", "ceil", "round", "sign"], _FLAT),
    # --- exponentials and their like
    "exp": (
        "The exponential is its own derivative: the gradient times the result.",
        "La exponencial es su propia derivada: el gradiente por el resultado.",
    ),
    "log": (
        "The derivative of the logarithm is 1/x: the gradient divided by its input.",
        "La derivada del logaritmo es 1/x: el gradiente dividido por su entrada.",
    ),
    "sqrt": (
        "The derivative of the root is one over twice the root.",
        "La derivada de la raíz es uno partido por el doble de la raíz.",
    ),
    "sin": ("The derivative of the sine is the cosine.", "La derivada del seno es el coseno."),
    "cos": (
        "The derivative of the cosine is minus the sine.",
        "La derivada del coseno es menos el seno.",
    ),
    "tan": (
        "The derivative of the tangent is one plus its square.",
        "La derivada de la tangente es uno más su cuadrado.",
    ),
    "sinh": (
        "The derivative of the hyperbolic sine is the hyperbolic cosine.",
        "La derivada del seno hiperbólico es el coseno hiperbólico.",
    ),
    "cosh": (
        "The derivative of the hyperbolic cosine is the hyperbolic sine.",
        "La derivada del coseno hiperbólico es el seno hiperbólico.",
    ),
    "log1p": (
        "The derivative of ln(1 + x) is 1/(1 + x).",
        "La derivada de ln(1 + x) es 1/(1 + x).",
    ),
    "expm1": (
        "The derivative of eˣ − 1 is eˣ: its result plus one.",
        "La derivada de eˣ − 1 es eˣ: su resultado más uno.",
    ),
    "softplus": (
        "The derivative of softplus is the sigmoid.",
        "La derivada de softplus es la sigmoide.",
    ),
    "erf": (
        "The derivative of the error function is the bell curve.",
        "La derivada de la función error es la campana de Gauss.",
    ),
    # --- activations
    "sigmoid": (
        "The derivative of the sigmoid is σ·(1 − σ), from its own result: never more than ¼.",
        "La derivada de la sigmoide es σ·(1 − σ), de su propio resultado: nunca pasa de ¼.",
    ),
    "tanh": (
        "The derivative of the hyperbolic tangent is 1 − y², from its own result.",
        "La derivada de la tangente hiperbólica es 1 − y², de su propio resultado.",
    ),
    "relu": (
        "ReLU lets the gradient through where its input is positive, and stops it elsewhere.",
        "ReLU deja pasar el gradiente donde su entrada es positiva y lo corta donde no.",
    ),
    "softmax": (
        "Each probability depends on all inputs: from the gradient its mean, weighted by the "
        "probabilities, is subtracted, and the rest is multiplied by the probability.",
        "Cada probabilidad depende de todas las entradas: al gradiente se le resta su media, "
        "ponderada por las probabilidades, y el resto se multiplica por la probabilidad.",
    ),
    # --- losses
    "softmax_cross_entropy": _CROSS_ENTROPY,
    "sparse_softmax_cross_entropy": _CROSS_ENTROPY,
    "sigmoid_cross_entropy": (
        "Sigmoid and cross-entropy together leave the simplest of derivatives, p − t: the factor "
        "σ′ cancels.",
        "Sigmoide y entropía cruzada juntas dejan la derivada más sencilla, p − t: el factor σ′ se "
        "cancela.",
    ),
    # --- matrices
    "matmul": (
        "The matrix product: each factor gets the gradient times the other factor, transposed, on "
        "the side where the other one stood.",
        "El producto de matrices: cada factor recibe el gradiente por el otro factor traspuesto, "
        "en el lado en que estaba el otro.",
    ),
    "linear": (
        "A matrix product and a bias: input and weights get the gradient times the other one, "
        "transposed; the bias was added to every row, so its gradient is the sum over the batch.",
        "Un producto de matrices y un sesgo: la entrada y los pesos reciben el gradiente por el "
        "otro factor traspuesto; el sesgo se sumó a cada fila, así que su gradiente es la suma "
        "sobre el lote.",
    ),
    "einsum": (
        "Each factor gets the gradient multiplied by the others, summed over the letters it does "
        "not have.",
        "Cada factor recibe el gradiente multiplicado por los demás, sumado sobre las letras que "
        "no tiene.",
    ),
    "inv": (
        "The derivative of the inverse: minus the transposed inverse on both sides.",
        "La derivada de la inversa: menos la inversa traspuesta por ambos lados.",
    ),
    "det": (
        "The derivative of the determinant is the determinant times the transposed inverse.",
        "La derivada del determinante es el determinante por la inversa traspuesta.",
    ),
    # --- reductions
    "sum": (
        "A sum hands its gradient to each element it added, the same for all.",
        "La suma entrega su gradiente a cada elemento que sumó, el mismo para todos.",
    ),
    "mean": (
        "A mean hands its gradient to each element in equal parts: divided by how many there are.",
        "La media reparte su gradiente a partes iguales: dividido por el número de elementos.",
    ),
    "amax": (
        "The largest one gets it all, the others 0; those that tie share it.",
        "El mayor se lo lleva todo y los demás, 0; los que empatan se lo reparten.",
    ),
    "amin": (
        "The smallest one gets it all, the others 0; those that tie share it.",
        "El menor se lo lleva todo y los demás, 0; los que empatan se lo reparten.",
    ),
    "max_pool": (
        "The largest one of each window gets it all, the others 0.",
        "El mayor de cada ventana se lo lleva todo y los demás, 0.",
    ),
    "prod": (
        "Each factor gets the gradient times the product of all the others.",
        "Cada factor recibe el gradiente por el producto de todos los demás.",
    ),
    "logsumexp": (
        "The gradient of log Σ exp is the softmax of its inputs.",
        "El gradiente de log Σ exp es la softmax de sus entradas.",
    ),
    "cumsum": (
        "Each element went into all later sums: it gets the sum of their gradients.",
        "Cada elemento entró en todas las sumas siguientes: recibe la suma de sus gradientes.",
    ),
    "norm2": (
        "The gradient of the length of a vector is the vector divided by its length.",
        "El gradiente de la longitud de un vector es el vector dividido por su longitud.",
    ),
    "conv": (
        "Each window of the input was multiplied by the kernel: the kernel's gradient sums over "
        "all windows, and each input adds what its windows send back.",
        "Cada ventana de la entrada se multiplicó por el núcleo: el gradiente del núcleo suma "
        "sobre todas las ventanas, y cada entrada suma lo que le devuelven las suyas.",
    ),
    # --- shapes
    **dict.fromkeys(
        ["reshape", "transpose", "flip", "concatenate", "astype", "clone", "fold"],
        _SHARED,
    ),
    "windows": (
        "An element that stands in several windows gets the sum of what they send back.",
        "Un elemento que está en varias ventanas recibe la suma de lo que estas le devuelven.",
    ),
    "broadcast_to": BROADCAST,
    "sum_to": (
        "What was summed over an axis gets the same gradient all along it.",
        "Lo que se sumó sobre un eje recibe el mismo gradiente a lo largo de él.",
    ),
    "getitem": (
        "The elements that were read get the gradient, all others 0.",
        "Los elementos leídos reciben el gradiente y todos los demás, 0.",
    ),
    "setitem": (
        "What was written gets the gradient of its places; what it replaced gets 0 there.",
        "Lo que se escribió recibe el gradiente de sus lugares; lo que sustituyó recibe 0 ahí.",
    ),
    "scatter_add": (
        "Each value gets the gradient of the place it was added to.",
        "Cada valor recibe el gradiente del lugar al que se sumó.",
    ),
    **dict.fromkeys(
        ["tril", "triu"],
        (
            "The triangle that was kept gets the gradient, the rest 0.",
            "El triángulo que se conservó recibe el gradiente y el resto, 0.",
        ),
    ),
}


# what is told instead, where the sentence above would not be true of this very operation
CASES: dict[str, Pair] = {
    "power, exponent": (
        "The derivative in the exponent is the power itself times the logarithm of its base.",
        "La derivada respecto al exponente es la propia potencia por el logaritmo de su base.",
    ),
    "power, both": (
        "For the base the exponent comes down as a factor, and the power goes down by one; the "
        "exponent gets the power itself times the logarithm of the base.",
        "Para la base, el exponente baja multiplicando y la potencia baja en uno; el exponente "
        "recibe la propia potencia por el logaritmo de la base.",
    ),
    "linear, vector": (
        "A matrix product and a bias: input and weights get the gradient times the other one, "
        "transposed; the bias gets it unchanged.",
        "Un producto de matrices y un sesgo: la entrada y los pesos reciben el gradiente por el "
        "otro factor traspuesto; el sesgo lo recibe sin cambiarlo.",
    ),
    "softmax_cross_entropy, sums": (
        "Softmax and cross-entropy together: the probabilities times the sum of the targets, minus "
        "the targets; with targets that sum to 1 it would be p − t.",
        "Softmax y entropía cruzada juntas: las probabilidades por la suma de los objetivos, menos "
        "los objetivos; con objetivos que sumen 1 sería p − t.",
    ),
}


def case_of(name: str, values: Mapping[str, Any], receivers: Collection[str]) -> str:
    """The key of an operation's sentence, which may depend on its inputs and on who receives.

    >>> case_of("power", {"a": 2.0, "b": 3.0}, ["a"]), case_of("power", {"a": 2.0, "b": 3.0}, "b")
    ('power', 'power, exponent')
    """
    if name == "power" and "b" in receivers:
        return "power, both" if "a" in receivers else "power, exponent"
    if name == "linear" and np.ndim(values["x"]) == 1:
        return "linear, vector"
    if name == "softmax_cross_entropy":
        ones = np.allclose(np.sum(values["targets"], axis=-1), 1.0, rtol=1e-6)
        return name if ones else "softmax_cross_entropy, sums"
    return name


def sentence(name: str, language: str) -> str:
    """The sentence of an operation.

    >>> sentence("add", "es")
    'La suma entrega su gradiente a cada sumando sin cambiarlo.'
    >>> sentence("arctan", "en")
    'The gradient that arrives is multiplied by the local derivative.'
    """
    return say((SENTENCES | CASES).get(name, GENERAL), language)
