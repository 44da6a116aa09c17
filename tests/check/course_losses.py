"""Losses and whole networks of cs231n, and operations in the style of PyTorch and micrograd."""

from __future__ import annotations

from tinygrad_es import check_backprop

from .backprop_models import Mistake
from .course_code import Lesson


def labelled(name, n=7, c=5):
    """Check one function of scores and labels that returns the loss and its gradient."""
    return lambda space, rng: check_backprop(
        space[name], rng.normal(size=(n, c)), rng.integers(0, c, n)
    )


softmax_loss = Lesson(
    """
import numpy as np

def softmax_loss(x, y):
    shifted_logits = x - np.max(x, axis=1, keepdims=True)
    Z = np.sum(np.exp(shifted_logits), axis=1, keepdims=True)
    log_probs = shifted_logits - np.log(Z)
    probs = np.exp(log_probs)
    N = x.shape[0]
    loss = -np.sum(log_probs[np.arange(N), y]) / N
    dx = probs.copy()
    dx[np.arange(N), y] -= 1
    dx /= N
    return loss, dx
""",
    labelled("softmax_loss"),
    (
        Mistake("dx /= N", "pass", "x", "G03"),
        Mistake("dx[np.arange(N), y] -= 1", "pass", "x", "G06"),
        Mistake("dx[np.arange(N), y] -= 1", "dx[np.arange(N), y] += 1", "x", "G06"),
        Mistake("dx[np.arange(N), y] -= 1", "dx[np.arange(N), (y + 1) % 5] -= 1", "x", "G09"),
        Mistake("dx[np.arange(N), y] -= 1", "dx[:, y] -= 1", "x", "G99"),
    ),
)

svm_loss = Lesson(
    """
import numpy as np

def svm_loss(x, y):
    N = x.shape[0]
    correct_class_scores = x[np.arange(N), y]
    margins = np.maximum(0, x - correct_class_scores[:, np.newaxis] + 1.0)
    margins[np.arange(N), y] = 0
    loss = np.sum(margins) / N
    # gradiente
    num_pos = np.sum(margins > 0, axis=1)
    dx = np.zeros_like(x)
    dx[margins > 0] = 1
    dx[np.arange(N), y] -= num_pos
    dx /= N
    return loss, dx
""",
    labelled("svm_loss"),
    (
        Mistake("dx /= N", "pass", "x", "G03"),
        Mistake("dx[np.arange(N), y] -= num_pos", "dx[np.arange(N), y] -= 1", "x", "G99"),
        Mistake("dx[np.arange(N), y] -= num_pos", "pass", "x", "G07 G04"),
        Mistake("dx[margins > 0] = 1", "dx[margins > 0] = margins[margins > 0]", "x", "G99"),
        Mistake("dx[margins > 0] = 1", "pass", "x", "G07 G04"),
    ),
)

svm_naive = Lesson(
    """
import numpy as np

def svm_loss_naive(W, X, y, reg):
    dW = np.zeros(W.shape) # gradiente a cero
    num_classes = W.shape[1]
    num_train = X.shape[0]
    loss = 0.0
    for i in range(num_train):
        scores = X[i].dot(W)
        correct_class_score = scores[y[i]]
        for j in range(num_classes):
            if j == y[i]:
                continue
            margin = scores[j] - correct_class_score + 1 # delta = 1
            if margin > 0:
                loss += margin
                dW[:, j] += X[i]
                dW[:, y[i]] -= X[i]
    # la media, y la regularizacion
    loss /= num_train
    loss += reg * np.sum(W * W)
    dW /= num_train
    dW += 2 * reg * W
    return loss, dW
""",
    lambda space, rng: check_backprop(
        space["svm_loss_naive"],
        rng.normal(size=(5, 3)),
        rng.normal(size=(7, 5)),
        rng.integers(0, 3, 7),
        0.05,
    ),
    (
        Mistake("dW += 2 * reg * W", "dW += reg * W", "W", "G06"),
        Mistake("dW += 2 * reg * W", "pass", "W", "G06"),
        Mistake("dW /= num_train", "dW /= num_train - 1", "W", "G03"),
        Mistake("dW[:, y[i]] -= X[i]", "dW[:, y[i]] += X[i]", "W", "G99"),
        Mistake("dW /= num_train\n    dW += 2 * reg * W", "dW += 2 * reg * W\n    dW /= num_train",
                "W", "G06"),
    ),
)  # fmt: skip

