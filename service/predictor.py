"""The model and policy that are serving, and the swap to new ones without dropping a request."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, cast

import structlog

from classifier.artifact import CURRENT, SHADOW, current_version
from classifier.errors import ModelError, TriageError
from classifier.likeness import Term
from classifier.policy import Policy
from classifier.prediction import Prediction
from classifier.profile import Longs
from service.policy_watch import PolicyWatch

CHECK_SECONDS = 1.0
# What the library makes at its first use is made before the first request, and before a swap.
_WARM_UP = ("等了四十分钟还没人理，再不退款我就投诉！",)
# A model that could not be loaded is tried again once its folder or CURRENT has changed: it may
# have been copied meanwhile. If neither has, after a minute.
_RETRY_CHECKS = 60


class Model(Protocol):
    """What the service needs of a loaded model; `classifier.Triage` is one."""

    version: str

    def predict(self, texts: Sequence[str], *, with_evidence: bool = True) -> list[Prediction]:
        """One prediction per text, in order."""

    def count_words(self, texts: Sequence[str]) -> tuple[Longs, Longs]:
        """How many words each text has, and how many of them the model does not know."""

    def telling_terms(self, text: str, most: int) -> list[Term]:
        """The pieces of a text that weigh most in the model's eyes, the heaviest first."""

    def likeness(self, text: str, others: Sequence[str]) -> list[float]:
        """How alike each other text is to the first, 0-1."""

    def describe(self) -> dict[str, object]:
        """What the model is, as JSON values."""


Load = Callable[[Path], Model]


class _Slot:
    """The model that one file of the models folder names; only one thread may refresh it."""

    def __init__(self, models: Path, load: Load, pointer: str) -> None:
        self.model: Model | None = None
        self._models, self._load, self._pointer = models, load, pointer
        self._version: str | None = None  # as the file names it
        self._refused: object = None  # the version, and when it was last changed
        self._checks_since_refusal = 0

    def fill(self) -> None:
        """Loads the model that the file names, if it names one.

        Raises:
            ModelError: it cannot be served.
        """
        version = current_version(self._models, pointer=self._pointer)
        if version is not None:
            self._take(version)

    def refresh(self) -> bool:
        """Takes the model that the file names now, if it is another; whether it did.

        What cannot be loaded is logged, and the old one stays.
        """
        asked: tuple[str | None, object] = None, None
        try:
            wanted = current_version(self._models, pointer=self._pointer)
            asked = wanted, self._changed_at(wanted)
            if wanted is None or wanted == self._version or self._is_resting(asked):
                return False
            self._take(wanted)
        except (TriageError, OSError) as error:
            self._refuse(asked, error)
            return False
        return True

    def empty(self) -> None:
        """Lets the model go once the file is gone."""
        if not (self._models / self._pointer).exists():
            self.model = self._version = self._refused = None

    def _take(self, version: str) -> None:
        """A model has predicted once, so that no request waits for what is made at first."""
        model = self._load(self._models / version)
        model.predict(_WARM_UP)
        self.model = model  # one reference, replaced at once: no request sees half of it
        self._version, self._refused = version, None

    def _changed_at(self, version: str | None) -> object:
        """When CURRENT and the model's folder were last changed, in nanoseconds."""
        places = [self._models / self._pointer]
        places += [self._models / version] if version else []
        return tuple(place.stat().st_mtime_ns if place.exists() else None for place in places)

    def _is_resting(self, asked: object) -> bool:
        """Whether just this was refused a short while ago."""
        self._checks_since_refusal += 1
        return asked == self._refused and self._checks_since_refusal < _RETRY_CHECKS

    def _refuse(self, asked: tuple[str | None, object], error: Exception) -> None:
        if asked != self._refused or self._checks_since_refusal >= _RETRY_CHECKS:
            structlog.get_logger().error("model_refused", refused=asked[0], reason=str(error))
            self._checks_since_refusal = 0
        self._refused = asked


class Predictor:
    """Holds the serving model, and the candidate beside it if there is one.

    A request takes a reference once and keeps it to its end.
    """

    def __init__(
        self, models: Path, load: Load, policy: Policy, *, policy_watch: PolicyWatch | None = None
    ) -> None:
        """Loads the current model; with `policy_watch` the file that `policy` is of is watched.

        A candidate that cannot be loaded is logged and does without.

        Raises:
            ModelError: there is no current model, or it cannot be served.
        """
        self.policy = policy
        self._policy_watch = policy_watch
        self._refreshing = threading.Lock()
        self._current = _Slot(models, load, CURRENT)
        self._current.fill()
        if self._current.model is None:
            raise ModelError(f"no model in {models}: run `make train` to train the default model")
        self._candidate = _Slot(models, load, SHADOW)
        self._candidate.refresh()

    @property
    def model(self) -> Model:
        """The model that serves."""
        return cast("Model", self._current.model)  # once filled it is never emptied

    @property
    def candidate(self) -> Model | None:
        """The model that is tried beside it; None when there is none, or it is the same one."""
        found = self._candidate.model
        return None if found is None or found.version == self.model.version else found

    @property
    def versions(self) -> tuple[str, str]:
        """The versions of model and policy, for logs."""
        return self.model.version, self.policy.version

    def refresh(self) -> None:
        """Swaps in a changed policy, and the models that CURRENT and SHADOW name.

        What cannot be loaded is logged, and the old one goes on serving.
        """
        with self._refreshing:
            if self._policy_watch and self._policy_watch.refresh():
                self.policy = self._policy_watch.current
            if self._current.refresh():
                structlog.get_logger().info("model_swapped")
            self._candidate.empty()
            if self._candidate.refresh():
                structlog.get_logger().info("candidate_loaded")


def watch(predictor: Predictor, *, stop: threading.Event | None = None) -> threading.Thread:
    """Starts a thread that looks for a new model or policy every second, until `stop` is set."""
    stopped = stop or threading.Event()

    def look() -> None:
        while not stopped.wait(CHECK_SECONDS):
            try:
                predictor.refresh()
            except Exception as error:
                structlog.get_logger().error("model_watch_failed", error=error)

    thread = threading.Thread(target=look, name="model-watch", daemon=True)
    thread.start()
    return thread
