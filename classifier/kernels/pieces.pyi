from typing import TypeVar

from classifier.kernels import Floats, Ints

_Piece = TypeVar("_Piece", bound=tuple[object, ...])

def by_text(
    spans: Ints,
    weights: Floats,
    texts: list[str],
    names: list[str],
    factors: Floats,
    kind: type[_Piece],
) -> list[tuple[_Piece, ...]]: ...
