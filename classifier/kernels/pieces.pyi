from typing import TypeVar

from classifier.kernels import Floats, Ints

Piece = TypeVar("Piece", bound=tuple[object, ...])

def by_text(
    spans: Ints,
    weights: Floats,
    texts: list[str],
    names: list[str],
    factors: Floats,
    kind: type[Piece],
) -> list[tuple[Piece, ...]]: ...
