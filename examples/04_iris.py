"""Three species of iris from four lengths: a first classifier.

English. A 4-8-3 perceptron with softmax output and cross-entropy, trained on 120 flowers and
tested on 30 it has never seen. The four lengths are standardised with the mean and the deviation
of the training part: what the test part looks like is not known in advance.

Español. Un perceptrón 4-8-3 con salida softmax y entropía cruzada, entrenado con 120 flores y
evaluado con 30 que nunca ha visto. Las cuatro longitudes se estandarizan con la media y la
desviación de la parte de entrenamiento: cómo es la parte de test no se sabe de antemano.
"""

from tinygrad_es import Sequential
from tinygrad_es.datasets import iris
from tinygrad_es.layers import Dense, Input
from tinygrad_es.ops import random
from tinygrad_es.optimizers import Adam


def main():
    random.seed(0)
    (x_train, y_train), (x_test, y_test) = iris.load_data()
    mean, deviation = x_train.mean(axis=0), x_train.std(axis=0)
    x_train, x_test = (x_train - mean) / deviation, (x_test - mean) / deviation

    model = Sequential(
        [Input(shape=(4,)), Dense(8, activation="tanh"), Dense(3, activation="softmax")]
    )
    model.compile(Adam(learning_rate=0.02), "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x_train, y_train, epochs=60, batch_size=20, verbose=0).history
    for epoch in (0, 9, 29, 59):
        loss, right = history["loss"][epoch], history["accuracy"][epoch]
        print(f"epoch {epoch + 1:2}: loss {loss:.4f}, accuracy {right:.1%}")

    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    print(f"test:     loss {loss:.4f}, accuracy {accuracy:.1%}\n")
    for p, species in list(zip(model.predict(x_test, verbose=0), y_test, strict=True))[:5]:
        guess = iris.CLASS_NAMES[p.argmax()]
        print(f"{iris.CLASS_NAMES[species]:16} taken for {guess:16} with probability {p.max():.2f}")


if __name__ == "__main__":
    main()
