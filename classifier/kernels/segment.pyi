from classifier.kernels import Codes, Floats, Keys, Longs

OUTSIDE: int
HAN: int
RARE_HAN: int
ALNUM: int
JOINER: int
PERCENT: int
SIGN: int

def find_piece_ends(codes: Codes, route: Keys, model: Floats) -> Longs: ...
