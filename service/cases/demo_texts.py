"""What demo customers say: the texts of the corpus, and some conversations."""

from __future__ import annotations

import csv
import tomllib
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from classifier.dialogue import Role, customer_text
from classifier.errors import InputFileError
from service.schemas import Message, turns_of

_CONVERSATIONS = Path(__file__).with_name("demo_conversations.toml")
_TURN = timedelta(seconds=50)  # from one message to the next


@dataclass(frozen=True, slots=True)
class Row:
    """One text with what its author says of it; of a conversation also who said what."""

    text: str
    category: str
    level: int
    channel: str
    turns: tuple[tuple[Role, str], ...] = ()

    def messages(self, ended_at: datetime) -> list[Message] | None:
        """The conversation, ended at a moment; None of a single text."""
        last = len(self.turns) - 1
        return [
            _message(role, text, ended_at - _TURN * (last - place))
            for place, (role, text) in enumerate(self.turns)
        ] or None


def read_corpus(folder: Path) -> list[Row]:
    """The labelled texts of a folder of CSV files.

    Raises:
        InputFileError: there are none.
    """
    rows = []
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows += [
                Row(row["text"], row["category"], int(row["intensity"]), row.get("channel") or "")
                for row in csv.DictReader(file)
            ]
    if not rows:
        raise InputFileError(f"{folder} has no CSV files with texts: name another by --corpus")
    return rows


def conversations() -> list[Row]:
    """The conversations that come with the package."""
    found = []
    for one in tomllib.loads(_CONVERSATIONS.read_text(encoding="utf-8"))["conversation"]:
        turns = tuple((Role(role), text) for role, text in one["turns"])
        text = customer_text(turns_of([_message(*turn) for turn in turns]))
        found.append(Row(text, one["category"], one["intensity"], one["channel"], turns))
    return found


def _message(role: Role, text: str, at: datetime | None = None) -> Message:
    sent = {"role": role, "text": text, "at": at.isoformat() if at else None}
    return Message.model_validate(sent)
