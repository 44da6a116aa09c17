"""Learning-rate schedules: printed values, errors, and how optimizers use them (§2.10)."""

import numpy as np
import pytest

from tinygrad_es import Tensor
from tinygrad_es.optimizers import SGD, Adam, get, schedules, serialize

STEPS = (0, 5, 10, 15, 20, 30)
ROWS = [
    (schedules.ExponentialDecay(0.1, 10, 0.5), ".1 .0707107 .05 .0353553 .025 .0125"),
    (schedules.ExponentialDecay(0.1, 10, 0.5, staircase=True), ".1 .1 .05 .05 .025 .0125"),
    (schedules.InverseTimeDecay(0.1, 10, 0.5), ".1 .08 .0666667 .0571429 .05 .04"),
    (schedules.PolynomialDecay(0.1, 20, 0.01), ".1 .0775 .055 .0325 .01 .01"),
    (schedules.PolynomialDecay(0.1, 20, 0.01, 2.0), ".1 .060625 .0325 .015625 .01 .01"),
    (schedules.CosineDecay(0.1, 20), ".1 .0853553 .05 .0146447 0 0"),
    (
        schedules.CosineDecay(0.0, 20, warmup_target=0.1, warmup_steps=10),
        "0 .05 .1 .0853553 .05 0",
    ),
    (schedules.CosineDecayRestarts(0.1, 10, 2.0, 1.0), ".1 .05 .1 .0853553 .05 .1"),
]


@pytest.mark.parametrize(("schedule", "row"), ROWS)
def test_printed_values(schedule, row):
    np.testing.assert_allclose(
        [schedule(s) for s in STEPS], [float(v) for v in row.split()], atol=5e-8
    )


def test_a_cycle_starts_again():
    schedule = schedules.PolynomialDecay(0.1, 20, 0.01, cycle=True)
    assert schedule(30) == pytest.approx(0.0325)


def test_pieces_keep_the_left_value_at_their_boundary():
    schedule = schedules.PiecewiseConstantDecay([10, 20], [1.0, 0.5, 0.1])
    assert [schedule(s) for s in (0, 10, 11, 20, 21)] == [1.0, 1.0, 0.5, 0.5, 0.1]
    with pytest.raises(ValueError, match="1 less than the length of values"):
        schedules.PiecewiseConstantDecay([10], [1.0])


@pytest.mark.parametrize(("schedule", "_row"), ROWS)
def test_configurations(schedule, _row):
    again = schedules.get(schedules.serialize(schedule))
    assert type(again) is type(schedule)
    assert again.get_config() == schedule.get_config()


def test_an_optimizer_reads_its_schedule_before_it_counts():
    w = Tensor(np.array([0.0]), requires_grad=True)
    optimizer = SGD(schedules.PiecewiseConstantDecay([0, 1], [1.0, 10.0, 100.0]))
    path = []
    for _ in range(3):
        optimizer.apply([np.array([-1.0])], [w])
        path.append(w.item())
    assert path == [1.0, 11.0, 111.0]
    with pytest.raises(TypeError, match="schedule"):
        optimizer.learning_rate = 0.1


def test_a_schedule_survives_the_configuration_of_an_optimizer():
    optimizer = Adam(schedules.ExponentialDecay(0.1, 10, 0.5), beta_1=0.5)
    again = get(serialize(optimizer))
    again.iterations = 10
    assert again.learning_rate == pytest.approx(0.05)
    assert again.get_config() == optimizer.get_config()


@pytest.mark.parametrize(
    "make",
    [
        lambda: schedules.ExponentialDecay(0.1, 0, 0.5),
        lambda: schedules.CosineDecay(0.1, -1),
        lambda: schedules.CosineDecayRestarts(0.1, 5, t_mul=0.5),
    ],
)
def test_bad_arguments(make):
    with pytest.raises(ValueError, match=r"Received: .*="):
        make()


def test_a_schedule_without_its_formula():
    class Nothing(schedules.LearningRateSchedule):
        pass

    with pytest.raises(TypeError, match="Nothing has no __call__"):
        Nothing()(3)
