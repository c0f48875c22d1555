"""Connections are shared out evenly among the workers."""

from __future__ import annotations

from service.balance import Balance
from tests.service.test_server import Running, own_server, sockets, until

__all__ = ["own_server"]  # the fixture
ASKING = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"


def test_a_connection_belongs_to_who_has_fewest() -> None:
    """With as many as another it is anybody's; who has ended or never was is nobody."""
    balance = Balance()
    balance.note(1, 3)
    assert not balance.is_anothers(1)
    balance.note(2, 2)
    assert balance.is_anothers(1)
    assert not balance.is_anothers(2)
    balance.note(2, 3)
    assert not balance.is_anothers(1)
    balance.note(2, 0)
    balance.forget(2)
    assert not balance.is_anothers(1)
    balance.note(300, 0)
    assert balance.is_anothers(1)


def test_workers_share_connections_evenly(own_server: Running) -> None:
    """Five times ten connections: neither of two workers has more than seven of any ten."""
    own_server.settings["TRIAGE_EVENT_WORKER"] = "false"
    own_server.start()
    until(lambda: len(sockets(own_server)) == 2 and len(set(sockets(own_server).values())) == 1)
    quiet = sockets(own_server)
    for _ in range(5):
        clients = [own_server.send(ASKING) for _ in range(10)]
        assert all(client.recv(65_536).startswith(b"HTTP/1.1 200") for client in clients)
        shares = [now - quiet[worker] for worker, now in sockets(own_server).items()]
        for client in clients:
            client.close()
        assert sum(shares) == 10
        assert min(shares) >= 3
        until(lambda: sockets(own_server) == quiet)
