"""The layers of cs231n as students write them: caches, masks, dicts of parameters, naive loops."""

from __future__ import annotations

from tinygrad_es import check_backprop

from .backprop_models import Mistake
from .course_code import Lesson


def layer(name, *shapes, **extra):
    """Check `name_forward` and `name_backward` on normal arrays of these shapes."""

    def check(space, rng):
        arrays = [rng.normal(size=s) for s in shapes]
        return check_backprop(
            space[f"{name}_forward"], space[f"{name}_backward"], *arrays, *extra.values()
        )

    return check


affine = Lesson(
    """
import numpy as np

def affine_forward(x, w, b):
    out = None
    N = x.shape[0]
    x_row = x.reshape(N, -1)  # una fila por ejemplo
    out = x_row.dot(w) + b
    cache = (x, w, b)
    return out, cache

def affine_backward(dout, cache):
    x, w, b = cache
    dx, dw, db = None, None, None
    dx = dout.dot(w.T).reshape(x.shape)
    dw = x.reshape(x.shape[0], -1).T.dot(dout)
    db = np.sum(dout, axis=0)
    return dx, dw, db
""",
    layer("affine", (7, 5, 3), (15, 11), (11,)),
    (
        Mistake("np.sum(dout, axis=0)", "dout", "b", "G02"),
        Mistake("np.sum(dout, axis=0)", "np.mean(dout, axis=0)", "b", "G03"),
        Mistake("np.sum(dout, axis=0)", "np.sum(dout, axis=1)", "b", "G02"),
        Mistake("x.reshape(x.shape[0], -1).T.dot(dout)",
                "dout.T.dot(x.reshape(x.shape[0], -1))", "w", "G01"),
        Mistake("dout.dot(w.T).reshape(x.shape)", "dout.dot(w.T)", "x", "G02"),
    ),
)  # fmt: skip

relu = Lesson(
    """
import numpy as np

def relu_forward(x):
    out = np.maximum(0, x)
    cache = x
    return out, cache

def relu_backward(dout, cache):
    dx, x = None, cache
    dx = dout * (x > 0)
    return dx
""",
    layer("relu", (7, 11)),
    (
        Mistake("dout * (x > 0)", "dout", "x", "G04"),
        Mistake("dout * (x > 0)", "dout * (x < 0)", "x", "G05"),
        Mistake("dout * (x > 0)", "dout * x", "x", "G12 G05"),
        Mistake("dout * (x > 0)", "(x > 0)", "x", "G04 G12 G05 G99"),
    ),
)