two_layer_net = Lesson(
    """
import numpy as np

class TwoLayerNet(object):
    def __init__(self, input_size, hidden_size, output_size, std=1e-1):
        self.params = {}
        self.params['W1'] = std * np.random.randn(input_size, hidden_size)
        self.params['b1'] = np.zeros(hidden_size)
        self.params['W2'] = std * np.random.randn(hidden_size, output_size)
        self.params['b2'] = np.zeros(output_size)

    def loss(self, X, y=None, reg=0.0):
        W1, b1 = self.params['W1'], self.params['b1']
        W2, b2 = self.params['W2'], self.params['b2']
        N, D = X.shape
        # hacia delante
        h1 = np.maximum(0, X.dot(W1) + b1)
        scores = h1.dot(W2) + b2
        if y is None:
            return scores
        scores -= np.max(scores, axis=1, keepdims=True) # estabilidad numerica
        exp_scores = np.exp(scores)
        probs = exp_scores / np.sum(exp_scores, axis=1, keepdims=True)
        correct_logprobs = -np.log(probs[range(N), y])
        data_loss = np.sum(correct_logprobs) / N
        reg_loss = reg * np.sum(W1 * W1) + reg * np.sum(W2 * W2)
        loss = data_loss + reg_loss
        # hacia atras
        grads = {}
        dscores = probs
        dscores[range(N), y] -= 1
        dscores /= N
        grads['W2'] = np.dot(h1.T, dscores)
        grads['b2'] = np.sum(dscores, axis=0)
        dh1 = np.dot(dscores, W2.T)
        dh1[h1 <= 0] = 0
        grads['W1'] = np.dot(X.T, dh1)
        grads['b1'] = np.sum(dh1, axis=0)
        # regularizacion
        grads['W2'] += 2 * reg * W2
        grads['W1'] += 2 * reg * W1
        return loss, grads
""",
    lambda space, rng: check_backprop(
        space["TwoLayerNet"](5, 11, 3).loss, rng.normal(size=(7, 5)), rng.integers(0, 3, 7), 0.05
    ),
    (
        Mistake("dscores /= N", "pass", "scores", "G03"),
        Mistake("dscores[range(N), y] -= 1", "pass", "scores", "G06"),
        Mistake("grads['W2'] += 2 * reg * W2", "pass", "W2", "G06"),
        Mistake("grads['W1'] += 2 * reg * W1", "grads['W1'] += reg * W1", "W1", "G06"),
        Mistake("grads['b1'] = np.sum(dh1, axis=0)", "grads['b1'] = np.sum(dh1)", "b1", "G02"),
        Mistake("grads['b2'] = np.sum(dscores, axis=0)", "grads['b2'] = dscores", "b2", "G02"),
        Mistake("grads['W1'] = np.dot(X.T, dh1)", "grads['W1'] = np.dot(dh1.T, X).T * 2", "W1",
                "G99 G03"),
    ),
)  # fmt: skip

spiral = Lesson(
    """
import numpy as np
D, h, K = 2, 11, 3
N = 21
X = np.random.randn(N, D)
y = np.random.randint(0, K, N)
W = 0.5 * np.random.randn(D, h)
b = np.zeros((1, h)) + 0.1
W2 = 0.5 * np.random.randn(h, K)
b2 = np.zeros((1, K))
reg = 1e-3

def forward():
    global hidden_layer, probs
    hidden_layer = np.maximum(0, np.dot(X, W) + b)
    scores = np.dot(hidden_layer, W2) + b2
    exp_scores = np.exp(scores)
    probs = exp_scores / np.sum(exp_scores, axis=1, keepdims=True) # [N x K]
    corect_logprobs = -np.log(probs[range(N), y])
    data_loss = np.sum(corect_logprobs) / N
    reg_loss = 0.5*reg*np.sum(W*W) + 0.5*reg*np.sum(W2*W2)
    loss = data_loss + reg_loss
    return loss

def backward():
    dscores = probs.copy()
    dscores[range(N), y] -= 1
    dscores /= N
    dW2 = np.dot(hidden_layer.T, dscores)
    db2 = np.sum(dscores, axis=0, keepdims=True)
    dhidden = np.dot(dscores, W2.T)
    dhidden[hidden_layer <= 0] = 0
    dW = np.dot(X.T, dhidden)
    db = np.sum(dhidden, axis=0, keepdims=True)
    dW2 += reg*W2
    dW += reg*W
    return dW, db, dW2, db2
""",
    lambda space, rng: check_backprop(space["forward"], space["backward"]),
    (
        Mistake("dscores /= N", "dscores /= N * K", "scores", "G03"),
        Mistake("dW2 += reg*W2", "dW2 += 2*reg*W2", "W2", "G06"),
        Mistake("db2 = np.sum(dscores, axis=0, keepdims=True)", "db2 = np.sum(dscores, axis=0)",
                "b2", "G02"),
        Mistake("dhidden[hidden_layer <= 0] = 0", "pass", "b", "G04 G12 G99"),
        Mistake("dW += reg*W", "dW -= reg*W", "W", "G06"),
    ),
)  # fmt: skip

