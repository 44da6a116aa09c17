"""The checker's errors as a terminal tells them, in English and in Spanish.

Errors are English and speak of Python calls; who runs `check FILE` writes a file, and may have
asked for Spanish. What a file itself raises stays as it is.

>>> in_both("loss: expected a function of the output. Received: int 3.")[1]
'loss: se esperaba una función de la salida. Se ha recibido: int 3.'
"""

from __future__ import annotations

import re

from ..languages import Pair

__all__ = ["SAID", "in_both"]

SAID: tuple[tuple[str, str | None, str], ...] = (
    # pattern of the error, what is told instead (None: the error), the same in Spanish
    (
        r"no value for (.+)\. Define it at .* inputs = \{'(.+?)': …\}, or give --inputs .*",
        None,
        "falta un valor para {0}. Defínelo en el archivo, fuera de toda función, o en inputs = "
        "{{'{1}': …}}, o dalo con --inputs ARCHIVO.npz.",
    ),
    (
        r"check_backprop: forward ends in shape (.+), not in one number, and .*",
        "forward ends in shape {0}, not in one number, and backward takes no gradient that arrives "
        "there. Define in the file the loss that backward differentiates, for example "
        "def loss(y, t): return 0.5 * np.sum((y - t) ** 2).",
        "forward termina en forma {0}, no en un solo número, y backward no recibe ningún gradiente "
        "que llegue ahí. Define en el archivo la pérdida que backward deriva, por ejemplo "
        "def loss(y, t): return 0.5 * np.sum((y - t) ** 2).",
    ),
    (
        r"check_backprop: forward takes (.+)\. Expected a value for each, .* Received: (.+)\.",
        None,
        "forward recibe {0}. Se esperaba un valor para cada uno. Se ha recibido: {1}.",
    ),
    (
        r"check_backprop: cannot tell what backward is called with\. .* Received: (.+); not known: "
        r"(.+); known: (.+)\.",
        None,
        "no se sabe con qué llamar a backward. Se esperaban las entradas de forward, (gradiente, "
        "cache) con un gradiente de cada resultado, o argumentos con los nombres de las entradas o "
        "variables de forward. Se ha recibido: {0}; desconocidos: {1}; conocidos: {2}.",
    ),
    (
        r"check_backprop: backward gives (None|Ellipsis) for (.+)\. Expected .*",
        None,
        "backward da {0} para {1}. Se esperaba un array; ¿falta por escribir?",
    ),
    (
        r"check_backprop: cannot tell whose gradients backward returns(?: for .+?)?\. Expected "
        r"a dict .* in order \((.*)\)\. Received: (.+); nodes: (.*)\.",
        None,
        "no se sabe de quién son los gradientes que devuelve backward. Se esperaba un "
        "diccionario como {{'W1': dW1}}, variables llamadas dW1, …, o un gradiente por cada "
        "entrada, en orden ({0}). Se ha recibido: {1}; nodos: {2}.",
    ),
    (
        r"check_backprop: expected of backward one gradient for each input of forward \((.*)\), "
        r"None for what has none\. Received: (.+)\.",
        None,
        "se esperaba de backward un gradiente por cada entrada de forward ({0}), None donde no lo "
        "hay. Se ha recibido: {1}.",
    ),
    (
        r"check_backprop: backward returned no gradient, and none was kept as self\.dW\. Received: "
        r"(.+); nodes: (.*)\.",
        None,
        "backward no ha devuelto ningún gradiente ni ha guardado ninguno como self.dW. Se ha "
        "recibido: {0}; nodos: {1}.",
    ),
    (
        r"check_backprop: forward could not run on Tensors \((.*)\), so gradients of its inputs "
        r"alone can be compared\. Expected one of (.*)\. Received: (.*)\.",
        None,
        "forward no pudo ejecutarse con tensores ({0}), así que solo se pueden comparar los "
        "gradientes de sus entradas. Se esperaba alguno de {1}. Se ha recibido: {2}.",
    ),
    (
        r"check_backprop: forward gives another result at every call\. .*",
        None,
        "forward da un resultado distinto en cada llamada. Se esperaban siempre los mismos números "
        "al azar: fija la semilla del generador dentro de forward, o pásalo como argumento.",
    ),
    (
        r"check_backprop: forward returned nothing that depends on its inputs\. Received: (.+), "
        r"the same .*",
        None,
        "forward no ha devuelto nada que dependa de sus entradas. Se ha recibido: {0}, lo mismo "
        "después de mover las entradas.",
    ),
    (
        r"check_backprop: (.+) is a ragged list: (.+)\. Expected rows of one length\.",
        None,
        "{0} es una lista irregular: {1}. Se esperaban filas de la misma longitud.",
    ),
    (
        r"loss: expected a function of the output\. Received: (.+)\.",
        None,
        "loss: se esperaba una función de la salida. Se ha recibido: {0}.",
    ),
    (
        r"loss: expected a function to one number\. Received: (.+)\.",
        None,
        "loss: se esperaba una función que dé un solo número. Se ha recibido: {0}.",
    ),
    (
        r"rubric: no node is called (.+)\. Nodes with names: (.+)\.",
        None,
        "rúbrica: ningún nodo se llama {0}. Nodos con nombre: {1}.",
    ),
    (
        r"rubric: expected points by (?:name|the names of nodes), .*\. Received: (.+)\.",
        'rubric: expected points by name, {{"W1": 2}}. Received: {0}.',
        'rúbrica: se esperaban puntos por nombre, {{"W1": 2}}. Se ha recibido: {0}.',
    ),
    (
        r"rubric(\[.+\]): expected a number\. Received: (.+)\.",
        None,
        "rúbrica{0}: se esperaba un número. Se ha recibido: {1}.",
    ),
    (
        r"rubric(\[.+\]): expected a number ≥ 0\. Received: (.+)\.",
        None,
        "rúbrica{0}: se esperaba un número ≥ 0. Se ha recibido: {1}.",
    ),
    (r"there is no file (.+)\.", None, "no existe el archivo {0}."),
    (
        r"it is no notebook \(JSON with cells\): (.+)",
        None,
        "no es un cuaderno (JSON con celdas): {0}",
    ),
)

PARTS = (
    (r"(\w+) array of shape (\(.*?\))", r"array \1 de forma \2"),
    (r"(list|tuple) of length (\d+)", r"\1 de longitud \2"),
    (r"rows of (.+?) numbers", r"filas de \1 números"),
    (r"\bnone\b", "ninguno"),
)


def in_both(text: str) -> Pair:
    """What is told of an error of the checker: English, Spanish."""
    for pattern, english, spanish in SAID:
        fits = re.fullmatch(pattern, text, re.DOTALL)
        if fits:
            groups = [group or "" for group in fits.groups()]
            told = text if english is None else english.format(*groups)
            return told.removeprefix("check_backprop: "), spanish.format(*map(_part, groups))
    return text.removeprefix("check_backprop: "), text.removeprefix("check_backprop: ")


def _part(text: str) -> str:
    for english, spanish in PARTS:
        text = re.sub(english, spanish, text)
    return text
