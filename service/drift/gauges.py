"""What was found of drift, as gauges for Prometheus."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from classifier.drift import Verdict

if TYPE_CHECKING:
    from prometheus_client.core import GaugeMetricFamily

_HELP = {
    "triage_drift_psi": "Population stability index against the training.",
    "triage_drift_ks": "Largest distance of the distribution functions, against the training.",
    "triage_drift_h": "Rise of the override rate over the expected one, as Cohen's h.",
    "triage_drift_ece": "Rise of the calibration error over that of the training.",
    "triage_drift_noise": "What chance alone would stay below.",
    "triage_drift_texts": "Texts or verdicts that the measure was taken of.",
    "triage_drift_verdict": "0 stable, 1 watch, 2 act.",
    "triage_drift_share": "Unknown words, overridden answers or calibration error, 0-1.",
}


class Gauges:
    """A collector of prometheus_client."""

    def __init__(self, found: Callable[[], Sequence[Mapping[str, object]]]) -> None:
        self._found = found

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """One gauge for each measure and figure; nothing while nothing was found."""
        from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415  (see service.metrics)

        families = {
            name: GaugeMetricFamily(name, text, labels=["measure"]) for name, text in _HELP.items()
        }
        for one in self._found():
            figures = {
                f"triage_drift_{one['statistic']}": one["value"],
                "triage_drift_noise": one["noise"],
                "triage_drift_texts": one["texts"],
                "triage_drift_verdict": Verdict[str(one["verdict"]).upper()].value,
                "triage_drift_share": one["now"],
            }
            for name, value in figures.items():
                if isinstance(value, int | float):
                    families[name].add_metric([str(one["measure"])], value)
        yield from (family for family in families.values() if family.samples)
