from classifier.kernels import Bytes, Codes, Longs

PLAIN: int
CHINESE: int
DIGIT: int
LATIN: int
PROVINCE: int
HAN: int
SUSPECT: int

def fold_and_look(codes: Codes, ends: Longs, folds: Codes, kinds: Bytes) -> Bytes: ...
def find_rows(codes: Codes, starts: Bytes, followers: Bytes) -> list[int]: ...
def find_parts(
    codes: Codes, piece_ends: Longs, clause_chars: int, sentence_chars: int
) -> Bytes: ...
