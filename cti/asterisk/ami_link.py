"""One AMI connection: panoramisk's Manager without the parts that act behind our back, and our protocol under it."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final

from panoramisk.ami_protocol import AMIProtocol
from panoramisk.manager import Manager
from panoramisk.message import Message

from cti.asterisk.ami_codec import (
    AmiBroken,
    AmiDown,
    AmiEvent,
    AmiReader,
    AmiRefused,
    AmiReply,
    AmiTimeout,
    Refused,
    encode_action,
)

FORGOTTEN_KEPT: Final = 1000
"""Ids of actions given up that Asterisk may still answer."""


class Lost(Exception):
    """The connection is over; the text says why."""


class QuietManager(Manager):  # type: ignore[misc]
    """Connects and logs in. Never connects again, pings or sends anything by itself: `Ami` decides that."""

    def __init__(self, **config: Any) -> None:
        super().__init__(loop=asyncio.get_running_loop(), **config)
        self._given_up = False

    def connection_made(self, f: asyncio.Task[Any]) -> None:
        if f.cancelled() or f.exception() is not None:
            return
        if self._given_up:
            f.result()[0].abort()
            return
        super().connection_made(f)

    def login(self, future: asyncio.Future[Any]) -> None:
        if not future.cancelled() and future.exception() is None:
            super().login(future)

    def ping(self) -> None:
        self.pinger = None

    def give_up(self) -> None:
        """Cancels its timer; a connection that is being made is dropped as soon as it is there."""
        self._given_up = True
        if self.pinger is not None:
            self.pinger.cancel()


class _Request:
    """An action that waits for its reply, and for its list."""

    __slots__ = ("action", "as_list", "future", "items", "reply")

    def __init__(self, action: str, as_list: bool, future: asyncio.Future[Any]) -> None:
        self.action, self.as_list, self.future = action, as_list, future
        self.reply: Mapping[str, str] = {}
        self.items: list[AmiEvent] = []


class Link(AMIProtocol):  # type: ignore[misc]
    """Actions out, each once and each with its time limit; events in, as far as they can be believed."""

    def __init__(
        self,
        nonce: str,
        on_event: Callable[[AmiEvent], None],
        on_refused: Callable[[str, bool], None],
        on_data: Callable[[], None],
    ) -> None:
        self._requests: dict[str, _Request] = {}
        self._forgotten: deque[str] = deque(maxlen=FORGOTTEN_KEPT)
        self._reader = AmiReader(nonce, self._knows)
        self._reader.expect_booted = True
        self._on_event, self._on_refused, self._on_data = on_event, on_refused, on_data
        self._lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._transport: asyncio.Transport | None = None

    @property
    def version(self) -> str:
        return self._reader.version

    @version.setter
    def version(self, _: object) -> None:
        """panoramisk sets it; ours is what the greeting said."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        if self._lost.done():
            transport.abort()

    def logged_in(self) -> None:
        self._reader.expect_booted = False

    def send(self, data: Mapping[str, str], as_list: bool | None = None) -> asyncio.Future[Any]:
        """What panoramisk's log-in calls; its answer is panoramisk's Message."""
        headers = dict(data)
        _, request = self._begin(headers.pop("Action"), tuple(headers.items()), as_list=False)
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        def on_reply(done: asyncio.Future[Any]) -> None:
            if answer.done():
                return
            if isinstance(error := done.exception(), AmiRefused):
                answer.set_result(Message({"Response": "Error", "Message": error.message}))
            elif error is not None:
                answer.set_exception(error)
                answer.exception()
            else:
                answer.set_result(Message(dict(done.result()[0])))

        request.future.add_done_callback(on_reply)
        return answer

    async def request(
        self, action: str, headers: tuple[tuple[str, str], ...], timeout_s: float, *, as_list: bool = False
    ) -> tuple[Mapping[str, str], list[AmiEvent]]:
        """The reply's headers and, of a list action, the items. AmiBadValue, AmiDown, AmiTimeout, AmiRefused."""
        action_id, request = self._begin(action, headers, as_list=as_list)
        timer = asyncio.get_running_loop().call_later(timeout_s, self._expire, action_id)
        try:
            result: tuple[Mapping[str, str], list[AmiEvent]] = await request.future
            return result
        finally:
            timer.cancel()
            if self._requests.pop(action_id, None) is not None:  # cancelled: its reply may still come
                self._forgotten.append(action_id)

    async def watch(self) -> None:
        """Raises Lost when the connection is over."""
        raise Lost(await asyncio.shield(self._lost))

    def abort(self, reason: str) -> None:
        """Ends the connection now; what waits for a reply fails with AmiDown."""
        if not self._lost.done():
            self._lost.set_result(reason)
        requests, self._requests = self._requests, {}
        for request in requests.values():
            _fail(request.future, AmiDown(f"{request.action}: the connection broke before the reply ({reason})"))
        if self._transport is not None:
            self._transport.abort()

    def close(self) -> None:
        self.abort("closed")

    def data_received(self, data: bytes) -> None:
        self._on_data()
        try:
            messages = self._reader.feed(data)
        except AmiBroken as error:
            self.abort(str(error))
            return
        for message in messages:
            if type(message) is AmiEvent:
                request = self._requests.get(message.fields["ActionID"]) if "ActionID" in message.fields else None
                if request is not None and request.as_list:
                    self._on_item(message.fields["ActionID"], request, message)
                elif "SystemName" in message.fields or message.fields.get("ActionID", "") not in self._forgotten:
                    self._on_event(message)  # (else it is an item of a list that was given up)
            elif type(message) is AmiReply:
                self._on_reply(message)
            elif type(message) is Refused:
                self._on_refused(message.reason, message.in_list)

    def connection_lost(self, exc: Exception | None) -> None:
        self.abort("Asterisk closed the connection" if exc is None else f"connection lost: {type(exc).__name__}")

    def _begin(self, action: str, headers: tuple[tuple[str, str], ...], *, as_list: bool) -> tuple[str, _Request]:
        action_id = secrets.token_hex(12)  # random: a reply made up by somebody else cannot name it
        data = encode_action(action, action_id, headers)
        if self._transport is None or self._lost.done():
            raise AmiDown(f"{action}: not connected")
        request = self._requests[action_id] = _Request(action, as_list, asyncio.get_running_loop().create_future())
        self._transport.write(data)
        return action_id, request

    def _expire(self, action_id: str) -> None:
        if request := self._requests.pop(action_id, None):
            self._forgotten.append(action_id)
            _fail(request.future, AmiTimeout(f"{request.action}: no reply in time"))

    def _knows(self, action_id: str) -> bool:
        return action_id in self._requests or action_id in self._forgotten

    def _on_reply(self, reply: AmiReply) -> None:
        request = self._requests.get(reply.action_id)
        if request is None:
            return
        request.reply = reply.fields
        if request.as_list and reply.ok and reply.fields.get("EventList", "").lower() == "start":
            return
        del self._requests[reply.action_id]
        if reply.ok:
            _resolve(request)
        else:
            _fail(request.future, AmiRefused(request.action, reply.fields.get("Message", "no reason given")))

    def _on_item(self, action_id: str, request: _Request, event: AmiEvent) -> None:
        if event.fields.get("EventList", "").lower() == "complete":
            del self._requests[action_id]
            _resolve(request)
        else:
            request.items.append(event)


def _resolve(request: _Request) -> None:
    if not request.future.done():
        request.future.set_result((request.reply, request.items))


def _fail(future: asyncio.Future[Any], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
        future.exception()  # seen: the one who waited may have been cancelled in this very turn
