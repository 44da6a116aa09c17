"""The printed paths of the optimizers on J = ½(w₁² + 10·w₂²) from (1, 1) (§2.9)."""

import numpy as np
import pytest

from tinygrad_es import Tensor
from tinygrad_es.optimizers import (
    SGD,
    Adadelta,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    EWAMomentum,
    Ftrl,
    Lion,
    Nadam,
    Newton,
    RMSprop,
)

STEPS = (1, 2, 3, 10)

# w1,w2 at t = 1 | 2 | 3 | 10: run in Keras 3.15.1 (jax, x64) and torch 2.13.0,
# the lessons' forms in NumPy; 15 digits
CASES = {
    "Keras SGD(.05)": (
        lambda: SGD(0.05),
        ".95,.5 | .9025,.25 | .857375,.125 | .598736939238379,.0009765625",
    ),
    "Keras SGD(.05,.9)": (
        lambda: SGD(0.05, 0.9),
        ".95,.5 | .8575,-.2 | .731375,-.73 | -.310922910669629,.0877247680000001",
    ),
    "EWA momentum": (
        lambda: EWAMomentum(0.5, 0.9),
        ".95,.5 | .8575,-.2 | .731375,-.73 | -.310922910669629,.0877247680000001",
    ),
    "Keras SGD(.05,.9,nesterov)": (
        lambda: SGD(0.05, 0.9, nesterov=True),
        ".905,.05 | .778525,-.4025 | .631462625,-.404875 | -.261992453382427,-.0162984593125977",
    ),
    "Keras Adagrad(.1)": (
        lambda: Adagrad(0.1),
        ".904653745409361,.900049962581148 | .83933873918201,.833169909435722 | "
        ".78751277463755,.780530986043618 | .562270138912701,.553820862467267",
    ),
    "lesson's AdaGrad": (
        lambda: Adagrad(0.1, 0.0, 1e-7, epsilon_inside=False),
        ".900000009999999,.900000001 | .83310354139947,.833103528293927 | "
        ".780456198760894,.780456183089383 | .55373122531722,.553731202849214",
    ),
    "torch Adagrad(.1)": (
        lambda: Adagrad(0.1, 0.0, 1e-10, epsilon_inside=False),
        ".90000000001,.900000000001 | .833103526852317,.833103526839211 | "
        ".780456181365516,.780456181349845 | .553731200377734,.553731200355265",
    ),
    "lesson's RMSProp": (
        lambda: RMSprop(0.01, epsilon_inside=False),
        ".968377233398313,.968377224398316 | .945788039885454,.945788026245857 | "
        ".927053116520458,.927053099658501 | .832052447530624,.832052418283552",
    ),
    "Keras RMSprop(.01)": (
        lambda: RMSprop(0.01),
        ".968377239209693,.96837722355643 | .945788046506963,.945788024948112 | "
        ".927053123058596,.927053098037687 | .832052450794293,.832052415391481",
    ),
    "Keras RMSprop(.01,momentum .9)": (
        lambda: RMSprop(0.01, momentum=0.9),
        ".968377239209693,.96837722355643 | .917327561795686,.917327526148899 | "
        ".85301965586633,.853019598955424 | .275176821811893,.275176647646769",
    ),
    "Keras RMSprop(.01,centered)": (
        lambda: RMSprop(0.01, centered=True),
        ".96666668518517,.966666666851852 | .941590169260747,.941590142808492 | "
        ".919700533017472,.919700500974082 | .78533296430649,.785332901864243",
    ),
    "Keras Adam(.1)": (
        lambda: Adam(0.1),
        ".900000316226766,.900000031622767 | .800412776215515,.800412282525816 | "
        ".701587014864783,.70158634573554 | .0762506532291992,.0762493008578437",
    ),
    "paper Adam": (
        lambda: Adam(0.1, epsilon=1e-8, epsilon_hat=False),
        ".900000001,.9000000001 | .800412229712338,.800412227875357 | "
        ".701586274504415,.701586271699323 | .0762491606197553,.0762491515966381",
    ),
    "lesson's Adam, epsilon inside": (
        lambda: Adam(0.1, bias_correction=False, epsilon_inside=True),
        ".683788044185708,.683772392096927 | .270234797402496,.270206256237829 | "
        "-.162104349254251,-.162141107723176 | .156378679926349,.156422358656957",
    ),
    "lesson's Adam": (
        lambda: Adam(0.1, bias_correction=False),
        ".68377323398,.683772333983131 | .270207979549052,.270206169086671 | "
        "-.162138762621908,-.162141207400309 | .156419242296408,.156422444113391",
    ),
    "Keras AdamW(.1)": (
        lambda: AdamW(0.1),
        ".899600316226766,.899600031622767 | .799655251172773,.799654757563993 | "
        ".70051626754326,.700515598645618 | .0744212174854108,.0744198687682766",
    ),
    "Keras Adadelta(1.0)": (
        lambda: Adadelta(1.0),
        ".998585787851838,.998585786451769 | .997154547399374,.997154544564136 | "
        ".995712467971769,.99571246368258 | .985472076046056,.985472061377444",
    ),
    "torch Adadelta(1.0)": (
        lambda: Adadelta(1.0, 0.9, 1e-6),
        ".996837738151101,.996837722497945 | .993598198407652,.993598166292857 | "
        ".990309082800838,.99030903377228 | .966597186370277,.966597013507161",
    ),
    "Keras Adamax(.1)": (
        lambda: Adamax(0.1),
        ".900000009999999,.900000001 | .805168345186773,.805168328117539 | "
        ".715499498964496,.715499474739516 | .228792264075395,.228792213177317",
    ),
    "Keras Nadam(.1)": (
        lambda: Nadam(0.1),
        ".893721230297,.893721220731911 | .820245047355525,.820245031196691 | "
        ".754674293975997,.754674271887252 | .330556524832981,.330556466276698",
    ),
    "Keras Ftrl(.1)": (
        lambda: Ftrl(0.1),
        ".603142396497677,.868442985469172 | .553290482003709,.80289205729988 | "
        ".511701578348859,.751063750084999 | .325448638216154,.527368093475678",
    ),
    "Keras Ftrl(.1,l1=l2=.01)": (
        lambda: Ftrl(0.1, l1_regularization_strength=0.01, l2_regularization_strength=0.01),
        ".601042790278299,.868169488285936 | .551403584924731,.802640229606813 | "
        ".509964774564868,.750825374764362 | .3242411857375,.527173694851665",
    ),
    "Keras Lion(.01)": (
        lambda: Lion(0.01),
        ".99,.99 | .98,.98 | .97,.97 | .9,.9",
    ),
    "clipnorm": (
        lambda: SGD(0.05, clipnorm=1.0),
        ".99502481404895,.950248140489501 | .989817678204902,.900520022323802 | "
        ".984354767810864,.850819352207327 | .935831248484722,.504255810852484",
    ),
    "clipvalue": (
        lambda: SGD(0.05, clipvalue=0.5),
        ".975,.975 | .95,.95 | .925,.925 | .75,.75",
    ),
    "Keras SGD(.05,weight_decay .1)": (
        lambda: SGD(0.05, weight_decay=0.1),
        ".945,.495 | .893025,.245025 | .843908625,.121287375 | .56796043755203,.000883185620125785",
    ),
}


