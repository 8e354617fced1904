"""The talks of a time, inspected."""

from __future__ import annotations

from cti.calls import CallId
from cti.storage.store import Store
from cti.storage.transcript_store import TranscriptStore
from recordings.quality import Inspected, Rules, inspect


def inspected(
    calls: Store, transcripts: TranscriptStore, rules: Rules, since: float, until: float, limit: int
) -> tuple[list[Inspected], float]:
    """The newest first, of `limit` recordings at most; and from when on all are in it."""
    found = []
    page = transcripts.between(since, until, limit)
    for spoken in page:
        if (quality := inspect(spoken, rules)) is None:
            continue
        record = calls.call(CallId(spoken.call_id)) if quality.findings else None
        agent = ""
        if record is not None and record.segments:
            ours = {one.name: one.who for one in record.segments if one.kind == "agent"}
            if spoken.segment not in ours:
                continue  # of a department or an expert: they are not ours to inspect
            agent, names = ours[spoken.segment], list(ours)
            begins, ends = spoken.segment == names[0], spoken.segment == names[-1]
            quality = inspect(spoken, rules, begins=begins, ends=ends) or quality
        found.append(Inspected(spoken.call_id, spoken.segment, spoken.began_at, agent, quality))
    return found, page[-1].began_at if len(page) >= limit else since
