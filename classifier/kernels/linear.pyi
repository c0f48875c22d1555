from classifier.kernels import Codes, Floats, Ints, Longs, Singles

def weigh(
    found: Ints, n_texts: int, idf: Floats, length: float, sublinear: bool
) -> tuple[Longs, Ints, Floats]: ...
def add_shares(
    blocks: tuple[Ints, ...],
    firsts: Longs,
    lengths: Floats,
    sublinear: bool,
    table: Singles,
    chosen: Longs,
    shares: Floats,
) -> None: ...
def find_spans(
    codes: Codes, piece_ends: Longs, shares: Floats, rules: tuple[int, int, float, float]
) -> tuple[Ints, Floats]: ...
