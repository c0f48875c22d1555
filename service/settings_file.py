"""A TOML file of settings beside the environment: read against its schema, all faults named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from classifier.errors import SettingsError, shorten
from classifier.toml_document import read_values

Read = TypeVar("Read", bound=BaseModel)


class SettingsFileError(SettingsError):
    """The file has mistakes; `mistakes` has all of them, a sentence each."""

    kind: ClassVar[str]  # what the file is of

    def __init__(self, path: Path, mistakes: list[str]) -> None:
        more = f" (and {len(mistakes) - 1} more)" if len(mistakes) > 1 else ""
        super().__init__(f"{self.kind} {path}: {mistakes[0]}{more}")
        self.mistakes = mistakes


def read_settings_file(path: Path, schema: type[Read], fault: type[SettingsFileError]) -> Read:
    """What a file says.

    Raises:
        SettingsFileError: of the given class; the file cannot be read, or is not as the schema.
    """
    try:
        return schema.model_validate(read_values(path))
    except ValidationError as error:
        raise fault(path, [_sentence(one) for one in error.errors()]) from None
    except (OSError, ValueError) as error:
        raise fault(path, [str(error)]) from error


def zone_mistakes(zone: str) -> Iterator[str]:
    """What is wrong with the name of a time zone, which a schema cannot say."""
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):  # not found is a KeyError
        yield f"zone is {shorten(zone)}, a name such as Asia/Shanghai is needed"


def _sentence(error: ErrorDetails) -> str:
    """One mistake that the schema found: place, value, what is allowed."""
    place = ".".join(str(part) for part in error["loc"])
    if error["type"] == "missing":
        return f"{place} is missing"
    if error["type"] == "extra_forbidden":
        return f"{place} is unknown"
    what = re.sub("^(Input|String|List|Dictionary) should", "it should", error["msg"])
    found = error["input"]
    shown = found if isinstance(found, int | float) else shorten(found)
    return f"{place} is {shown}, {what}"
