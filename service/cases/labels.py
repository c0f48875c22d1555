"""What a verdict may say: the labels of the serving model and of the policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from classifier.policy import Policy
from service.predictor import Model


@dataclass(frozen=True, slots=True)
class Labels:
    """Codes and levels, with the names that the model has for them."""

    categories: frozenset[str | None]
    levels: frozenset[int | None]
    signals: frozenset[str]
    category_names: Mapping[str, str]
    level_names: Mapping[int, str]


def labels_of(model: Model, policy: Policy) -> Labels:
    """The labels that the model's manifest and the policy list."""
    return labels_in(model.describe(), policy)


def labels_in(manifest: Mapping[str, object], policy: Policy) -> Labels:
    """The same of a manifest in hand."""
    codes, code_names = _lists(manifest, "category", "codes")
    levels, level_names = _lists(manifest, "intensity", "levels")
    return Labels(
        categories=frozenset({*map(str, codes), *policy.categories}),
        levels=frozenset(int(str(level)) for level in levels),
        signals=frozenset(policy.signals),
        category_names={str(c): str(n) for c, n in zip(codes, code_names, strict=False)},
        level_names={int(str(v)): str(n) for v, n in zip(levels, level_names, strict=False)},
    )


def _lists(
    manifest: Mapping[str, object], head: str, key: str
) -> tuple[list[object], list[object]]:
    heads = manifest.get("heads")
    found = heads.get(head) if isinstance(heads, Mapping) else None
    if not isinstance(found, Mapping):
        return [], []
    values, names = found.get(key), found.get("names")
    return (
        values if isinstance(values, list) else [],
        names if isinstance(names, list) else [],
    )
