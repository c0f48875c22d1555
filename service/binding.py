"""The address to listen on, checked before anything is made or shown."""

from __future__ import annotations

import socket

from classifier.errors import TriageError
from service.settings import Settings


class AddressError(TriageError):
    """The address cannot be listened on."""


def address(settings: Settings) -> str:
    """Host and port as gunicorn reads them."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"{host}:{settings.port}"


def check(settings: Settings) -> None:
    """Listens for a moment.

    Raises:
        AddressError: another program listens there, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
            probe.listen(1)
        except OSError as error:
            raise AddressError(
                f"cannot listen on {address(settings)} ({error.strerror or error}): "
                "set TRIAGE_HOST or TRIAGE_PORT to a free address"
            ) from error
