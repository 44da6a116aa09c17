"""The derivative of a function of one number, and the derivative of the derivative.

English. A function is written as always, with Python's operators and NumPy's functions. `grad`
returns another function, its derivative; and because that is a function like any other, `grad`
of it is the second derivative. The exact derivatives are printed beside them.

Español. La función se escribe como siempre, con los operadores de Python y las funciones de
NumPy. `grad` devuelve otra función, su derivada; y como esta es una función como cualquier otra,
`grad` de ella es la segunda derivada. Al lado se imprimen las derivadas exactas.
"""

import math

import numpy as np

from tinygrad_es import grad


def f(x):
    return x**3 + np.sin(x)


def main():
    first = grad(f)
    second = grad(first)
    third = grad(second)

    print("f(x) = x³ + sin x\n")
    print("       x      f(x)     f'(x)   3x² + cos x   f''(x)   6x − sin x   f'''(x)")
    for x in (-1.0, 0.0, 0.5, 2.0):
        print(
            f"{x:8.2f} {f(x):9.4f} {first(x):9.4f} {3 * x**2 + math.cos(x):13.4f}"
            f" {second(x):8.4f} {6 * x - math.sin(x):12.4f} {third(x):9.4f}"
        )


if __name__ == "__main__":
    main()
