"""The ticket systems that there are, by the name that the file of adapters has for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from service.adapters import chatwoot, freescout, osticket, zammad, zendesk
from service.adapters.change import Change
from service.adapters.client import Client
from service.adapters.configuration import AnyAdapter
from service.adapters.file import Adapter
from service.adapters.inbound import Ignored, Message, Payload, Sent


@dataclass(frozen=True, slots=True)
class System:
    """What differs between them."""

    verify: Callable[[Sent, str, AnyAdapter], bool]
    read: Callable[[Sent, Payload, AnyAdapter], Message | Ignored]
    headers: Callable[[Adapter], dict[str, str]]
    write: Callable[[Client, Change], None]


SYSTEMS = {
    name: System(module.verify, module.read, module.headers, module.write)
    for name, module in (
        ("zammad", zammad),
        ("zendesk", zendesk),
        ("chatwoot", chatwoot),
        ("freescout", freescout),
        ("osticket", osticket),
    )
}
