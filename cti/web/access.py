"""Who may do what: one table of all routes, and the middleware that holds everybody to it.

A route without a row is closed to all. Roles are separated by spaces:
    public          anybody
    user            whoever is logged in, guests not
    agent:self      the agent whose id is {id} of the path
    agent:call      an agent; the handler lets him only to calls and tickets that he has a part in
    guest:call      a citizen with a link to one call; the handler takes that call and no other
    supervisor, administrator, auditor, agent
    screen          a wallboard on a wall
    peer            a program that the handler asks for a secret of its own: the other daemon of a pair, Prometheus
The method WS is a WebSocket. It is entered with `?ticket=` of POST /api/socket-ticket or with an Authorization header;
a cookie opens none. `later`: it may say one of both in its first message too, and the handler calls `enter`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from aiohttp import web

from cti.accounts.people import Role
from cti.accounts.sessions import csrf_of
from cti.web.http import COOKIE, CSRF_HEADER, GUARD, GUEST_COOKIE, NOBODY, TRAIL, WHO, Refused, Who, token_of

TABLE = """
GET     /api/health                         public
POST    /api/pair/promise                   peer
GET     /metrics                            peer
GET     /                                   public
GET     /pages/{path}                       public
GET     /vendor/{path}                      public
GET     /login                              public
GET     /agent                              public
GET     /admin                              public
GET     /video                              public
GET     /records                            public
GET     /reports                            public
GET     /wallboard                          public
GET     /supervisor                         public

POST    /api/login                          public
POST    /api/logout                         user screen
GET     /api/me                             user screen
POST    /api/socket-ticket                  user screen guest:call
POST    /api/password                       user
POST    /api/accounts/{id}/unlock           supervisor administrator
GET     /api/audit                          auditor administrator

GET     /api/agents                         user
POST    /api/agents/{id}/status             agent:self supervisor administrator
POST    /api/agents/{id}/finish-wrap-up     agent:self supervisor administrator
POST    /api/agents/{id}/extend-wrap-up     agent:self supervisor administrator
GET     /api/agents/{id}/times              agent:self supervisor administrator auditor
GET     /api/agent-times                    supervisor administrator auditor
GET     /api/schedule                       user
GET     /api/staffing                       supervisor administrator auditor
WS      /api/agents/{id}/desk               later agent:self supervisor administrator
POST    /api/agents/{id}/softphone          agent:self
DELETE  /api/agents/{id}/softphone          agent:self
WS      /sip                                agent guest:call
WS      /sip/supervisor                     supervisor

POST    /api/agents/{id}/force              supervisor administrator
PUT     /api/agents/{id}/skills-today       supervisor administrator
DELETE  /api/agents/{id}/skills-today       supervisor administrator
POST    /api/broadcast                      supervisor administrator
GET     /api/broadcasts                     supervisor administrator auditor
POST    /api/broadcasts/{broadcast}/seen    agent

POST    /api/supervision/softphone          supervisor
DELETE  /api/supervision/softphone          supervisor
GET     /api/supervision                    supervisor
POST    /api/supervision                    supervisor
PATCH   /api/supervision/{supervision}      supervisor
DELETE  /api/supervision/{supervision}      supervisor
POST    /api/supervision/{supervision}/take-over supervisor

GET     /api/live                           user
WS      /api/board                          supervisor administrator auditor screen
GET     /api/calls                          supervisor administrator auditor
GET     /api/calls/{id}                     supervisor administrator auditor
GET     /api/calls/{id}/why                 supervisor administrator auditor
GET     /api/calls/{id}/transcript          agent:call supervisor auditor
GET     /api/calls/{id}/recordings          agent:call supervisor auditor
GET     /api/calls/{id}/recordings/{segment} agent:call supervisor auditor
GET     /api/transcripts                    supervisor auditor
GET     /api/quality                        supervisor auditor
GET     /api/timeline                       administrator
GET     /api/channels                       administrator

GET     /api/ticket-form                    user
GET     /api/calls/{id}/ticket              agent:call supervisor administrator auditor
PUT     /api/calls/{id}/tags                agent:call supervisor administrator
GET     /api/tickets                        agent:call supervisor administrator auditor
GET     /api/tickets/{id}                   agent:call supervisor administrator auditor
PATCH   /api/tickets/{id}                   agent:call supervisor administrator
POST    /api/tickets/{id}/submit            agent:call supervisor administrator
POST    /api/tickets/{id}/recall            agent:call supervisor administrator
POST    /api/tickets/{id}/close             administrator
GET     /api/tickets/{id}/duplicates        agent:call supervisor administrator auditor
POST    /api/tickets/{id}/relate            agent:call supervisor administrator
GET     /api/tickets/{id}/history           agent:call supervisor administrator auditor
GET     /api/openapi.json                   public

