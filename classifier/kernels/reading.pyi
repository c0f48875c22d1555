from classifier.kernels import Codes, Floats, Index, Ints, Longs, Singles
from classifier.kernels.patterns import Matcher
from classifier.kernels.routes import Dictionary

class Reader:
    def __init__(
        self,
        segmenter: tuple[Dictionary, Floats] | None,
        phrases: Index,
        words: Index,
        concepts: Ints,
        blocks: tuple[Longs, Floats, bool],
        table: Singles,
        bias: Floats,
        matcher: Matcher,
        rules: tuple[int, int, float, float],
        reaches: tuple[int, int],
    ) -> None: ...
    def read(self, codes: Codes, n_texts: int, piece_ends: Longs | None = None) -> Reading: ...

class Reading:
    codes: Codes
    logits: Floats
    stretches: Ints
    parts: tuple[bytes, bytes, bytes, bytes, bytes]
    def explain(self, chosen: Longs) -> tuple[Ints, Floats]: ...
