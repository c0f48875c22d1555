from classifier.kernels import Codes, Floats, Keys, Longs, Table

MAX_WEIGHTS: int
MAX_WORD_CHARS: int
Dictionary = tuple[Codes, Keys, Table, Floats]

def read_entries(codes: Codes) -> tuple[Longs, Longs, Longs]: ...
def enter_words(
    codes: Codes, spans: tuple[Longs, Longs], numbers: Longs, tables: tuple[Codes, Keys, Table]
) -> Longs: ...
def find_route(codes: Codes, dictionary: Dictionary) -> Keys: ...
