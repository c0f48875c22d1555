"""Reads the space of a search: the values to try for some settings of `train.toml`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from itertools import product
from pathlib import Path

from classifier.errors import SettingsError, shorten
from classifier.toml_document import read_values
from training.config import TrainingConfig

_SECTIONS = ("category", "intensity", "features")


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting such as `features.min_df`, and the values to try for it."""

    section: str
    key: str
    values: tuple[object, ...]

    @property
    def name(self) -> str:
        """The setting as `train.toml` and `--set` name it."""
        return f"{self.section}.{self.key}"

    def value_in(self, config: TrainingConfig) -> object:
        """What the configuration has for the setting."""
        return getattr(getattr(config, self.section), self.key)

    def changed(self, config: TrainingConfig, value: object) -> TrainingConfig:
        """The configuration with another value of the setting."""
        section = replace(getattr(config, self.section), **{self.key: value})
        return replace(config, **{self.section: section})


@dataclass(frozen=True, slots=True)
class Step:
    """Settings whose values are tried together."""

    settings: tuple[Setting, ...]

    @property
    def name(self) -> str:
        """The settings' names."""
        return ", ".join(setting.name for setting in self.settings)

    def only(self, sections: Sequence[str]) -> Step:
        """The step without the settings of other sections."""
        return Step(tuple(s for s in self.settings if s.section in sections))

    def variants(self, config: TrainingConfig) -> list[TrainingConfig]:
        """The configuration with each combination of the values."""
        found = []
        for values in product(*(setting.values for setting in self.settings)):
            changed = config
            for setting, value in zip(self.settings, values, strict=True):
                changed = setting.changed(changed, value)
            found.append(changed)
        return found


def load_space(path: Path | None = None) -> tuple[Step, ...]:
    """The steps of a TOML file, or of the packaged one, in the file's order.

    Raises:
        SettingsError: the file cannot be read, or holds an unknown setting or impossible value.
    """
    source = files("training") / "space.toml" if path is None else path
    try:
        tables = read_values(source)
    except (OSError, ValueError) as error:
        raise SettingsError(f"search space {path}: {error}") from error
    steps = tables.pop("step", None)
    if tables or not isinstance(steps, list) or not all(isinstance(s, Mapping) for s in steps):
        raise SettingsError("search space: it must hold [[step]] tables, and nothing else")
    return tuple(Step(tuple(_setting(*item) for item in table.items())) for table in steps)


def _setting(name: str, values: object) -> Setting:
    section, _, key = name.partition(".")
    if section not in _SECTIONS:
        raise SettingsError(f"search space: {name!r} is no setting of {', '.join(_SECTIONS)}")
    if not isinstance(values, list) or not values:
        raise SettingsError(f"search space: {name} is {shorten(values)}, a list is needed")
    plain = tuple(tuple(value) if isinstance(value, list) else value for value in values)
    setting = Setting(section, key, plain)
    for value in plain:
        try:
            setting.changed(TrainingConfig(), value)
        except (AttributeError, TypeError, ValueError) as error:
            raise SettingsError(
                f"search space: {name} cannot be {shorten(value)}: {error}"
            ) from error
    return setting
