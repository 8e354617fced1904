"""Everything that hears calls: the engine, the taps at their lines, and the words with what is made of them."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from cti.asterisk.channels import Channel
from cti.calls import AgentId, CallId, Milestone
from cti.desk_view import SpeechWord
from cti.drafts import path_of
from cti.exchange import Exchange
from cti.leg import Actions
from cti.live_call import Call
from cti.settings import Settings
from cti.speech_house import SpeechHouse
from cti.talk_taps import Flows, TalkTaps
from cti.tap import Taps
from cti.ticket_book import TicketBook
from cti.tickets.expected import expected_ticket_s
from cti.words_house import WordsHouse


class Listening:
    """`jobs` run as long as the daemon. `channels`: by uniqueid, None while Asterisk is not observed. `tell`: a page.
    `name_of`: somebody of the directory, in both languages. `wrap_up_s`: what agents of a queue usually take."""

    def __init__(
        self,
        settings: Settings,
        exchange: Exchange,
        act: Actions,
        channels: Callable[[], Mapping[str, Channel] | None],
        flows: Flows,
        book: TicketBook,
        timeline: Callable[[CallId], Sequence[Milestone] | None],
        tell: Callable[[AgentId, Mapping[str, Any]], object],
        name_of: Callable[[str], Mapping[str, str] | None],
        wrap_up_s: Callable[[str], float],
    ) -> None:
        self._book, self._timeline, self._wrap_up_s = book, timeline, wrap_up_s
        self.speech = SpeechHouse(settings)
        self.taps = Taps(self.speech, act, settings.agi.host, settings.speech.port)
        self.words = WordsHouse(
            settings,
            exchange,
            self.speech,
            lambda: self.speech.pool is not None,
            book,
            timeline,
            tell,
            name_of,
            lambda: self.taps.port_taken,
        )
        self.talks = TalkTaps(
            exchange, self.taps, channels, flows, self.words.calls, expected_ticket_s=self._expected_ticket_s
        )

    def jobs(self) -> list[Coroutine[Any, Any, None]]:
        return [self.speech.run(), self.taps.run(), self.talks.run(), self.words.run()]

    def word(self) -> SpeechWord:
        """How it stands, for agents."""
        return self.speech.word(heard=not self.taps.port_taken)

    def _expected_ticket_s(self, call: Call) -> float:
        queue = call.need.queue if call.need is not None else ""
        path = path_of(self._timeline(call.id) or ())
        return expected_ticket_s(self._wrap_up_s(queue), path, self._book.rules.form())
