"""Who changes something, and from where."""

from __future__ import annotations

from dataclasses import dataclass

from service.tables import Role

DEMO_CLIENT = "demo:client"  # the id under which `service.cases.demo` sends its complaints


@dataclass(frozen=True, slots=True)
class Actor:
    """Who changes something, and from where.

    `id` is "user:<number>" for a person on the pages, "key:<id>" for a program, or
    "key:<id>/<name>" for a person that the program names; `source` is an address or "cli".
    """

    id: str
    role: Role
    source: str