char_rnn = Lesson(
    """
import numpy as np
hidden_size, vocab_size = 11, 5
Wxh = np.random.randn(hidden_size, vocab_size)*0.1
Whh = np.random.randn(hidden_size, hidden_size)*0.1
Why = np.random.randn(vocab_size, hidden_size)*0.1
bh = np.zeros((hidden_size, 1))
by = np.zeros((vocab_size, 1))

def lossFun(inputs, targets, hprev):
    xs, hs, ys, ps = {}, {}, {}, {}
    hs[-1] = np.copy(hprev)
    loss = 0
    # hacia delante
    for t in range(len(inputs)):
        xs[t] = np.zeros((vocab_size, 1))
        xs[t][inputs[t]] = 1
        hs[t] = np.tanh(np.dot(Wxh, xs[t]) + np.dot(Whh, hs[t-1]) + bh)
        ys[t] = np.dot(Why, hs[t]) + by
        ps[t] = np.exp(ys[t]) / np.sum(np.exp(ys[t]))
        loss += -np.log(ps[t][targets[t], 0])
    # hacia atras
    dWxh, dWhh, dWhy = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros_like(Why)
    dbh, dby = np.zeros_like(bh), np.zeros_like(by)
    dhnext = np.zeros_like(hs[0])
    for t in reversed(range(len(inputs))):
        dy = np.copy(ps[t])
        dy[targets[t]] -= 1
        dWhy += np.dot(dy, hs[t].T)
        dby += dy
        dh = np.dot(Why.T, dy) + dhnext
        dhraw = (1 - hs[t] * hs[t]) * dh
        dbh += dhraw
        dWxh += np.dot(dhraw, xs[t].T)
        dWhh += np.dot(dhraw, hs[t-1].T)
        dhnext = np.dot(Whh.T, dhraw)
    for dparam in [dWxh, dWhh, dWhy, dbh, dby]:
        np.clip(dparam, -5, 5, out=dparam)
    return loss, dWxh, dWhh, dWhy, dbh, dby, hs[len(inputs)-1]
""",
    lambda space, rng: check_backprop(
        space["lossFun"], [0, 3, 1, 2], [3, 1, 2, 4], rng.normal(size=(11, 1))
    ),
    (
        Mistake("dWhy += np.dot(dy, hs[t].T)", "dWhy = np.dot(dy, hs[t].T)", "Why", "G07"),
        Mistake("dby += dy", "dby -= dy", "by", "G03"),
        Mistake("+ dhnext", "", "bh", "G07 G99"),
        Mistake("dhraw = (1 - hs[t] * hs[t]) * dh", "dhraw = dh", "bh", "G99"),
        Mistake("np.dot(dhraw, hs[t-1].T)", "np.dot(dhraw, hs[t].T)", "Whh", "G99 G12"),
    ),
)

