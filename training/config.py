"""Reads `train.toml`: everything about training that is neither data nor deployment."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TypeVar

from classifier.errors import SettingsError, shorten
from classifier.features import FeatureSettings
from classifier.heads import ADJACENT, MULTINOMIAL
from classifier.toml_document import read_values
from training.data_config import CheckSettings, DataSettings

Section = TypeVar("Section")


@dataclass(frozen=True, slots=True)
class CategorySettings:
    """How the category head is fitted.

    `inverse_regularisation` is scikit-learn's C, above 0. A `pooled` head is the mean of one model
    for each block of features, which must get along without the others: it holds better on text
    that is unlike the training data. `balance` is how far rare categories are raised in
    the fit: each text weighs (mean size of a category / size of its own) ** balance, 0 not at all,
    1 all categories the same. Better for macro-F1, but probabilities then favour rare categories.
    """

    inverse_regularisation: float = 8.0
    pooled: bool = True
    balance: float = 0.0

    def __post_init__(self) -> None:
        _positive("category.inverse_regularisation", self.inverse_regularisation)
        if not isinstance(self.balance, int | float) or not 0 <= self.balance <= 1:
            raise SettingsError(f"category.balance is {shorten(self.balance)}, allowed is 0-1")


@dataclass(frozen=True, slots=True)
class IntensitySettings:
    """How the intensity head is fitted, as the category head; the better of several kinds stays."""

    inverse_regularisation: float = 4.0
    kinds: tuple[str, ...] = (ADJACENT, MULTINOMIAL)

    def __post_init__(self) -> None:
        _positive("intensity.inverse_regularisation", self.inverse_regularisation)
        if not self.kinds or not set(self.kinds) <= {ADJACENT, MULTINOMIAL}:
            raise SettingsError(
                f"intensity.kinds is {shorten(self.kinds)}, allowed are {ADJACENT}, {MULTINOMIAL}"
            )


@dataclass(frozen=True, slots=True)
class FoldSettings:
    """How held-out folds are made."""

    number: int = 5
    near_duplicate: float = 0.6
    held_out_texts: int = 30_000

    def __post_init__(self) -> None:
        if self.held_out_texts < 1000:
            raise SettingsError(
                f"folds.held_out_texts is {self.held_out_texts}, allowed is 1000 or more"
            )
        if not 2 <= self.number <= 20:
            raise SettingsError(f"folds.number is {self.number}, allowed is 2-20")
        if not 0.3 <= self.near_duplicate <= 1:
            raise SettingsError(f"folds.near_duplicate is {self.near_duplicate}, allowed is 0.3-1")


@dataclass(frozen=True, slots=True)
class BandSettings:
    """Accuracies that define a head's bands, 0-1."""

    high_accuracy: float = 0.9
    low_accuracy: float = 0.5

    def __post_init__(self) -> None:
        if not 0 <= self.low_accuracy <= self.high_accuracy <= 1:
            raise SettingsError(
                f"bands: low_accuracy {self.low_accuracy}, high_accuracy {self.high_accuracy}: "
                "needed is 0 <= low <= high <= 1"
            )


@dataclass(frozen=True, slots=True)
class FeedbackSettings:
    """How much a reviewed case counts in fitting, beside 1 for two who agree or an adjudicator.

    One reviewer alone counts less. A confirmation is one click on what the model had said, a
    correction needs a reason, so it counts more. `hard_negative` multiplies settled cases on which
    the model was sure and wrong.
    """

    single_confirmation: float = 0.3
    single_correction: float = 0.6
    hard_negative: float = 2.0

    def __post_init__(self) -> None:
        for name in ("single_confirmation", "single_correction", "hard_negative"):
            _positive(f"feedback.{name}", getattr(self, name))


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """The whole of `train.toml`."""

    seed: int = 0
    features: FeatureSettings = field(default_factory=FeatureSettings)
    category: CategorySettings = field(default_factory=CategorySettings)
    intensity: IntensitySettings = field(default_factory=IntensitySettings)
    folds: FoldSettings = field(default_factory=FoldSettings)
    feedback: FeedbackSettings = field(default_factory=FeedbackSettings)
    category_bands: BandSettings = field(default_factory=BandSettings)
    intensity_bands: BandSettings = field(default_factory=BandSettings)
    category_names: Mapping[str, str] = field(default_factory=dict)
    intensity_names: Mapping[str, str] = field(default_factory=dict)
    data: DataSettings = field(default_factory=DataSettings)
    check: CheckSettings = field(default_factory=CheckSettings)


