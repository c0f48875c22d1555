"""The five ticket systems, as far as their documents describe what we use."""

from __future__ import annotations

import base64
import re
from html import unescape

from tests.service.adapters.server import FakeSystem, Json, Reply, Request, Ticket

TOKEN = "t0ken-of-the-api-user"


class FakeZammad(FakeSystem):
    """https://docs.zammad.org/en/latest/api/ticket/index.html."""

    PRIORITIES = ("1 low", "2 normal", "3 high")
    GROUPS = ("Users", "服务品质组")

    def new_ticket(self) -> Ticket:
        """With the defaults of a new installation."""
        return Ticket(priority="2 normal", group="Users")

    def is_known(self, request: Request) -> bool:
        """`Authorization: Token token=…`."""
        return request.headers.get("authorization") == f"Token token={TOKEN}"

    def answer(self, request: Request) -> Reply:  # noqa: PLR0911  (one for each address)
        """Tickets, articles and tags."""
        if request.path == "/api/v1/tags" and request.method == "GET":
            assert request.query["object"] == "Ticket"
            ticket = self.tickets.get(request.query["o_id"])
            return Reply(200, {"tags": ticket.tags}) if ticket else _lost()
        if request.path == "/api/v1/tags/add" and request.method == "POST":
            return self._tag(self.check(request.json, {"item", "object", "o_id"}, "tag"))
        found = re.fullmatch(r"/api/v1/(tickets|ticket_articles/by_ticket)/(\d+)", request.path)
        if found is None:
            return self.unknown(request)
        ticket = self.tickets.get(found[2])
        if ticket is None:
            return _lost()
        if found[1] != "tickets":
            articles = [{"id": 900 + n, "body": body} for n, body in enumerate(ticket.notes)]
            return Reply(200, [{"id": 104, "body": "…", "internal": False}, *articles])
        if request.method == "PUT":
            return self._put(ticket, request.json)
        assert request.query == {"expand": "true"}
        shown = {"id": int(found[2]), "priority": ticket.priority, "group": ticket.group}
        return Reply(200, {**shown, "title": "等了四十分钟", "article_ids": [104]})

    def _tag(self, sent: Json) -> Reply:
        ticket = self.tickets.get(str(sent["o_id"]))
        if ticket is None or sent["object"] != "Ticket" or not isinstance(sent["o_id"], int):
            return _lost()
        if sent["item"] not in ticket.tags:
            ticket.tags.append(str(sent["item"]))
        return Reply(201, True)

    def _put(self, ticket: Ticket, sent: Json) -> Reply:
        self.check(sent, {"priority", "group", "article"}, "ticket")
        if sent.get("priority", "1 low") not in self.PRIORITIES:
            return Reply(422, {"error": "No lookup value found for 'priority'"})
        if sent.get("group", "Users") not in self.GROUPS:
            return Reply(422, {"error": "No lookup value found for 'group'"})
        if "article" in sent:
            fields = {"subject", "body", "content_type", "type", "internal"}
            article = self.check(sent["article"], fields, "article")
            if not article.get("body"):
                return Reply(422, {"error": "Need at least an 'article body' field."})
            assert article["content_type"] == "text/plain"
            assert article["type"] == "note"
            kept = ticket.notes if article["internal"] is True else ticket.public
            kept.append(str(article["body"]))
        ticket.priority = str(sent.get("priority", ticket.priority))
        ticket.group = str(sent.get("group", ticket.group))
        return Reply(200, {"id": 81})