GET     /api/directory                      user
POST    /api/calls/{id}/parties             agent:call supervisor administrator
POST    /api/calls/{id}/parties/{p}/join    agent:call supervisor administrator
DELETE  /api/calls/{id}/parties/{p}         agent:call supervisor administrator
POST    /api/calls/{id}/leave               agent:call supervisor administrator
POST    /api/calls/{id}/transfer            agent:call supervisor administrator
POST    /api/calls/{id}/end                 agent:call supervisor administrator

GET     /api/words                          user
GET     /api/calendar                       administrator auditor
GET     /api/config                         administrator auditor
GET     /api/config/{doc}                   administrator auditor
PUT     /api/config/{doc}/draft             administrator
PATCH   /api/config/{doc}/draft             administrator
DELETE  /api/config/{doc}/draft             administrator
POST    /api/config/{doc}/merge             administrator
POST    /api/config/{doc}/password          administrator
GET     /api/config/{doc}/diff              administrator auditor
GET     /api/config/{doc}/touched           administrator
POST    /api/config/{doc}/publish           administrator
GET     /api/config/{doc}/history           administrator auditor
GET     /api/config/{doc}/history/{n}       administrator auditor
POST    /api/config/{doc}/rollback          administrator
POST    /api/flows/{flow}/walk              administrator auditor
GET     /api/prompts                        administrator auditor
GET     /api/prompts/{language}/{prompt}/takes    administrator auditor
GET     /api/prompts/{language}/{prompt}/sound    administrator auditor
PUT     /api/prompts/{language}/{prompt}/sound    administrator
POST    /api/prompts/{language}/{prompt}/voice    administrator
POST    /api/prompts/{language}/{prompt}/restore  administrator

GET     /api/reports/{span}                 supervisor administrator auditor
GET     /api/reports/{span}/losses          supervisor administrator auditor
GET     /api/callbacks                      supervisor administrator auditor
POST    /api/callbacks                      supervisor administrator
POST    /api/callbacks/{task}/close         supervisor administrator
POST    /api/callbacks/{task}/call-now      supervisor administrator
GET     /api/notices                        supervisor administrator
PUT     /api/notices/{name}                 supervisor administrator
DELETE  /api/notices/{name}                 supervisor administrator
GET     /api/flow-modes                     supervisor administrator
PUT     /api/flow-modes/{number}            supervisor administrator
DELETE  /api/flow-modes/{number}            supervisor administrator
GET     /api/guest-listens                  supervisor
POST    /api/guest-listens                  supervisor
DELETE  /api/guest-listens/{guest}          supervisor
GET     /api/alerts                         supervisor administrator auditor
POST    /api/alerts/{alert}/acknowledge     supervisor administrator
GET     /api/surge                          supervisor administrator
POST    /api/surge/{rung}                   supervisor administrator

GET     /api/video-page                     public
POST    /api/visits                         public
GET     /api/visit                          guest:call
POST    /api/visit/telephone                guest:call
POST    /api/visit/chat                     guest:call
POST    /api/visit/key                      guest:call
POST    /api/visit/camera                   guest:call
POST    /api/visit/end                      guest:call
POST    /api/visit/message                  guest:call
WS      /api/visit/channel                  guest:call later
POST    /api/invitations                    agent:call supervisor administrator
GET     /api/video-form                     agent supervisor administrator
GET     /api/calls/{id}/video               agent:call supervisor administrator auditor
POST    /api/calls/{id}/chat                agent:call supervisor
POST    /api/calls/{id}/cards               agent:call supervisor
POST    /api/calls/{id}/camera              agent:call
POST    /api/calls/{id}/video-recording     agent:call
POST    /api/calls/{id}/video-recording/{part} agent:call
GET     /api/calls/{id}/video-recording/{part} supervisor auditor

POST    /api/test-agents                    administrator
DELETE  /api/test-agents                    administrator
"""

_USERS = (Role.AGENT, Role.SUPERVISOR, Role.ADMINISTRATOR, Role.AUDITOR)
_WORDS: Mapping[str, tuple[Role, ...]] = {
    **{str(role): (role,) for role in _USERS},
    "user": _USERS,
    "screen": (Role.SCREEN,),
    "agent:self": (Role.AGENT,),
    "agent:call": (Role.AGENT,),
    "guest:call": (Role.GUEST,),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One row."""

    roles: frozenset[Role]
    open: bool = False
    """To anybody, or to whoever knows what the handler asks for."""
    peer: bool = False
    """What it says is no session's token: nobody is looked up, whatever state sessions are in."""
    own: bool = False
    """An agent who is nothing else that may: only where {id} of the path is his own."""
    socket: bool = False
    later: bool = False

    def why_not(self, who: Who, path_id: str) -> str:
        """The code of the refusal; "": he may."""
        if self.open:
            return ""
        if not who.id:
            return "not_logged_in"
        having = who.roles & self.roles
        if not having:
            return "not_your_role"
        return "not_you" if self.own and having == {Role.AGENT} and path_id != who.id else ""


