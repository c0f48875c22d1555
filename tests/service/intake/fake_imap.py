"""An IMAP server on this machine: RFC 3501 as far as one folder is read with it."""

from __future__ import annotations

import re
import socketserver
import threading
from dataclasses import dataclass, field

PASSWORD = "app-password-1"


@dataclass
class Folder:
    """Mails by their number (UID), and what the clients said."""

    mails: dict[int, bytes] = field(default_factory=dict)
    validity: int = 7
    said: list[str] = field(default_factory=list)
    breaks_at: int | None = None  # the connection ends when this mail is asked for


class FakeImap(socketserver.ThreadingTCPServer):
    """One account, one folder; checks that nothing is changed."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.folder = Folder()
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self) -> str:
        """Its address, for a user whose name holds an @; the folder is 投诉."""
        return f"imap://anna%40example.com@127.0.0.1:{self.server_address[1]}/%E6%8A%95%E8%AF%89"


class _Session(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        folder: Folder = self.server.folder  # type: ignore[attr-defined]
        self._say("* OK ready")
        for line in self.rfile:
            tag, command, *rest = line.decode().strip().split(" ", 2)
            folder.said.append(f"{command} {rest[0] if rest else ''}".strip())
            if not self._answer(folder, tag, command.upper(), rest[0] if rest else ""):
                return

    def _say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")

    def _answer(self, folder: Folder, tag: str, command: str, rest: str) -> bool:
        if command == "CAPABILITY":
            self._say("* CAPABILITY IMAP4rev1 ID")
        elif command == "LOGIN" and rest != f'"anna@example.com" "{PASSWORD}"':
            self._say(f"{tag} NO [AUTHENTICATIONFAILED] LOGIN failed for anna")
            return True
        elif command == "EXAMINE" and rest != '"&YpWLyQ-"':
            self._say(f"{tag} NO no such mailbox")
            return True
        elif command == "EXAMINE":
            self._say(f"* {len(folder.mails)} EXISTS")
            self._say(f"* OK [UIDVALIDITY {folder.validity}] UIDs valid")
        elif command == "UID":
            return self._uid(folder, tag, rest)
        elif command not in {"LOGIN", "ID"}:
            self._say(f"{tag} BAD {command}")
            return True
        self._say(f"{tag} OK done")
        return True

    def _uid(self, folder: Folder, tag: str, rest: str) -> bool:
        search = re.fullmatch(r"SEARCH UID (\d+):\*( SINCE \d+-[A-Z][a-z]{2}-\d{4})?", rest)
        fetch = re.fullmatch(r"FETCH (\d+) \(BODY\.PEEK\[\]<0\.(\d+)>\)", rest)
        if search:  # n:* holds the last mail even if its number is smaller
            found = [n for n in folder.mails if n >= int(search[1])] or list(folder.mails)[-1:]
            self._say(f"* SEARCH {' '.join(map(str, found))}".rstrip())
        elif fetch and int(fetch[1]) == folder.breaks_at:
            return False
        elif fetch and int(fetch[1]) in folder.mails:
            content = folder.mails[int(fetch[1])][: int(fetch[2])]
            self._say(f"* 1 FETCH (UID {fetch[1]} BODY[]<0> {{{len(content)}}}")
            self.wfile.write(content + b")\r\n")
        elif not fetch:
            self._say(f"{tag} BAD UID {rest}")
            return True
        self._say(f"{tag} OK done")
        return True
