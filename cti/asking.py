"""A caller who waits is asked what he calls about: once in a call, when there is time for it, and at no cost to him.

He keeps his place, and an agent who is found for him, a key or his hanging up cuts the question short in that moment.
What he has said by then, be it half a sentence, goes after him to the agent, or is kept with the call if he is gone.
Figures and comforting words wait until he has spoken, which they need not do for long.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from cti.asterisk.agi_codec import CallerHungUp
from cti.calls import CallFact
from cti.contact import Contact
from cti.question import Listener, MatterOf, Play, Question, classified
from ivr_flows.words import Heard as Answer
from ivr_flows.words import Listen, Route
from queues.estimate import Estimate

if TYPE_CHECKING:
    from cti.journey import Line

ASK_FROM_S: Final = 20.0
"""Who waits less is not asked. The shipped question and its tone take 3.6 s, a sentence 5 to 12 s (`max_s`), the pause
after it up to 2.1 s: with 20 s most callers come to an end before an agent is there, even if he comes a little sooner
than reckoned. Asking costs nobody time, but a question that is cut off in the middle of the answer sounds like a fault,
and whose agent is nearly there tells him."""
_RING_FIRST_S: Final = 0.3
"""The end of a tap is work for Asterisk on the caller's channel: his agent is rung first."""
_AGAIN_S: Final = 10.0
"""Where there is no time, no stream or no sound it is looked at again, as long as he waits."""


class Asking:
    """Of one call."""

    def __init__(self, line: Line, contact: Contact, listener: Listener, matter_of: MatterOf) -> None:
        self._line, self._contact, self._listener, self._matter_of = line, contact, listener, matter_of
        self._not_before = 0.0
        self._late: dict[asyncio.Task[None], Question] = {}

    def is_due(self, command: Route, language: str, estimate: Callable[[], Estimate | None]) -> bool:
        """Whether he should be asked now. Without an estimate nobody at work could take him, and he waits long."""
        call, now = self._contact.call, self._contact.exchange.wall()
        if command.ask is None or call.asked or call.ever_answered or now < self._not_before:
            return False
        self._not_before = now + _AGAIN_S
        if call.phase != "queue" or call.facts.get("medium", "voice") != "voice" or not self._listener.hears(language):
            return False
        if command.max_wait_s is not None and call.queued_at + command.max_wait_s - now < ASK_FROM_S:
            return False
        expected = estimate()
        return expected is None or expected.wait_s >= ASK_FROM_S

    async def put(self, command: Listen, language: str, play: Play, on_late: Callable[[Answer], object]) -> Answer:
        """What he says, or the key he presses. `on_late`: what he had said by then, where a key or an agent came first
        or he hung up; within a second or two, if there was anything."""
        exchange, call_id = self._contact.exchange, self._contact.call_id

        def asked() -> None:
            exchange.call(CallFact.ASKED, call_id, {"language": language})

        question = Question(self._line, self._listener, language, "queue", command, asked)
        if exchange.board.offer_of(call_id) is not None:
            return Answer(None)
        asking = asyncio.ensure_future(self._ask(question, command, play))
        exchange.fall_asleep(call_id, asking.cancel)
        answer = Answer(None)
        try:
            answer = await asking
        except asyncio.CancelledError:
            this = asyncio.current_task()
            if this is None or this.cancelling():
                asking.cancel()
                question.close()
                raise
        except CallerHungUp:
            self.keep_rest(question, command, on_late)
            raise
        except BaseException:
            question.close()
            raise
        finally:
            exchange.awake(call_id)
        if answer.text:
            question.close()
        else:
            self._follow(question, command, on_late, after_s=_RING_FIRST_S, cut_off=False)
        return answer

    def keep_rest(self, question: Question, command: Listen, on_rest: Callable[[Answer], object]) -> None:
        """He hung up in the middle of this question, here or in a menu: what he had said by then is told before his
        call has its end, if there was anything."""
        self._follow(question, command, on_rest, after_s=0.0, cut_off=True)

    def close(self) -> None:
        """The call is over, or another session has it."""
        for late, question in self._late.items():
            late.cancel()
            question.close()  # nobody else does, if it had not begun

    async def _ask(self, question: Question, command: Listen, play: Play) -> Answer:
        return await classified(await question.put(play), command, self._matter_of)

    def _follow(
        self, question: Question, command: Listen, tell: Callable[[Answer], object], *, after_s: float, cut_off: bool
    ) -> None:
        late = self._contact.before_end(self._rest(question, command, tell, after_s, cut_off))
        self._late[late] = question
        late.add_done_callback(self._late.pop)

    async def _rest(
        self, question: Question, command: Listen, tell: Callable[[Answer], object], after_s: float, cut_off: bool
    ) -> None:
        try:
            await asyncio.sleep(after_s)
            heard = await classified(await question.rest(), command, self._matter_of)
            if heard.text and self._contact.call_id in self._contact.exchange.board.calls:
                tell(replace(heard, cut_off=cut_off))
        finally:
            question.close()