def recorded(config: TrainingConfig) -> dict[str, object]:
    """The configuration as plain values, for the manifest.

    A setting younger than the first models is left out at its default: the same model then keeps
    its digest.
    """
    values: dict[str, dict[str, object]] = json.loads(json.dumps(asdict(config)))
    if not config.category.balance:
        del values["category"]["balance"]
    return dict(values)


def load_config(
    path: Path | None = None, changes: Sequence[str] = (), *, data: Sequence[Path] = ()
) -> TrainingConfig:
    """The training configuration of a TOML file, or the packaged one, with changes.

    Without a file, a `train.toml` in the first folder of `data` is laid over the packaged one: what
    suits a data set lies beside it. A change is a line of TOML such as `features.min_df = 2`.

    Raises:
        SettingsError: a file cannot be read, or holds an unknown or impossible value.
    """
    values = _read(files("training") / "train.toml" if path is None else path)
    own = data[0] / "train.toml" if path is None and data else None
    if own is not None and own.is_file():
        values = _merged(values, _read(own))
    for change in changes:
        try:
            values = _merged(values, tomllib.loads(change))
        except (ValueError, RecursionError) as error:
            raise SettingsError(f"setting {shorten(change)}: {error}") from error
    return parse_config(values)


def _read(source: Traversable) -> dict[str, object]:
    try:
        return read_values(source)
    except (OSError, ValueError) as error:
        raise SettingsError(f"training configuration {source}: {error}") from error


def _merged(values: Mapping[str, object], changes: Mapping[str, object]) -> dict[str, object]:
    merged = dict(values)
    for key, new in changes.items():
        old = merged.get(key)
        both = isinstance(old, Mapping) and isinstance(new, Mapping)
        merged[key] = _merged(old, new) if both else new  # type: ignore[arg-type]  # checked
    return merged


def parse_config(values: Mapping[str, object]) -> TrainingConfig:
    """The configuration that parsed TOML describes; what is missing has its default.

    Raises:
        SettingsError: a section or value is unknown or impossible.
    """
    known = {"seed", "features", "category", "intensity", "folds", "feedback", "bands", "names"}
    known |= {"data", "check"}
    if unknown := sorted(set(values) - known):
        raise SettingsError(f"section {unknown[0]!r} is unknown, allowed are {sorted(known)}")
    seed = values.get("seed", 0)
    if not isinstance(seed, int) or not 0 <= seed < 2**32:
        raise SettingsError(f"seed is {shorten(seed)}, a whole number in 0-4294967295 is needed")
    bands, names = _table(values, "bands"), _table(values, "names")
    return TrainingConfig(
        seed=seed,
        features=_section(FeatureSettings, values, "features"),
        category=_section(CategorySettings, values, "category"),
        intensity=_section(IntensitySettings, values, "intensity"),
        folds=_section(FoldSettings, values, "folds"),
        feedback=_section(FeedbackSettings, values, "feedback"),
        category_bands=_section(BandSettings, bands, "category"),
        intensity_bands=_section(BandSettings, bands, "intensity"),
        category_names=_names(names, "category"),
        intensity_names=_names(names, "intensity"),
        data=_section(DataSettings, values, "data"),
        check=_section(CheckSettings, values, "check"),
    )


def _section(kind: type[Section], values: Mapping[str, object], name: str) -> Section:
    table = _table(values, name)
    allowed = [item.name for item in fields(kind)]  # type: ignore[arg-type]  # a dataclass
    if unknown := sorted(set(table) - set(allowed)):
        raise SettingsError(f"{name}.{unknown[0]} is unknown, allowed are {', '.join(allowed)}")
    plain = {k: tuple(v) if isinstance(v, list) else v for k, v in table.items()}
    try:
        return kind(**plain)
    except (TypeError, ValueError) as error:
        raise SettingsError(f"{name}: {error}") from error


def _table(values: Mapping[str, object], name: str) -> Mapping[str, object]:
    table = values.get(name, {})
    if not isinstance(table, Mapping):
        raise SettingsError(f"{name} is {shorten(table)}, a table is needed")
    return table


def _names(values: Mapping[str, object], name: str) -> dict[str, str]:
    return {str(code): str(text) for code, text in _table(values, name).items()}


def _positive(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise SettingsError(f"{name} is {shorten(value)}, a number above 0 is needed")