batchnorm = Lesson(
    """
import numpy as np

def batchnorm_forward(x, gamma, beta, bn_param):
    mode = bn_param['mode']
    eps = bn_param.get('eps', 1e-5)
    momentum = bn_param.get('momentum', 0.9)
    N, D = x.shape
    running_mean = bn_param.get('running_mean', np.zeros(D, dtype=x.dtype))
    running_var = bn_param.get('running_var', np.zeros(D, dtype=x.dtype))
    if mode == 'train':
        mu = 1. / N * np.sum(x, axis=0)
        xmu = x - mu
        sq = xmu ** 2
        var = 1. / N * np.sum(sq, axis=0)
        sqrtvar = np.sqrt(var + eps)
        ivar = 1. / sqrtvar
        xhat = xmu * ivar
        gammax = gamma * xhat
        out = gammax + beta
        running_mean = momentum * running_mean + (1 - momentum) * mu
        running_var = momentum * running_var + (1 - momentum) * var
        cache = (xhat, gamma, xmu, ivar, sqrtvar, var, eps)
    else:
        xhat = (x - running_mean) / np.sqrt(running_var + eps)
        out = gamma * xhat + beta
        cache = None
    # guardar las medias moviles
    bn_param['running_mean'] = running_mean
    bn_param['running_var'] = running_var
    return out, cache

def batchnorm_backward(dout, cache):
    xhat, gamma, xmu, ivar, sqrtvar, var, eps = cache
    N, D = dout.shape
    # paso 9
    dbeta = np.sum(dout, axis=0)
    dgammax = dout
    # paso 8
    dgamma = np.sum(dgammax * xhat, axis=0)
    dxhat = dgammax * gamma
    # paso 7
    divar = np.sum(dxhat * xmu, axis=0)
    dxmu1 = dxhat * ivar
    # paso 6
    dsqrtvar = -1. / (sqrtvar ** 2) * divar
    # paso 5
    dvar = 0.5 * 1. / np.sqrt(var + eps) * dsqrtvar
    # paso 4
    dsq = 1. / N * np.ones((N, D)) * dvar
    # paso 3
    dxmu2 = 2 * xmu * dsq
    # paso 2
    dx1 = dxmu1 + dxmu2
    dmu = -1 * np.sum(dxmu1 + dxmu2, axis=0)
    # paso 1
    dx2 = 1. / N * np.ones((N, D)) * dmu
    # paso 0
    dx = dx1 + dx2
    return dx, dgamma, dbeta
""",
    layer("batchnorm", (7, 5), (5,), (5,), bn_param={"mode": "train"}),
    (
        Mistake("dx = dx1 + dx2", "dx = dx1", "x", "G11 G07"),
        Mistake("dx1 = dxmu1 + dxmu2", "dx1 = dxmu1", "x", "G99"),
        Mistake("dsq = 1. / N * ", "dsq = ", "sq", "G03"),
        Mistake("dvar = 0.5 * 1.", "dvar = 1.", "var", "G03"),
        Mistake("-1. / (sqrtvar ** 2) * divar", "-1. / sqrtvar * divar", "sqrtvar", "G04"),
        Mistake("-1. / (sqrtvar ** 2) * divar", "1. / (sqrtvar ** 2) * divar", "sqrtvar", "G03"),
        Mistake("divar = np.sum(dxhat * xmu, axis=0)", "divar = dxhat * xmu", "ivar", "G02"),
        Mistake("dgamma = np.sum(dgammax * xhat", "dgamma = np.sum(dgammax * xmu", "gamma",
                "G12 G04"),
        Mistake("dxhat = dgammax * gamma", "dxhat = dgammax", "xhat", "G04"),
        Mistake("dbeta = np.sum(dout, axis=0)", "dbeta = np.sum(dout, axis=1)", "beta", "G02"),
    ),
)  # fmt: skip

dropout = Lesson(
    """
import numpy as np

def dropout_forward(x, dropout_param):
    p, mode = dropout_param['p'], dropout_param['mode']
    if 'seed' in dropout_param:
        np.random.seed(dropout_param['seed'])
    mask = None
    out = None
    if mode == 'train':
        mask = (np.random.rand(*x.shape) < p) / p
        out = x * mask
    elif mode == 'test':
        out = x
    cache = (dropout_param, mask)
    out = out.astype(x.dtype, copy=False)
    return out, cache

def dropout_backward(dout, cache):
    dropout_param, mask = cache
    mode = dropout_param['mode']
    dx = None
    if mode == 'train':
        dx = dout * mask
    elif mode == 'test':
        dx = dout
    return dx
""",
    layer("dropout", (7, 11), dropout_param={"mode": "train", "p": 0.6, "seed": 123}),
    (
        Mistake("dx = dout * mask", "dx = dout", "x", "G04"),
        Mistake("dx = dout * mask", "dx = dout * mask * dropout_param['p']", "x", "G03"),
        Mistake("dx = dout * mask", "dx = dout * (mask == 0)", "x", "G05 G99"),
    ),
)