class FakeZendesk(FakeSystem):
    """https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/."""

    PRIORITIES = ("low", "normal", "high", "urgent")

    def new_ticket(self) -> Ticket:
        """A new ticket has no priority."""
        return Ticket(group="1")

    def is_known(self, request: Request) -> bool:
        """Basic, with /token behind the user's name."""
        right = base64.b64encode(f"bot@example.com/token:{TOKEN}".encode()).decode()
        return request.headers.get("authorization") == f"Basic {right}"

    def answer(self, request: Request) -> Reply:
        """Tickets and their comments."""
        found = re.fullmatch(r"/api/v2/tickets/(\d+)(/comments)?\.json", request.path)
        if found is None:
            return self.unknown(request)
        ticket = self.tickets.get(found[1])
        if ticket is None:
            return Reply(404, {"error": "RecordNotFound", "description": "Not found"})
        if found[2]:
            listed = [{"id": 900, "body": one, "public": False} for one in ticket.notes]
            return Reply(200, {"comments": listed, "count": len(listed), "next_page": None})
        if request.method == "PUT":
            return self._put(ticket, self.check(request.json, {"ticket"}, "body"))
        shown = {"id": 81, "priority": ticket.priority, "group_id": int(ticket.group or 0)}
        shown |= {"tags": ticket.tags, "updated_at": self._stamp(ticket), "status": "new"}
        return Reply(200, {"ticket": shown})

    def _put(self, ticket: Ticket, body: Json) -> Reply:
        fields = {"priority", "group_id", "tags", "comment", "safe_update", "updated_stamp"}
        sent = self.check(body["ticket"], fields, "ticket")
        assert sent["safe_update"] is True
        if sent["updated_stamp"] != self._stamp(ticket):
            return Reply(409, {"error": "UpdateConflict", "description": "Safe Update prevented"})
        if sent.get("priority", "low") not in self.PRIORITIES:
            return Reply(422, {"error": "RecordInvalid", "details": {"priority": []}})
        if "comment" in sent:
            comment = self.check(sent["comment"], {"body", "public"}, "comment")
            kept = ticket.notes if comment["public"] is False else ticket.public
            kept.append(str(comment["body"]))
        if "tags" in sent:
            assert isinstance(sent["tags"], list)
            ticket.tags = [str(tag).lower() for tag in sent["tags"]]
        if "group_id" in sent:
            assert isinstance(sent["group_id"], int)
            ticket.group = str(sent["group_id"])
        if "priority" in sent:
            ticket.priority = str(sent["priority"])
        ticket.stamp += 1
        return Reply(200, {"ticket": {"id": 81}, "audit": {"id": 1}})

    def _stamp(self, ticket: Ticket) -> str:
        return f"2026-11-20T14:34:{ticket.stamp:02}Z"


class FakeChatwoot(FakeSystem):
    """https://developers.chatwoot.com/api-reference/conversations."""

    PRIORITIES = ("low", "medium", "high", "urgent", None)

    def is_known(self, request: Request) -> bool:
        """`api_access_token`."""
        return request.headers.get("api_access_token") == TOKEN

    def answer(self, request: Request) -> Reply:
        """Conversations of account 3."""
        found = re.fullmatch(r"/api/v1/accounts/3/conversations/(\d+)(/\w+)?", request.path)
        if found is None:
            return self.unknown(request)
        ticket = self.tickets.get(found[1])
        if ticket is None:
            return Reply(404, {"error": "Resource could not be found"})
        what = (request.method, found[2])
        if what == ("GET", None):
            team = {"id": int(ticket.group)} if ticket.group else None
            shown = {"id": int(found[1]), "priority": ticket.priority, "labels": ticket.tags}
            return Reply(200, {**shown, "meta": {"team": team, "assignee": None}})
        if what == ("GET", "/labels"):
            return Reply(200, {"payload": ticket.tags})
        if what == ("GET", "/messages"):
            assert request.query["after"].isdigit()
            listed = [{"id": 900, "content": one, "private": True} for one in ticket.notes]
            return Reply(200, {"meta": {}, "payload": listed})
        return self._change(ticket, what, request)

    def _change(self, ticket: Ticket, what: tuple[str, str | None], request: Request) -> Reply:
        if what == ("POST", "/toggle_priority"):
            sent = self.check(request.json, {"priority"}, "toggle_priority")
            if sent["priority"] not in self.PRIORITIES:
                return Reply(422, {"message": "is not a valid priority"})
            ticket.priority = str(sent["priority"])
            return Reply(200)
        if what == ("POST", "/labels"):
            sent = self.check(request.json, {"labels"}, "labels")
            assert isinstance(sent["labels"], list)
            ticket.tags = [str(one) for one in sent["labels"]]
            return Reply(200, {"payload": ticket.tags})
        if what == ("POST", "/assignments"):
            sent = self.check(request.json, {"team_id", "assignee_id"}, "assignments")
            ticket.group = str(sent["team_id"])
            return Reply(200, {"id": sent["team_id"]})
        if what == ("POST", "/messages"):
            sent = self.check(request.json, {"content", "message_type", "private"}, "messages")
            assert sent["message_type"] == "outgoing"
            kept = ticket.notes if sent["private"] is True else ticket.public
            kept.append(str(sent["content"]))
            return Reply(200, {"id": 901})
        return self.unknown(request)


