from typing import Any, TypeVar

from classifier.kernels import Floats, Ints

_Piece = TypeVar("_Piece", bound=tuple[object, ...])

def rows(kind: type[_Piece], *columns: list[Any]) -> list[_Piece]: ...
def by_text(
    spans: Ints,
    weights: Floats,
    texts: list[str],
    names: list[str],
    factors: Floats,
    kind: type[_Piece],
) -> list[tuple[_Piece, ...]]: ...
