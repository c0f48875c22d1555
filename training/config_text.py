"""Writes a training configuration as the text of a `train.toml`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict

from training.config import TrainingConfig

_NAMES_IN_FILE = {
    "category_bands": "bands.category",
    "intensity_bands": "bands.intensity",
    "category_names": "names.category",
    "intensity_names": "names.intensity",
}


def config_text(config: TrainingConfig) -> str:
    r"""TOML that `load_config` reads back as the same configuration.

    >>> config_text(TrainingConfig(seed=7)).splitlines()[:3]
    ['seed = 7', '', '[features]']
    """
    lines = [f"seed = {config.seed}"]
    for name, table in asdict(config).items():
        if isinstance(table, Mapping) and table:
            lines += ["", f"[{_NAMES_IN_FILE.get(name, name)}]"]
            lines += [f"{_text(key)} = {_value(value)}" for key, value in table.items()]
    return "\n".join(lines) + "\n"


def _text(key: str) -> str:
    bare = key.isascii() and key.replace("_", "").replace("-", "").isalnum()
    return key if bare else _value(key)


def _value(value: object) -> str:
    """Numbers, truth values, texts and lists of them: JSON writes these as TOML does."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