layers_of_objects = Lesson(
    """
import numpy as np

class Densa:
    def __init__(self, n, m):
        self.W = np.random.randn(n, m)
        self.b = np.random.randn(m)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW = self.x.T @ dout
        self.db = dout.sum(axis=0)
        return dout @ self.W.T

class Sigmoide:
    def forward(self, x):
        self.y = 1 / (1 + np.exp(-x))
        return self.y

    def backward(self, dout):
        return dout * self.y * (1 - self.y)

class Red:
    def __init__(self):
        self.capas = [Densa(5, 11), Sigmoide(), Densa(11, 3)]

    def forward(self, x):
        for capa in self.capas:
            x = capa.forward(x)
        return x

    def backward(self, dout):
        for capa in reversed(self.capas):
            dout = capa.backward(dout)
        return dout
""",
    lambda space, rng: check_backprop(space["Red"](), rng.normal(size=(7, 5))),
    (
        Mistake("self.x.T @ dout", "(dout.T @ self.x)", "capas[2].W", "G01"),
        Mistake("dout.sum(axis=0)", "dout.mean(axis=0)", "capas[2].b", "G03"),
        Mistake("dout * self.y * (1 - self.y)", "dout", "capas[0].b", "G04 G12 G99"),
        Mistake("return dout @ self.W.T", "return -dout @ self.W.T", "capas[0].b", "G03"),
    ),
)

# --- operations of one's own, in the style of PyTorch and of micrograd ----------------------------

custom_op = Lesson(
    """
import numpy as np

class Function:
    pass

class Swish(Function):
    @staticmethod
    def forward(ctx, x, beta):
        s = 1 / (1 + np.exp(-beta * x))
        y = x * s
        ctx.save_for_backward(x, s, y)
        ctx.beta = beta
        return y

    @staticmethod
    def backward(ctx, grad_output):
        x, s, y = ctx.saved_tensors
        dx = grad_output * (s + ctx.beta * y * (1 - s))
        dbeta = np.sum(grad_output * x * y * (1 - s))
        return dx, dbeta
""",
    lambda space, rng: check_backprop(space["Swish"], rng.normal(size=(7, 5)), 1.5),
    (
        Mistake("(s + ctx.beta * y * (1 - s))", "(s + y * (1 - s))", "x", "G03"),
        Mistake("(s + ctx.beta * y * (1 - s))", "s", "x", "G12 G07"),
        Mistake("np.sum(grad_output * x * y * (1 - s))", "grad_output * x * y * (1 - s)", "beta",
                "G02"),
        Mistake("grad_output * (s +", "(s +", "x", "G04 G99"),
        Mistake("np.sum(grad_output * x * y", "-np.sum(grad_output * x * y", "beta", "G03"),
    ),
)  # fmt: skip

linear_op = Lesson(
    """
import numpy as np

class Lineal:
    @staticmethod
    def forward(ctx, x, w, b, pesos_fijos):
        ctx.save_for_backward(x, w)
        ctx.fijos = pesos_fijos
        return x.dot(w) + b

    @staticmethod
    def backward(ctx, dy):
        x, w = ctx.saved_tensors
        grad_x = grad_w = grad_b = None
        if ctx.needs_input_grad[0]:
            grad_x = dy.dot(w.T)
        if ctx.needs_input_grad[1]:
            grad_w = x.T.dot(dy)
        grad_b = dy.sum(0)
        return grad_x, grad_w, grad_b, None
""",
    lambda space, rng: check_backprop(
        space["Lineal"], rng.normal(size=(7, 5)), rng.normal(size=(5, 11)), rng.normal(size=11),
        False,
    ),
    (
        Mistake("grad_x = dy.dot(w.T)", "grad_x = dy.dot(w.T) / len(x)", "x", "G03"),
        Mistake("grad_w = x.T.dot(dy)", "grad_w = dy.T.dot(x)", "w", "G01"),
        Mistake("grad_b = dy.sum(0)", "grad_b = dy.sum(1)", "b", "G02"),
        Mistake("return grad_x, grad_w, grad_b, None", "return grad_x, grad_b, grad_w, None", "b",
                "G02 G12 G99"),
    ),
)  # fmt: skip

