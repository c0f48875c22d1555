"""Reads the space of a search: the values to try for some settings of `train.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

from classifier.errors import SettingsError, shorten
from training.config import TrainingConfig

_SECTIONS = ("category", "intensity", "features")


@dataclass(frozen=True, slots=True)
class Step:
    """A setting such as `features.min_df`, and the values to try for it."""

    section: str
    setting: str
    values: tuple[object, ...]

    @property
    def name(self) -> str:
        """The setting as `train.toml` and `--set` name it."""
        return f"{self.section}.{self.setting}"

    def value_in(self, config: TrainingConfig) -> object:
        """What the configuration has for the setting."""
        return getattr(getattr(config, self.section), self.setting)

    def changed(self, config: TrainingConfig, value: object) -> TrainingConfig:
        """The configuration with another value of the setting."""
        section = replace(getattr(config, self.section), **{self.setting: value})
        return replace(config, **{self.section: section})


def load_space(path: Path | None = None) -> tuple[Step, ...]:
    """The steps of a TOML file, or of the packaged one, in the file's order.

    Raises:
        SettingsError: the file cannot be read, or holds an unknown setting or impossible value.
    """
    source = files("training") / "space.toml" if path is None else path
    try:
        tables = tomllib.loads(source.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"search space {path}: {error}") from error
    if set(tables) != {"step"} or not isinstance(tables["step"], list):
        raise SettingsError(f"search space: {sorted(tables)}, only [[step]] is allowed")
    return tuple(_step(table) for table in tables["step"])


def _step(table: object) -> Step:
    if not isinstance(table, Mapping) or set(table) != {"setting", "values"}:
        raise SettingsError(f"search space: step {shorten(table)} needs setting and values")
    section, _, setting = str(table["setting"]).partition(".")
    if section not in _SECTIONS:
        raise SettingsError(f"search space: {table['setting']} is none of {', '.join(_SECTIONS)}")
    if not isinstance(table["values"], list) or not table["values"]:
        raise SettingsError(f"search space: values of {table['setting']} are no list")
    plain = tuple(tuple(value) if isinstance(value, list) else value for value in table["values"])
    step = Step(section, setting, plain)
    for value in plain:
        try:
            step.changed(TrainingConfig(), value)
        except (AttributeError, TypeError, ValueError) as error:
            raise SettingsError(
                f"search space: {step.name} cannot be {shorten(value)}: {error}"
            ) from error
    return step
