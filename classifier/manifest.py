"""Builds the parts of a model from the plain values of its manifest, and names what is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from classifier.errors import ModelError, shorten
from classifier.features import FeatureSettings
from classifier.heads import (
    ADJACENT,
    CUMULATIVE,
    MULTINOMIAL,
    BandThresholds,
    CategoryHead,
    IntensityHead,
)

Table = Mapping[str, object]
_TOO_LARGE = 1e300  # JSON has numbers without end; NaN is no less either


def text_of(manifest: Table, section: str, key: str) -> str:
    """A text of the manifest.

    Raises:
        ModelError: it is missing or no text.
    """
    value = _table(manifest, section).get(key)
    if not isinstance(value, str):
        raise ModelError(f"manifest.json: {section}.{key} is {shorten(value)}, a text is needed")
    return value


def read_features(manifest: Table) -> FeatureSettings:
    """The vectoriser's settings.

    Raises:
        ModelError: a value is missing, unknown or out of range.
    """
    table = _table(manifest, "features")
    try:
        values = {k: tuple(v) if isinstance(v, list) else v for k, v in table.items()}
        return FeatureSettings(**values)  # type: ignore[arg-type]  # checked by the class itself
    except (TypeError, ValueError) as error:
        raise ModelError(f"manifest.json: features: {error}") from error


def read_category_head(manifest: Table) -> CategoryHead | None:
    """The category head, None if the model has none.

    Raises:
        ModelError: labels and numbers do not fit each other.
    """
    table = _head(manifest, "category")
    if table is None:
        return None
    codes = _texts(table, "codes")
    names = _texts(table, "names")
    if not len(codes) == len(names) >= 2 or len(set(codes)) != len(codes):
        raise ModelError("manifest.json: heads.category: codes and names do not fit")
    scale = _numbers({"scale": [table.get("scale")]}, "scale")[0]
    if scale <= 0:
        raise ModelError(f"manifest.json: heads.category.scale is {scale}, must be above 0")
    return CategoryHead(codes, names, scale, _thresholds(table))


def read_intensity_head(manifest: Table) -> IntensityHead | None:
    """The intensity head, None if the model has none.

    Raises:
        ModelError: labels and numbers do not fit each other.
    """
    table = _head(manifest, "intensity")
    if table is None:
        return None
    kind = table.get("kind")
    if kind not in {ADJACENT, CUMULATIVE, MULTINOMIAL}:
        raise ModelError(
            f"manifest.json: heads.intensity.kind is {shorten(kind)}, allowed are "
            f"{ADJACENT}, {CUMULATIVE}, {MULTINOMIAL}"
        )
    levels = tuple(int(level) for level in _numbers(table, "levels"))
    names, cuts = _texts(table, "names"), _numbers(table, "cuts")
    scales, offsets = _numbers(table, "scales"), _numbers(table, "offsets")
    borders = len(levels) - 1
    sizes = (borders, borders) if kind != MULTINOMIAL else (1, len(levels))
    if not (borders >= 1 and len(names) == len(levels) and len(cuts) == borders) or (
        (len(scales), len(offsets)) != sizes
    ):
        raise ModelError("manifest.json: heads.intensity: levels, names, cuts, scales do not fit")
    if any(a >= b for a, b in pairwise(levels)) or any(a > b for a, b in pairwise(cuts)):
        raise ModelError("manifest.json: heads.intensity: levels and cuts must ascend")
    return IntensityHead(str(kind), levels, names, scales, offsets, cuts, _thresholds(table))


def _table(values: Table, key: str) -> Table:
    value = values.get(key)
    if not isinstance(value, Mapping):
        raise ModelError(f"manifest.json: {key} is {shorten(value)}, a table is needed")
    return value


def _head(manifest: Table, name: str) -> Table | None:
    heads = _table(manifest, "heads")
    return _table(heads, name) if heads.get(name) is not None else None


def _thresholds(table: Table) -> BandThresholds:
    values = _table(table, "thresholds")
    medium, high = _numbers({"t": [values.get("medium"), values.get("high")]}, "t")
    if not 0 <= medium <= high <= 1:
        raise ModelError(
            f"manifest.json: thresholds {medium}, {high}: needed is 0 <= medium <= high <= 1"
        )
    return BandThresholds(medium, high)


def _texts(table: Table, key: str) -> tuple[str, ...]:
    value = table.get(key)
    if not isinstance(value, Sequence) or not all(isinstance(item, str) and item for item in value):
        raise ModelError(f"manifest.json: {key} is {shorten(value)}, a list of texts is needed")
    return tuple(value)


def _numbers(table: Table, key: str) -> tuple[float, ...]:
    value = table.get(key)
    if not isinstance(value, Sequence) or not all(
        isinstance(item, int | float) and not isinstance(item, bool) and abs(item) < _TOO_LARGE
        for item in value
    ):
        raise ModelError(f"manifest.json: {key} is {shorten(value)}, a list of numbers is needed")
    return tuple(float(item) for item in value)