micrograd = Lesson(
    """
import math

class Value:
    def __init__(self, data, _children=(), _op=''):
        self.data = data
        self.grad = 0.0
        self._backward = lambda: None
        self._prev = set(_children)
        self._op = _op

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other), '+')

        def _backward():
            self.grad += out.grad
            other.grad += out.grad
        out._backward = _backward
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other), '*')

        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad  # el otro factor
        out._backward = _backward
        return out

    def __pow__(self, other):
        out = Value(self.data**other, (self,), f'**{other}')

        def _backward():
            self.grad += (other * self.data**(other-1)) * out.grad
        out._backward = _backward
        return out

    def tanh(self):
        x = self.data
        t = (math.exp(2*x) - 1)/(math.exp(2*x) + 1)
        out = Value(t, (self,), 'tanh')

        def _backward():
            self.grad += (1 - t**2) * out.grad
        out._backward = _backward
        return out

    def exp(self):
        out = Value(math.exp(self.data), (self,), 'exp')

        def _backward():
            self.grad += out.data * out.grad
        out._backward = _backward
        return out

    def relu(self):
        out = Value(0 if self.data < 0 else self.data, (self,), 'ReLU')

        def _backward():
            self.grad += (out.data > 0) * out.grad
        out._backward = _backward
        return out

    def mi_swish(self):  # una operacion propia
        s = 1 / (1 + math.exp(-self.data))
        out = Value(self.data * s, (self,), 'swish')

        def _backward():
            self.grad += (s + self.data * s * (1 - s)) * out.grad
        out._backward = _backward
        return out

    def __neg__(self): return self * -1
    def __radd__(self, other): return self + other
    def __sub__(self, other): return self + (-other)
    def __rmul__(self, other): return self * other
    def __truediv__(self, other): return self * other**-1

    def backward(self):
        topo = []
        visited = set()
        def build_topo(v):
            if v not in visited:
                visited.add(v)
                for child in v._prev:
                    build_topo(child)
                topo.append(v)
        build_topo(self)
        self.grad = 1.0
        for node in reversed(topo):
            node._backward()

def neurona(x1, x2, w1, w2, b):
    n = x1*w1 + x2*w2 + b
    o = n.tanh()
    e = (2*o).exp()
    r = e.relu() + o**2
    return r / (1 + e)

def con_swish(x, w):
    z = x * w
    s = z.mi_swish()
    return s * s + z
""",
    lambda space, rng: check_backprop(
        space["neurona"], space["Value"], 2.0, 0.3, -0.7, 1.0, 0.9
    ),
    (
        Mistake("self.grad += (1 - t**2) * out.grad", "self.grad += (1 - t) * out.grad", "n",
                "G99 G05"),
        Mistake("self.grad += (1 - t**2) * out.grad", "self.grad = (1 - t**2) * out.grad * 2", "n",
                "G03"),
        Mistake("self.grad += out.data * out.grad", "self.grad += out.grad", "o", "G99 G07 G12"),
        Mistake("other.grad += self.data * out.grad", "other.grad += other.data * out.grad", "e",
                "G12 G99"),
        Mistake("self.grad += (other * self.data**(other-1)) * out.grad",
                "self.grad += (self.data**(other-1)) * out.grad", "e", "G99 G05"),
        Mistake("(out.data > 0) * out.grad", "(self.data < 0) * out.grad", "e", "G05"),
        Mistake("(out.data > 0) * out.grad", "out.data * out.grad", "e", "G05"),
    ),
)  # fmt: skip

micrograd_swish = micrograd._replace(  # an operation that no Tensor has: by differences
    check=lambda space, rng: check_backprop(space["con_swish"], space["Value"], 0.7, -1.3),
    mistakes=(
        Mistake("(s + self.data * s * (1 - s)) * out", "s * out", "w", "G99"),
        Mistake("self.grad += (s +", "self.grad -= (s +", "w", "G99"),
        Mistake("self.grad += other.data * out.grad", "self.grad += self.data * out.grad", "x",
                "G12 G99 G03"),
    ),
)  # fmt: skip

one_operation = micrograd._replace(  # one operation alone
    check=lambda space, rng: check_backprop(space["Value"].mi_swish, space["Value"], 0.7),
    mistakes=(
        Mistake("(s + self.data * s * (1 - s)) * out", "s * out", "self", "G99 G05"),
        Mistake("self.grad += (s +", "self.grad -= (s +", "self", "G03"),
        Mistake("(s + self.data * s * (1 - s)) * out.grad", "0 * out.grad", "self", "G10"),
    ),
)

reused = micrograd._replace(
    check=lambda space, rng: check_backprop(
        lambda a, b: (a * a) * b, space["Value"], 0.7, -1.3),
    mistakes=(
        Mistake("other.grad += self.data * out.grad", "other.grad = self.data * out.grad", "a",
                "G03 G07"),
        Mistake("other.grad += self.data * out.grad", "pass", "b", "G10"),
        Mistake("self.grad += other.data * out.grad", "self.grad += out.grad", "a", "G99 G05"),
    ),
)  # fmt: skip
