"""What agents have made of drafts, beside what was said: examples to train pre-filling with, and to measure it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from cti.storage.ticket_store import TicketStore
from cti.storage.transcript_store import TranscriptStore
from cti.tickets.asked import Wanted
from cti.tickets.prefill.training import Example, example
from cti.tickets.prefill.words import joined

_PAGE = 200


def read_examples(tickets: TicketStore, transcripts: TranscriptStore, since: float, until: float) -> Iterator[Example]:
    """Of tickets made in that time that an agent has submitted and whose call has words; the newest first."""
    while True:
        wanted = Wanted(("submitted", "sent", "closed"), since=since, until=until, touched=True, limit=_PAGE)
        page = tickets.find(wanted)
        for ticket in page:
            if (text := _said(transcripts, ticket.call_id)) and (
                made := example(ticket.id, text, tickets.history(ticket.id))
            ).fields:
                yield made
        if len(page) < _PAGE:
            return
        until = page[-1].created_at


def _said(transcripts: TranscriptStore, call_id: str) -> str:
    """By the citizen; where sides cannot be told apart, by both."""
    words = [
        replace(word, start_s=part.began_at + word.start_s, end_s=part.began_at + word.end_s)
        for part in transcripts.of_call(call_id)
        for line in part.lines
        if line.side != "agent"
        for word in line.words
    ]
    return joined(sorted(words, key=lambda word: word.start_s)).plain