def read_table(text: str) -> dict[tuple[str, str], Rule]:
    """(method, path) -> rule; a WebSocket's method is GET. ValueError for a row that says nothing clear."""
    rules: dict[tuple[str, str], Rule] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        method, path, *words = line.split()
        key = ("GET" if method == "WS" else method, path)
        if key in rules or not words:
            raise ValueError(f"twice or without anybody: {line}")
        if words in (["public"], ["peer"]):
            rules[key] = Rule(frozenset(), open=True, peer=words == ["peer"], socket=method == "WS")
            continue
        later = "later" in words
        words = [word for word in words if word != "later"]
        if wrong := [word for word in words if word not in _WORDS]:
            raise ValueError(f"nobody is called {wrong[0]!r}: {line}")
        roles = frozenset(role for word in words for role in _WORDS[word])
        rules[key] = Rule(roles, own="agent:self" in words, socket=method == "WS", later=later)
    return rules


RULES = read_table(TABLE)
_CLOSED = Rule(frozenset())
_TEXTS = {
    "not_logged_in": (401, "log in first: POST /api/login"),
    "not_your_role": (403, "this is not for your role"),
    "not_you": (403, "this is only for the agent himself"),
}


@web.middleware
async def access(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuses what the table does not allow; handlers find who asks by `who`."""
    if request.match_info.http_exception is not None:
        return await handler(request)  # there is no such route: nothing to protect
    rule = rule_of(request)
    if (rule.socket or request.method not in ("GET", "HEAD")) and _is_foreign(request):
        raise Refused(403, "other_origin", "a page of another address may not do this")
    if rule.later and not token_of(request) and "ticket" not in request.query:
        request[WHO] = NOBODY  # `enter` decides, when the first message has come
        return await handler(request)
    request[WHO] = who = await _who_asks(request, rule)
    _check(rule, who, request)
    return await handler(request)


async def enter(request: web.Request, said: object) -> Who:
    """Who comes in by a WebSocket whose first message, {"ticket": …} or {"token": …}, is `said`. Refused."""
    if request[WHO] is NOBODY and isinstance(said, dict):
        guard, ticket, token = request.app[GUARD], said.get("ticket"), said.get("token")
        if isinstance(ticket, str):
            request[WHO] = guard.by_ticket(ticket)
        elif isinstance(token, str):
            request[WHO] = await guard.by_token(token if token.isascii() else "")
    _check(rule_of(request), request[WHO], request)
    return request[WHO]


def rule_of(request: web.Request) -> Rule:
    method = "GET" if request.method == "HEAD" else request.method
    return RULES.get((method, _path(request)), _CLOSED)


def _path(request: web.Request) -> str:
    """As in the table."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else ""


async def _who_asks(request: web.Request, rule: Rule) -> Who:
    guard = request.app[GUARD]
    if rule.peer:
        return NOBODY
    if rule.socket and "ticket" in request.query:
        return guard.by_ticket(request.query["ticket"])
    if token := token_of(request):
        return await guard.by_token(token)
    if rule.open or rule.socket:
        return NOBODY
    return await guard.by_cookie(request, _cookie(request, rule))


def _cookie(request: web.Request, rule: Rule) -> str:
    """Of which page: one browser may have an agent's and a citizen's. Where both may ask, each says its own word."""
    if Role.GUEST not in rule.roles:
        return COOKIE
    if rule.roles == {Role.GUEST} or COOKIE not in request.cookies:
        return GUEST_COOKIE
    word = csrf_of(request.cookies.get(GUEST_COOKIE, ""))
    return GUEST_COOKIE if request.headers.get(CSRF_HEADER) == word else COOKIE


def _check(rule: Rule, who: Who, request: web.Request) -> None:
    if code := rule.why_not(who, request.match_info.get("id", "")):
        status, text = _TEXTS[code]
        if who.id:
            request.app[TRAIL].note_refusal(who.id, f"{request.method} {_path(request)}", code)
        raise Refused(status, code, text)


def _is_foreign(request: web.Request) -> bool:
    """Whether a browser says that the page which asks is not one of ours."""
    origin = request.headers.get("Origin")
    return origin is not None and urlsplit(origin).netloc.lower() != request.host.lower()
