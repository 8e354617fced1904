"""What `yihu bench reports` measures is what it says: so many calls, all over, and both ways of reading them alike."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from cti.bench import reports
from cti.metrics.record import fold_with_faults
from cti.storage.sql import SqlStore


def test_the_calls_of_a_month_are_there_and_both_ways_of_reading_them_say_the_same(sql_url: str) -> None:
    reports._generate(sql_url, 300, 7)
    store = SqlStore.open(sql_url)
    period = reports.SPAN.period(reports.ZONE)
    records = store.calls(period.since, period.until)
    assert len(records) == 300
    assert 150 < sum(record.answered for record in records) < 280
    assert store.open_calls(period.since, period.until) == 0
    answered = next(record for record in records if record.answered and record.agents)
    folded = fold_with_faults(store.milestones(answered.call_id))[0]
    assert (folded.answered_at, folded.agents) == (answered.answered_at, answered.agents)
    store.close()

    reports._make_calls(sql_url)
    reports._make_agents(sql_url)
    for by in reports.BYS:
        kept, told = (reports._report(sql_url, by, from_calls) for from_calls in (False, True))
        assert kept == told, by
        assert kept["rows"]


def test_seconds_and_memory_of_every_phase_are_told() -> None:
    # The command itself, which the processes of its phases read too.
    command = [Path(sys.executable).with_name("yihu"), "bench", "reports", "--calls", "100", "--json"]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    told = json.loads(said.stdout)
    assert (told["calls"], told["database"], told["same"]) == (100, "SQLite", True)
    for phase in (told["generated"], told["made_calls"], told["made_agents"], *told["from_sums"].values()):
        assert phase["seconds"] > 0
        assert phase["peak_mb"] > 10
    assert told["from_calls"].keys() == told["from_sums"].keys() == {"day", "queue", "agent"}
