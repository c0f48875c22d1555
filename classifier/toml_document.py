"""A TOML file that people edit, as values and the line of each key; a fault is one sentence."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Protocol, TypeVar

from classifier.errors import RuleFileError
from classifier.policy_table import Mistakes
from classifier.toml_lines import Path as Place
from classifier.toml_lines import key_lines

_MAX_BYTES = 1_000_000
_HASH_CHARS = 16
_SHOWN_MISTAKES = 3
# A megabyte of a.a.a… would take hours: each part walks over those before.
_MAX_KEY_PARTS = 64
_PART = r"[\w\"'-]++[ \t]*+"
_LONG_KEY = re.compile(rf"(?<![\w\"'-])(?:{_PART}\.[ \t]*+){{{_MAX_KEY_PARTS}}}")

Read = TypeVar("Read")


class Rules(Protocol):
    """What a file of rules says; policy and playbook are such."""

    @property
    def version(self) -> str:
        """What people call this content."""

    @property
    def content_hash(self) -> str:
        """What tells it from any other."""


@dataclass(frozen=True, slots=True)
class Document:
    """The values of a file, where each key stands, and what tells this content from another."""

    values: dict[str, object]
    lines: dict[Place, int]
    digest: str


def load(path: Path, name: str, parse: Callable[[bytes], Read], fault: type[RuleFileError]) -> Read:
    """What `parse` makes of a file; `name` is what people call such a file.

    Raises:
        RuleFileError: of the given class; the file cannot be read, or `parse` refuses it.
    """
    try:
        return parse(_content(path, fault))
    except fault as error:
        raise fault(f"{name} {path}: {error}", error.mistakes) from error


def _content(path: Path, fault: type[RuleFileError]) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise fault(str(error.strerror)) from error


def parse(content: bytes, fault: type[RuleFileError]) -> Document:
    """What the bytes of a TOML file say.

    Raises:
        RuleFileError: of the given class; they are too many, or no TOML in UTF-8.
    """
    if len(content) > _MAX_BYTES:
        raise fault(f"{len(content)} bytes are too many, allowed are {_MAX_BYTES}")
    try:
        source = content.decode("utf-8-sig").replace("\r\n", "\n")
        values = _values(source)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise fault(f"line {line}: byte {content[error.start]:#04x} is not UTF-8") from error
    except (ValueError, RecursionError) as error:  # also a number of over 4300 digits
        last = source.count("\n") + 1
        message = str(error).replace("at end of document", f"at line {last}, the last one")
        raise fault(f"not TOML: {message}") from error
    return Document(values, key_lines(source), content_hash(content))


def read_values(path: Traversable) -> dict[str, object]:
    """The values of a TOML file of settings, within the same limits.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is too large, or no TOML in UTF-8.
    """
    content = path.read_bytes()
    if len(content) > _MAX_BYTES:
        raise ValueError(f"{len(content)} bytes are too many, allowed are {_MAX_BYTES}")
    try:
        return _values(content.decode("utf-8-sig"))
    except RecursionError as error:
        raise ValueError("lists are too deep") from error


def _values(source: str) -> dict[str, object]:
    if found := _LONG_KEY.search(source):
        line = source.count("\n", 0, found.start()) + 1
        raise ValueError(f"a key has over {_MAX_KEY_PARTS} parts, too many (at line {line})")
    return tomllib.loads(source)


def content_hash(content: bytes) -> str:
    """What tells one content of a file from another: the start of its SHA-256."""
    return hashlib.sha256(content).hexdigest()[:_HASH_CHARS]


def refuse(mistakes: Mistakes, fault: type[RuleFileError]) -> None:
    """Does nothing for a file without mistakes.

    Raises:
        RuleFileError: of the given class; it names the first mistakes and carries all.
    """
    found = mistakes.texts()
    if found:
        more = len(found) - _SHOWN_MISTAKES
        message = "; ".join(found[:_SHOWN_MISTAKES])
        raise fault(f"{message}; and {more} more" if more > 0 else message, found)