conv = Lesson(
    """
import numpy as np

def conv_forward(x, w, b, conv_param):
    N, C, H, W = x.shape
    F, C, HH, WW = w.shape
    s, pad = conv_param['stride'], conv_param['pad']
    x_pad = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), 'constant')
    H_out = 1 + (H + 2 * pad - HH) // s
    W_out = 1 + (W + 2 * pad - WW) // s
    out = np.zeros((N, F, H_out, W_out))
    for n in range(N):
        for f in range(F):
            for i in range(H_out):
                for j in range(W_out):
                    out[n, f, i, j] = np.sum(x_pad[n, :, i*s:i*s+HH, j*s:j*s+WW] * w[f]) + b[f]
    cache = (x, w, b, conv_param)
    return out, cache

def conv_backward(dout, cache):
    x, w, b, conv_param = cache
    N, C, H, W = x.shape
    F, C, HH, WW = w.shape
    s, pad = conv_param['stride'], conv_param['pad']
    x_pad = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), 'constant')
    N, F, H_out, W_out = dout.shape
    dx_pad = np.zeros_like(x_pad)
    dw = np.zeros_like(w)
    db = np.zeros_like(b)
    for n in range(N):
        for f in range(F):
            db[f] += np.sum(dout[n, f])
            for i in range(H_out):
                for j in range(W_out):
                    dw[f] += x_pad[n, :, i*s:i*s+HH, j*s:j*s+WW] * dout[n, f, i, j]
                    dx_pad[n, :, i*s:i*s+HH, j*s:j*s+WW] += w[f] * dout[n, f, i, j]
    # quitar el relleno
    dx = dx_pad[:, :, pad:pad+H, pad:pad+W]
    return dx, dw, db
""",
    layer("conv", (2, 3, 5, 5), (2, 3, 3, 3), (2,), conv_param={"stride": 2, "pad": 1}),
    (
        Mistake("db[f] += np.sum", "db[f] = np.sum", "b", "G07"),
        Mistake("dw[f] += x_pad", "dw[f] = x_pad", "w", "G07"),
        Mistake("dx = dx_pad[:, :, pad:pad+H, pad:pad+W]", "dx = dx_pad", "x", "G12"),
        Mistake("np.sum(dout[n, f])", "np.sum(dout[n, f]) / N", "b", "G03"),
        Mistake("dx = dx_pad[:, :, pad:pad+H, pad:pad+W]", "dx = -dx_pad[:, :, pad:pad+H, "
                "pad:pad+W]", "x", "G03"),
        Mistake("+= w[f] * dout", "+= w[f][:, ::-1, ::-1] * dout", "x_pad", "G09"),
    ),
)  # fmt: skip

max_pool = Lesson(
    """
import numpy as np

def max_pool_forward(x, pool_param):
    N, C, H, W = x.shape
    ph, pw, s = pool_param['pool_height'], pool_param['pool_width'], pool_param['stride']
    H_out = 1 + (H - ph) // s
    W_out = 1 + (W - pw) // s
    out = np.zeros((N, C, H_out, W_out))
    for i in range(H_out):
        for j in range(W_out):
            out[:, :, i, j] = np.max(x[:, :, i*s:i*s+ph, j*s:j*s+pw], axis=(2, 3))
    cache = (x, pool_param)
    return out, cache

def max_pool_backward(dout, cache):
    x, pool_param = cache
    N, C, H, W = x.shape
    ph, pw, s = pool_param['pool_height'], pool_param['pool_width'], pool_param['stride']
    H_out = 1 + (H - ph) // s
    W_out = 1 + (W - pw) // s
    dx = np.zeros_like(x)
    for n in range(N):
        for c in range(C):
            for i in range(H_out):
                for j in range(W_out):
                    window = x[n, c, i*s:i*s+ph, j*s:j*s+pw]
                    m = np.max(window)
                    dx[n, c, i*s:i*s+ph, j*s:j*s+pw] += (window == m) * dout[n, c, i, j]
    return dx
""",
    layer("max_pool", (2, 3, 5, 5),
          pool_param={"pool_height": 3, "pool_width": 3, "stride": 1}),
    (
        Mistake("j*s:j*s+pw] += (window", "j*s:j*s+pw] = (window", "x", "G07"),
        Mistake("(window == m) * dout", "(window < m) * dout", "x", "G99"),
        Mistake("(window == m) * dout[n, c, i, j]", "(window == m) * dout[n, c, i, j] / (ph * pw)",
                "x", "G03"),
        Mistake("(window == m) * dout[n, c, i, j]", "dout[n, c, i, j] / (ph * pw)", "x", "G05"),
    ),
)  # fmt: skip