class FakeFreeScout(FakeSystem):
    """https://api-docs.freescout.net/."""

    def is_known(self, request: Request) -> bool:
        """`X-FreeScout-API-Key`."""
        return request.headers.get("x-freescout-api-key") == TOKEN

    def answer(self, request: Request) -> Reply:  # noqa: PLR0911  (one for each address)
        """Conversations, their threads, tags and custom fields."""
        found = re.fullmatch(r"/api/conversations/(\d+)(/\w+)?", request.path)
        if found is None:
            return self.unknown(request)
        ticket = self.tickets.get(found[1])
        if ticket is None:
            return Reply(404, {"message": "Not Found", "errorCode": "NOT FOUND"})
        what = (request.method, found[2])
        if what == ("GET", None):
            return Reply(200, self._shown(ticket, request.query["embed"]))
        if what == ("PUT", "/tags"):
            sent = self.check(request.json, {"tags"}, "tags")
            assert isinstance(sent["tags"], list)
            ticket.tags = [str(one) for one in sent["tags"]]
            return Reply(204)
        if what == ("PUT", "/custom_fields"):
            (one,) = self.check(request.json, {"customFields"}, "fields")["customFields"]
            assert self.check(one, {"id", "value"}, "field")["id"] == 37
            ticket.priority = str(one["value"])
            return Reply(204)
        if what == ("PUT", None):
            allowed = {"byUser", "assignTo", "mailboxId", "status"}
            sent = self.check(request.json, allowed, "conversation")
            assert sent["byUser"] == 33
            ticket.group = f"user:{sent['assignTo']}"
            return Reply(204)
        if what == ("POST", "/threads"):
            sent = self.check(request.json, {"type", "text", "user"}, "thread")
            assert sent["user"] == 33
            kept = ticket.notes if sent["type"] == "note" else ticket.public
            kept.append(str(sent["text"]))
            return Reply(201, None, {"Resource-ID": "901"})
        return self.unknown(request)

    def _shown(self, ticket: Ticket, embed: str) -> Json:
        assert embed == "threads,tags"
        threads = [{"id": 900, "type": "note", "body": one} for one in ticket.notes]
        embedded = {"threads": [*threads, {"id": 104, "type": "customer", "body": "…"}]}
        embedded["tags"] = [{"id": n, "name": name} for n, name in enumerate(ticket.tags)]
        number = (ticket.group or ":").split(":")[1]
        return {
            "id": 81,
            "mailboxId": 1,
            "assignee": {"id": int(number)} if number else None,
            "customFields": [{"id": 37, "name": "优先级", "value": ticket.priority or ""}],
            "_embedded": embedded,
        }


class FakeOsTicket(FakeSystem):
    """The endpoint of the plugin that docs/adapters.md asks for."""

    ORDER = ("low", "normal", "high", "emergency")

    def new_ticket(self) -> Ticket:
        """With the default priority."""
        return Ticket(priority="normal", group="Support")

    def is_known(self, request: Request) -> bool:
        """`X-API-Key`, as osTicket's own API has it."""
        return request.headers.get("x-api-key") == TOKEN

    def answer(self, request: Request) -> Reply:
        """One address for everything."""
        if (request.method, request.path) != ("POST", "/triage.php"):
            return self.unknown(request)
        fields = {"ticket", "message", "priority", "only_raise", "department", "tags", "note"}
        sent = self.check(request.json, fields | {"mark"}, "body")
        note = self.check(sent["note"], {"title", "body", "format"}, "note")
        ticket = self.tickets.get(str(sent["ticket"]))
        if ticket is None:
            return Reply(404, {"error": "no such ticket"})
        assert sent["only_raise"] is True
        new, old = sent["priority"], ticket.priority
        if new and (old is None or self.ORDER.index(str(new)) > self.ORDER.index(old)):
            ticket.priority = str(new)
        ticket.group = str(sent["department"] or ticket.group)
        assert isinstance(sent["tags"], list)
        ticket.tags += [str(tag) for tag in sent["tags"] if tag not in ticket.tags]
        if not any(str(sent["mark"]) in one for one in ticket.notes):
            ticket.notes.append(str(note["body"]))
        return Reply(200, {"ok": True})


def note_text(note: str) -> str:
    """A note as people read it, whatever the system keeps it as."""
    return unescape(note.replace("<br>", "\n"))


def _lost() -> Reply:
    return Reply(404, {"error": "Couldn't find Ticket"})