def numbers(row):
    return np.array([[float(w) for w in pair.split(",")] for pair in row.split("|")])


@pytest.mark.parametrize(("make", "row"), CASES.values(), ids=CASES)
def test_printed_rows(make, row):
    w = Tensor(np.array([1.0, 1.0]), requires_grad=True)
    curvature = np.array([1.0, 10.0])
    optimizer = make()
    path = []
    for _ in range(10):
        (0.5 * (curvature * w**2).sum()).backward()
        optimizer.step([w])
        path.append(w.numpy().copy())
    found = np.array([path[t - 1] for t in STEPS])
    # half a unit of the 15th printed digit, and the rounding of ten steps
    np.testing.assert_allclose(found, numbers(row), rtol=2e-15, atol=3e-15)
    assert optimizer.iterations == 10


# a norm is taken per parameter: clipnorm of two numbers is another path
ONE_BY_ONE = {name: case for name, case in CASES.items() if name != "clipnorm"}


@pytest.mark.parametrize(("make", "row"), ONE_BY_ONE.values(), ids=ONE_BY_ONE)
def test_printed_rows_on_python_floats(make, row):
    w1, w2 = Tensor(1.0, requires_grad=True), Tensor(1.0, requires_grad=True)
    optimizer = make()
    path = []
    for _ in range(10):
        (0.5 * (w1**2 + 10.0 * w2**2)).backward()
        optimizer.step([w1, w2])
        path.append([w1.data, w2.data])
    assert type(w1.data) is type(w2.data) is float
    found = np.array([path[t - 1] for t in STEPS])
    np.testing.assert_allclose(found, numbers(row), rtol=2e-15, atol=3e-15)


def test_the_lessons_nesterov_is_the_point_behind():
    """x of `x_ahead = x + mu*v; v = mu*v - lr*dx_ahead; x += v` is w − μ·m."""
    w, optimizer = Tensor(np.array([1.0, 1.0]), requires_grad=True), SGD(0.05, 0.9, nesterov=True)
    path = []
    for _ in range(10):
        optimizer.apply([w.numpy() * [1.0, 10.0]], [w])
        path.append(w.numpy() - 0.9 * optimizer.states[w]["momentum"])
    row = ".95,.5 | .85975,.025 | .73959875,-.20125 | -.17901321856162,.00123008941503906"
    found = np.array([path[t - 1] for t in STEPS])
    np.testing.assert_allclose(found, numbers(row), rtol=2e-14, atol=3e-15)


def test_newton_on_quadratics():
    w = Tensor(np.array([1.0, 1.0]), requires_grad=True)
    curvature = np.array([1.0, 10.0])
    half = Newton(0.5)
    assert half.step(lambda: 0.5 * (curvature * w**2).sum(), [w]) == 5.5
    assert w.tolist() == [0.5, 0.5]
    w.data = np.array([1.0, 1.0])
    Newton().step(lambda: 0.5 * (curvature * w**2).sum(), [w])
    assert w.tolist() == [0.0, 0.0]
    a, b = np.array([[3.0, 1.0], [1.0, 2.0]]), np.array([1.0, 1.0])
    Newton().step(lambda: 0.5 * (w @ a @ w) - (b * w).sum(), [w])
    np.testing.assert_allclose(w.numpy(), [0.2, 0.4], rtol=1e-15)


def test_newton_on_rosenbrock():
    x, y = Tensor(-1.2, requires_grad=True), Tensor(1.0, requires_grad=True)
    newton = Newton()
    losses = []
    for _ in range(7):
        losses.append(newton.step(lambda: (1 - x) ** 2 + 100 * (y - x**2) ** 2, [x, y]))
        if newton.iterations == 1:
            np.testing.assert_allclose(
                [x.item(), y.item()], [-1.1752808988764043, 1.3806741573033703]
            )
    expected = [24.2, 4.731884325266608, 1411.845179310719, 0.05596551683374455, 0.313189076114056]
    np.testing.assert_allclose(losses[:5], expected, rtol=1e-9)
    assert losses[5] == pytest.approx(1.8527e-11, rel=1e-4)
    assert abs(losses[6]) < 1e-18
