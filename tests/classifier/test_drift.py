from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2, ks_2samp

from classifier.drift import Verdict, compare, ks, packaged_limits, psi
from classifier.profile import Labels

LABELS = Labels(("refund", "delivery", "other"), (1, 2))


def counts(*numbers: int) -> np.ndarray:
    """Texts in each bin."""
    return np.array(numbers, np.int64)


def test_psi_is_the_sum_by_hand() -> None:
    """(0.9 - 0.5) ln 1.8 + (0.1 - 0.5) ln 0.2 = 0.2351 + 0.6438."""
    value = psi(counts(500_000, 500_000), counts(900_000, 100_000))
    assert value == pytest.approx(0.8789, abs=1e-4)
    assert psi(counts(500, 500), counts(50, 50)) == 0


def test_an_empty_bin_does_not_count_without_end() -> None:
    """A category that came up only now has a finite part."""
    assert 0 < psi(counts(100, 0), counts(99, 1)) < 0.1


def test_the_distance_of_binned_values_is_scipys() -> None:
    """Values that are their bins have the two-sample statistic of Kolmogorov and Smirnov."""
    random = np.random.default_rng(1)
    before, now = random.integers(0, 10, 400), random.integers(2, 10, 300)
    found = ks(np.bincount(before, minlength=10), np.bincount(now, minlength=10))
    assert found == pytest.approx(ks_2samp(before, now).statistic)


def test_the_noise_of_psi_is_chi_squared() -> None:
    """Its 99.9 % point times 1/n + 1/m, with one degree less than bins in use."""
    found = compare({"category": counts(600, 400, 0)}, {"category": counts(60, 40, 0)}, LABELS)[0]
    assert found.noise == pytest.approx(chi2.ppf(0.999, 1) * (1 / 1000 + 1 / 100))


def test_the_same_mix_raises_no_alarm() -> None:
    """Of 300 samples of one distribution, small ones too, at most two are above their noise."""
    random = np.random.default_rng(5)
    shares = np.array([0.6, 0.3, 0.1])
    before = {"category": random.multinomial(3000, shares)}
    alarms = 0
    for number in range(300):
        now = {"category": random.multinomial((100, 200, 2000)[number % 3], shares)}
        alarms += compare(before, now, LABELS)[0].verdict is not Verdict.STABLE
    assert alarms <= 2


@pytest.mark.parametrize(
    ("now", "verdict"),
    [
        (counts(510, 300, 190), Verdict.STABLE),
        (counts(400, 350, 250), Verdict.WATCH),
        (counts(200, 300, 500), Verdict.ACT),
    ],
)
def test_the_size_decides_when_there_are_many_texts(now: np.ndarray, verdict: Verdict) -> None:
    """PSI 0.01, 0.15 and 0.66 against the usual 0.1 and 0.25."""
    before = {"category": counts(5600, 2800, 1600)}
    assert compare(before, {"category": now}, LABELS)[0].verdict is verdict


def test_few_texts_are_no_finding_and_say_so() -> None:
    """Twenty texts of another mix are stable and not conclusive."""
    found = compare({"category": counts(500, 300, 200)}, {"category": counts(0, 0, 20)}, LABELS)[0]
    assert found.verdict is Verdict.STABLE
    assert not found.is_conclusive


def test_a_finding_names_what_moved_most() -> None:
    """The bins by their change of share, and the share of unknown words beside their spread."""
    before = {"category": counts(50, 30, 20), "words": counts(90, 10), "oov": counts(*[10] * 13)}
    now = {"category": counts(100, 40, 260), "words": counts(75, 25), "oov": counts(*[10] * 13)}
    oov, category = compare(before, now, LABELS)
    assert (category.measure, category.shifts[0].bin) == ("category", "other")
    assert (category.shifts[0].before, category.shifts[0].now) == (0.2, 0.65)
    assert (oov.measure, oov.before, oov.now) == ("oov", 0.1, 0.25)


def test_a_measure_that_one_side_lacks_is_left_out() -> None:
    """A table of predictions has no texts whose words could be looked up."""
    assert compare({"level": counts(1, 1)}, {"category": counts(1, 1, 1)}, LABELS) == []
    assert compare({"level": counts(1, 1)}, {"level": counts(0, 0)}, LABELS) == []


def test_the_packaged_limits_are_those_of_the_literature() -> None:
    """0.1 and 0.25 for PSI; small and medium effects elsewhere."""
    assert packaged_limits().steps["psi"] == (0.1, 0.25)
    assert packaged_limits().steps["h"] == (0.2, 0.5)
