"""Writing back: what was found in a message goes to its ticket, as a delivery of the outbox."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from classifier.policy import Policy
from service.adapters import ledger, marker, note
from service.adapters.change import Change, change_of
from service.adapters.client import Client
from service.adapters.file import Adapter
from service.adapters.systems import SYSTEMS
from service.adapters.tables import AdapterMessage, AdapterTicket
from service.db import Database
from service.outbox.deliveries import Job
from service.outbox.sending import Deadline, SendError
from service.outbox.targets import Target
from service.secret import Secret


class TicketWriter:
    """The ticket systems as targets; safe between threads."""

    def __init__(self, adapters: Mapping[str, Adapter], database: Database, secret: Secret) -> None:
        self._adapters = {one.target: one for one in adapters.values() if one.writes}
        self._database = database
        self._secret = secret
        self.targets: Mapping[str, Target] = {
            name: Target(name, one.settings.delivery, {}) for name, one in self._adapters.items()
        }

    def send(self, target: Target, job: Job, policy: Policy, deadline: Deadline) -> None:
        """Writes one message's findings to its ticket; what is there already is left.

        Raises:
            SendError: the system did not take it.
        """
        adapter = self._adapters[target.name]
        system = SYSTEMS[adapter.settings.system]
        change = self._change(adapter, job, policy)
        system.write(Client(adapter.settings, system.headers(adapter), deadline), change)

    def purge(self, before: datetime) -> None:
        """Drops what was found in messages from before a moment."""
        ledger.forget_findings(self._database, before)

    def _change(self, adapter: Adapter, job: Job, policy: Policy) -> Change:
        content = job.payload["data"]
        number = content.get("message") if isinstance(content, dict) else None
        with self._database.session() as session:
            row = session.get(AdapterMessage, number)
            ticket = session.get(AdapterTicket, row.ticket_id) if row is not None else None
        if row is None or ticket is None or row.findings is None:
            raise SendError("what was found is no longer kept", is_final=True)
        settings = adapter.settings
        priority, group, tags = change_of(
            settings, row.findings, row.priority, is_first=row.is_first
        )
        mark = marker.make(self._secret, adapter.name, ticket.ticket, str(row.id))
        told = note.Told(row.findings, row.priority, row.case_id, row.is_first, mark)
        text = note.write(told, policy, zone=settings.zone, page_url=settings.page_url)
        return Change(ticket.ticket, row.message, row.is_first, priority, group, tags, text, mark)
