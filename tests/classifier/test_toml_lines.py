"""Where keys stand, in every way that TOML has of writing them."""

from __future__ import annotations

import tomllib
from importlib.resources import files

from classifier.toml_lines import Path, key_lines

DOCUMENT = '''# a comment = [ "x"
version = "1"   # "]"
"a key".'b' = 'c # not a comment'

[plain]  # [not.a.header]
text = """
[no.header]
key = 1 \\"""
"""
raw = \'\'\'
x = {\'\'\'
list = [ # one
  "a,]",
  { inner = 1, "more" = [2,
    3] },
]
[plain.deep."dotted.key"]
x.y = 2026-01-01 10:00:00
[[many]]
one = 1
[[many]]
one = 2
[many.under]
z = {}
'''


def test_every_way_of_writing_a_key_has_its_line() -> None:
    """Quotes, dots, comments, many-line texts and lists, inline tables, arrays of tables."""
    lines = key_lines(DOCUMENT)
    wanted = {
        ("version",): 2, ("a key",): 3, ("a key", "b"): 3, ("plain",): 5, ("plain", "text"): 6,
        ("plain", "raw"): 10, ("plain", "list"): 12, ("plain", "list", 1): 13,
        ("plain", "list", 2): 14, ("plain", "list", 2, "inner"): 14,
        ("plain", "list", 2, "more", 2): 15, ("plain", "deep", "dotted.key"): 17,
        ("plain", "deep", "dotted.key", "x", "y"): 18, ("many", 1): 19, ("many", 1, "one"): 20,
        ("many", 2, "one"): 22, ("many", 2, "under"): 23, ("many", 2, "under", "z"): 24,
    }  # fmt: skip
    assert {path: lines.get(path) for path in wanted} == wanted


def test_every_value_that_tomllib_finds_has_a_line() -> None:
    """Nothing of the packaged policy or of the document is passed over, and nothing made up."""
    packaged = (files("classifier") / "policy.toml").read_text(encoding="utf-8")
    for source in (DOCUMENT, packaged, ""):
        assert set(key_lines(source)) == _paths(tomllib.loads(source))


def _paths(value: object, path: Path = ()) -> set[Path]:
    children: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        children = list(value.items())
    elif isinstance(value, list):
        children = list(enumerate(value, start=1))
    return {(*path, key) for key, _ in children}.union(
        *(_paths(child, (*path, key)) for key, child in children)
    )
