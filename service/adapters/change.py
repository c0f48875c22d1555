"""What is to be done to one ticket, in the words of its system."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from classifier.prediction import Priority
from service.adapters.configuration import AnyAdapter

Json = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Change:
    """What a ticket system is to be told of one message; `mark` is in the note."""

    ticket: str
    message: str
    is_first: bool
    priority: str | None
    group: str | None
    tags: tuple[str, ...]
    note: str
    mark: str

    def raised(self, current: str | None, settings: AnyAdapter) -> str | None:
        """The priority to be set; None to leave it as it is.

        It is only ever raised, whatever people did to it meanwhile: a ticket's first message alone
        may lower it, and only from what the system gives to a new ticket. A priority that is not in
        `priority_order` is left alone.
        """
        order = settings.priority_order
        if self.priority is None or self.priority == current:
            return None
        if not current or (self.is_first and current == settings.default_priority):
            return self.priority
        if current not in order or order.index(self.priority) <= order.index(current):
            return None
        return self.priority

    def with_tags(self, current: list[str]) -> list[str] | None:
        """All tags that the ticket should have; None when it has them."""
        known = {tag.casefold() for tag in current}
        missing = [tag for tag in self.tags if tag.casefold() not in known]
        return [*current, *missing] if missing else None


def change_of(
    settings: AnyAdapter, findings: Json, priority: Priority, *, is_first: bool
) -> tuple[str | None, str | None, tuple[str, ...]]:
    """Priority, group and tags of a ticket; the group only with its first message.

    People may have moved the ticket since then, and it stays where they put it.
    """
    route = findings["route"]
    team, mode = (str(route["team"]), route["mode"]) if isinstance(route, dict) else ("", "")
    moves = is_first and mode in settings.group_modes
    group = settings.groups.get(team) if moves else None
    return settings.priority(priority), group, _tags(settings, findings, priority)


def _tags(settings: AnyAdapter, findings: Json, priority: Priority) -> tuple[str, ...]:
    tags, level, category = settings.tags, findings["intensity"], findings["category"]
    named: dict[str, str] = {str(code): tag for code, tag in tags.priority.items()}
    signals = findings["signals"]
    found = [*tags.always, named.get(priority.name)]
    if isinstance(level, dict):
        found.append(tags.level.get(str(level["level"])))
    if isinstance(category, dict):
        found.append(tags.category.get(str(category["code"])))
    for one in signals if isinstance(signals, list) else []:
        found.append(tags.signals.get(str(one["code"])))
    if findings["outcome"] == "needs_human":
        found.append(tags.needs_human)
    return tuple(dict.fromkeys(tag for tag in found if tag))
