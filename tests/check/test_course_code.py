"""Course code passes unchanged; its planted mistakes are found, placed and named."""

from __future__ import annotations

import pytest

from . import course_code, course_layers, course_losses
from .course_code import Lesson

LESSONS = {
    name: lesson
    for module in (course_code, course_layers, course_losses)
    for name, lesson in vars(module).items()
    if isinstance(lesson, Lesson)
}
PLANTED = [(name, mistake) for name, lesson in LESSONS.items() for mistake in lesson.mistakes]
BY_DIFFERENCES = {"micrograd_swish", "one_operation"}


def test_every_lesson_has_three_mistakes():
    assert {name: len(lesson.mistakes) for name, lesson in LESSONS.items() if
            len(lesson.mistakes) < 3} == {}  # fmt: skip


@pytest.mark.parametrize("name", LESSONS)
def test_right_code_passes_unchanged(name):
    for seed in range(3):
        report = LESSONS[name].report(seed=seed)
        assert report.ok, str(report)
        assert report.verdicts
        assert bool(report.notes) == (name in BY_DIFFERENCES)


@pytest.mark.parametrize(("name", "mistake"), PLANTED, ids=lambda v: getattr(v, "wrong", v))
def test_planted_mistakes_are_found_placed_and_named(name, mistake):
    for seed in range(2):
        report = LESSONS[name].report(mistake, seed)
        assert not report.ok
        assert report.culprit == mistake.culprit, str(report)
        assert report.diagnoses[0].code in mistake.codes.split(), str(report)
        for language in ("en", "es"):
            assert len(report.text(language).splitlines()) <= 12


def test_messages_that_a_student_reads():
    network, batch_norm = LESSONS["network"], LESSONS["batchnorm"]
    extra = next(m for m in network.mistakes if m.wrong.startswith("dz2 = dsigmoid"))
    diagnosis, carried = network.report(extra).text("es").splitlines()[2:]
    assert diagnosis.startswith("  Diagnóstico G04")
    assert diagnosis.endswith("sobra un factor σ'(z2).")
    assert carried == "b2, W2, b1, W1: bien, dado tu z2 (error arrastrado; ningún error nuevo)"
    unsummed = next(m for m in batch_norm.mistakes if m.culprit == "ivar")
    assert "the sum over axis 0 is missing" in batch_norm.report(unsummed).text("en")
    overwritten = next(m for m in LESSONS["max_pool"].mistakes if m.codes == "G07")
    assert "Accumulate with +=" in LESSONS["max_pool"].report(overwritten).text("en")
