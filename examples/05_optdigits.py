"""Handwritten digits: a perceptron that reads 8×8 pixels.

English. 1,438 digits to learn from, 359 to test with, all shipped with the package. The model is
a 64-50-10 perceptron; `summary` counts its 3,760 parameters, `fit` trains it in about a second,
and the confusion matrix shows which digits it mistakes for which.

Español. 1438 dígitos para aprender y 359 para evaluar, todos incluidos en el paquete. El modelo
es un perceptrón 64-50-10; `summary` cuenta sus 3760 parámetros, `fit` lo entrena en un segundo y
la matriz de confusión enseña qué dígitos confunde con cuáles.
"""

from tinygrad_es import Sequential
from tinygrad_es.datasets import optdigits
from tinygrad_es.layers import Dense, Flatten, Input
from tinygrad_es.metrics import confusion_matrix
from tinygrad_es.ops import random
from tinygrad_es.optimizers import Adam


def main():
    random.seed(0)
    (x_train, y_train), (x_test, y_test) = optdigits.load_data()
    x_train, x_test = x_train / 16, x_test / 16  # ink from 0..16 to 0..1

    model = Sequential(
        [
            Input(shape=(8, 8)),
            Flatten(name="pixels"),
            Dense(50, activation="relu", name="hidden"),
            Dense(10, activation="softmax", name="digit"),
        ],
        name="optdigits",
    )
    model.summary()
    model.compile(
        Adam(learning_rate=0.003), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    history = model.fit(
        x_train, y_train, epochs=30, batch_size=32, validation_split=0.1, verbose=0
    ).history
    print("\nepoch   accuracy   on the 10 % kept aside")
    for epoch in (0, 4, 9, 19, 29):
        print(
            f"{epoch + 1:5} {history['accuracy'][epoch]:10.1%}"
            f" {history['val_accuracy'][epoch]:12.1%}"
        )

    _, accuracy = model.evaluate(x_test, y_test, verbose=0)
    predicted = model.predict(x_test, verbose=0).argmax(axis=-1)
    print(f"\nTest accuracy: {accuracy:.2%}\n")
    print("Confusion matrix (row: true digit, column: predicted):")
    print(confusion_matrix(y_test, predicted, 10))


if __name__ == "__main__":
    main()
