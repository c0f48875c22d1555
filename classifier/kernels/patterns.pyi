from classifier.kernels import Bytes, Codes, Ints

END: int
JUMP: int
SPLIT: int
WORDS: int
MANY: int
FEW: int
BEFORE: int
MOST_CHOICES: int

class Matcher:
    def __init__(
        self,
        steps: Ints,
        firsts: Ints,
        words: tuple[Ints, Ints, Codes],
        kinds: Bytes,
        watch: tuple[Ints, Ints, Ints],
    ) -> None: ...
    def find(self, codes: Codes, anchors: Ints) -> Ints: ...
    def search(self, codes: Codes, pattern: int, low: int, high: int) -> tuple[int, int] | None: ...
