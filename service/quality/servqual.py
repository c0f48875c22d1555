"""The five dimensions of SERVQUAL, and which a category of complaints speaks of."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Dimension:
    """One dimension of service quality."""

    code: str
    name: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Servqual:
    """The dimensions in the order of the file, and the dimension and reason of each category."""

    dimensions: tuple[Dimension, ...]
    categories: Mapping[str, tuple[str, str]]

    def dimension_of(self, category: str | None) -> str | None:
        """The code of a category's dimension; None for one that is not listed or not judged."""
        found = self.categories.get(category) if category else None
        return found[0] if found else None


@cache
def packaged_servqual() -> Servqual:
    """What the packaged table says.

    Raises:
        KeyError: a category names a dimension that is not there.
    """
    source = (files("service.quality") / "servqual.toml").read_text(encoding="utf-8")
    table = tomllib.loads(source)
    dimensions = {
        code: Dimension(code, one["name"], one["meaning"])
        for code, one in table["dimensions"].items()
    }
    categories = {
        code: (dimensions[one["dimension"]].code, one["reason"])
        for code, one in table["categories"].items()
    }
    return Servqual(tuple(dimensions.values()), categories)
