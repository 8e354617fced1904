"""What Prometheus is told of a city in a known state; manual, dashboard and alerts speak of nothing else."""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import Metric

from agents.status import State
from cti.asterisk.agi import AgiServer
from cti.asterisk.ami import Ami
from cti.calls import AgentFact, CallFact, CallId, Need
from cti.exposition import PHASES, RUNGS, Exposition, Parts
from cti.live_figures import LiveFigures
from cti.loop_lag import LoopLag
from cti.metrics.figures import LOSS_PLACES
from cti.metrics.record import CallRecord, fold
from cti.offer_times import OfferTimes
from cti.rules import Surge
from cti.settings import PROJECT, Calls, Settings
from cti.speech.pool import Pool, PoolRules
from cti.storage.live import RedisLive
from cti.storage.records import Records
from cti.storage.segments import segment_path
from tests.support.figures import families, figures, series
from tests.support.floor import ZONE, Floor

OPERATING = PROJECT / "docs" / "operating.md"
DASHBOARD = PROJECT / "docs" / "examples" / "grafana-yihu.json"
ALERTS = PROJECT / "docs" / "examples" / "prometheus-alerts.yml"
AGENTS = {
    "a1001": ("林小燕", {"general": 3}),
    "a1002": ("李静", {"general": 3, "enterprise": 2}),
    "a1003": ("王强", {"general": 1}),
    "a1004": ("赵敏", {"cantonese": 1}),
}


class City:
    """A floor, and everything else as in a daemon that runs nothing."""

    def __init__(self, folder: Path) -> None:
        self.floor = floor = Floor(AGENTS)
        settings = Settings(var=folder, calls=Calls(min_free_mb=1))
        self.records = Records(settings)
        self.told = len(floor.journal)
        self.pool: Pool | None = None
        self.owed: tuple[int, int] | None = None
        self.parts_ok = {"journal": True, "asterisk": False}
        self.alerts = Counter({("longest_wait", "critical", False): 2, ("part", "warning", True): 1})

        def wall() -> float:
            return floor.now

        self.tally = LiveFigures(ZONE, wall)
        self.offers = OfferTimes(floor.board, wall)
        self.lag = LoopLag(time.monotonic)
        self.observe, self.act = ami(), ami()
        self.agi = AgiServer({})
        self.live = RedisLive(settings.redis_url, "dongguan")
        self.exposition = Exposition(
            Parts(
                version="0.1.0",
                city="dongguan",
                board=floor.board,
                wall=wall,
                queues=lambda: ("general", "enterprise"),
                tally=self.tally,
                offers=self.offers,
                owed=lambda: self.owed,
                records=self.records,
                live=self.live,
                observe=self.observe,
                act=self.act,
                agi=self.agi,
                speech=lambda: self.pool,
                lag=self.lag,
                health=lambda: {"parts": {name: {"ok": ok} for name, ok in self.parts_ok.items()}},
                alerts=lambda: self.alerts,
                monotonic=lambda: self.observe.last_seen + 2.5,
            )
        )

    def tell(self) -> None:
        """What has happened is durable, and the records of ended calls are complete."""
        new = self.floor.journal[self.told :]
        self.told = len(self.floor.journal)
        self.tally.heard(new)
        self.offers.heard(new)
        for milestone in new:
            if milestone.kind == CallFact.ENDED:
                self.tally.on_ended(fold(self.floor.timeline(milestone.id)))

    async def know_today(self) -> None:
        """Nothing was before the start."""

        async def nothing(_since: float, _until: float) -> list[CallRecord]:
            return []

        async def drained() -> None:
            pass

        await self.tally.recall(nothing, drained)

    async def text(self) -> str:
        return (await self.exposition.text()).decode()

    async def read(self) -> dict[str, Metric]:
        return families(await self.text())


def ami() -> Ami:
    return Ami(
        host="127.0.0.1",
        port=1,
        username="cti-ro",
        secret="x",
        nonce=str,
        on_event=lambda event: None,
        rng=random.Random(1),
    )


@pytest.fixture
async def city(tmp_path: Path) -> AsyncIterator[City]:
    made = City(tmp_path)
    yield made
    await made.records.journal.close()
    await made.live.close()


@pytest.fixture
async def busy(city: City) -> City:
    """a1002 talks, a1001 is rung, a1003 is on a break, a1004 is idle; c3 waits for 40 s, a callback for 10 s; of the
    calls that have ended one was answered and two were lost."""
    floor = city.floor
    floor.agent(AgentFact.STATUS, "a1003", status="break", reason="lunch")
    floor.queues("c0", Need("general"))
    floor.answers("c0")
    floor.talk_ends("c0")
    floor.ends("c0")
    floor.arrives("l1")
    floor.ends("l1", lost_at="menu")
    floor.arrives("l2")
    floor.ends("l2", lost_at="menu")
    floor.at(10)
    floor.queues("c1", Need("enterprise"))
    floor.queues("c2", Need("general"))
    floor.answers("c1")
    floor.at(15)
    floor.arrives("c3")
    floor.at(20)
    floor.queues("c3", Need("general"))
    floor.at(50)
    floor.arrives("cb-1", direction="callback")
    floor.queues("cb-1", Need("general"))
    floor.arrives("c4")
    floor.rung("borrow", True)
    floor.at(60)
    city.tell()
    return city


async def test_calls_are_told_by_phase_and_who_waits_by_queue(busy: City) -> None:
    told = await busy.read()
    calls = figures(told["yihu_calls"])
    assert {labels: n for labels, n in calls.items() if n} == {
        ("in", "talk"): 1,
        ("in", "ringing"): 1,
        ("in", "queue"): 1,
        ("callback", "queue"): 1,
        ("in", "greeting"): 1,
    }
    assert {phase for _, phase in calls} == set(PHASES)
    assert figures(told["yihu_queue_waiting_calls"]) == {("general",): 1, ("enterprise",): 0}
    assert figures(told["yihu_queue_longest_wait_seconds"]) == {("general",): 40, ("enterprise",): 0}


async def test_agents_are_told_by_state_and_by_queue(busy: City) -> None:
    told = await busy.read()
    assert figures(told["yihu_agents"]) == {(str(state),): 0 for state in State} | {
        ("talking",): 1,
        ("offered",): 1,
        ("not_ready",): 1,
        ("idle",): 1,
    }
    assert {labels: n for labels, n in figures(told["yihu_queue_agents"]).items() if n} == {
        ("general", "talking"): 1,
        ("general", "offered"): 1,
        ("general", "not_ready"): 1,
        ("enterprise", "talking"): 1,
    }


async def test_calls_that_ended_are_counted_and_the_day_once_it_is_known(busy: City) -> None:
    told = await busy.read()
    assert told["yihu_calls_arrived"].samples[0].value == 7, "callbacks are ours"
    assert told["yihu_calls_answered"].samples[0].value == 1
    lost = dict.fromkeys([(place,) for place in LOSS_PLACES], 0) | {("menu",): 2}
    assert figures(told["yihu_calls_lost"]) == lost
    assert not told["yihu_today_calls"].samples, "not known is not 0"
    assert not told["yihu_today_connection_rate_ratio"].samples

    await busy.know_today()
    told = await busy.read()
    assert told["yihu_today_calls"].samples[0].value == 4, "one more is in its talk, the others are not decided"
    assert told["yihu_today_answered_calls"].samples[0].value == 2
    assert told["yihu_today_connection_rate_ratio"].samples[0].value == pytest.approx(1 / 2)
    assert figures(told["yihu_today_lost_calls"]) == lost


async def test_the_rungs_that_are_on_are_told_and_all_have_a_name(busy: City) -> None:
    rungs = figures((await busy.read())["yihu_surge_rung_on"])
    assert rungs == {(rung,): float(rung == "borrow") for rung in RUNGS}
    assert {rung.rung for rung in Surge().rungs} <= set(RUNGS)


async def test_callbacks_that_we_owe_are_told_once_they_are_known(city: City) -> None:
    assert not (await city.read())["yihu_callback_tasks"].samples
    city.owed = (3, 12)
    assert figures((await city.read())["yihu_callback_tasks"]) == {("requested",): 3, ("missed",): 12}


async def test_the_journal_tells_what_it_has_written_and_what_waits(city: City) -> None:
    journal = city.records.journal
    milestones = city.floor.journal
    for milestone in milestones[:3]:
        journal.append(milestone)
    told = await city.read()
    assert told["yihu_journal_pending_lines"].samples[0].value == 3
    assert told["yihu_journal_oldest_pending_seconds"].samples[0].value > 0
    assert not told["yihu_journal_free_bytes"].samples, "nobody has looked"

    writer = asyncio.create_task(journal.run())
    await journal.durable()
    told = await city.read()
    writer.cancel()
    await asyncio.gather(writer, return_exceptions=True)
    assert told["yihu_journal_pending_lines"].samples[0].value == 0
    assert told["yihu_journal_lines"].samples[0].value == 3
    assert told["yihu_journal_bytes"].samples[0].value == segment_path(journal.folder, 1).stat().st_size > 0
    assert told["yihu_journal_free_bytes"].samples[0].value > 0
    count = next(s for s in told["yihu_journal_fsync_seconds"].samples if s.name.endswith("_count"))
    assert count.value == 1


async def test_a_part_that_is_not_well_shows_by_its_name(city: City) -> None:
    told = await city.read()
    assert figures(told["yihu_part_ok"]) == {("journal",): 1, ("asterisk",): 0}
    assert figures(told["yihu_ami_connected"]) == {("observe",): 0, ("act",): 0}
    assert figures(told["yihu_ami_silence_seconds"])["observe",] == pytest.approx(2.5)
    assert told["yihu_redis_up"].samples[0].value == 1
    city.live._failure = "away"
    assert (await city.read())["yihu_redis_up"].samples[0].value == 0


async def test_speech_is_told_with_and_without_a_model(city: City, tmp_path: Path) -> None:
    told = await city.read()
    assert told["yihu_speech_workers"].samples[0].value == 0
    city.pool = Pool((), "fake", tmp_path / "log", time.monotonic, PoolRules(2, None, 100.0, ("zh-CN",)))
    city.pool.open("talk")
    city.pool.restarts = 2
    told = await city.read()
    assert told["yihu_speech_worker_restarts"].samples[0].value == 2
    assert {labels: n for labels, n in figures(told["yihu_speech_streams_ended"]).items() if n} == {
        ("talk", "no_worker"): 1
    }


async def test_how_long_things_took_is_told_by_bounds(city: City) -> None:
    """Given replies of 4 ms and 3 s, then the bucket of 5 ms has one of them and the last one both."""
    for seconds in (0.004, 3.0):
        city.act.replies["action"].add(seconds)
    samples = [
        sample
        for sample in (await city.read())["yihu_ami_reply_seconds"].samples
        if (sample.labels["connection"], sample.labels["kind"]) == ("act", "action")
    ]
    buckets = {sample.labels["le"]: sample.value for sample in samples if sample.name.endswith("_bucket")}
    assert (buckets["0.0025"], buckets["0.005"], buckets["2.0"], buckets["+Inf"]) == (0, 1, 1, 2)
    assert {s.name.rpartition("_")[2]: s.value for s in samples if "le" not in s.labels} == {"count": 2, "sum": 3.004}


async def test_names_help_types_and_units_are_as_prometheus_wants_them(city: City) -> None:
    text = await city.text()
    told = families(text)
    assert told["process_resident_memory_bytes"].samples[0].value > 1e6, "of the process itself too"
    assert told["yihu_build_info"].samples[0].labels == {"version": "0.1.0", "city": "dongguan"}
    for name, family in told.items():
        assert family.type in ("gauge", "counter", "histogram"), name
        assert len(family.documentation) > 5, name
        assert not re.search(r"_(ms|s|mb|kb|percent|minutes)(_|$)|_total_|count$", name), name
        if name.startswith("yihu_"):
            assert re.fullmatch(r"yihu(_[a-z]+)+", name), name
            assert family.type != "histogram" or name.endswith("_seconds"), name
            assert f"# HELP {name}{'_total' * (family.type == 'counter')} " in text, name
    assert len(re.findall("^# TYPE ", text, re.MULTILINE)) == len(told), "each once"


async def test_alerts_that_are_up_are_told_by_what_they_are_and_the_others_are_zero(busy: City) -> None:
    told = figures(families(await busy.text())["yihu_alerts"])
    assert told["false", "longest_wait", "critical"] == 2
    assert told["true", "part", "warning"] == 1
    assert (len(told), sum(told.values())) == (6 * 2 * 2, 3)


async def test_no_personal_data_and_no_value_without_bound(busy: City) -> None:
    text = await busy.text()
    said = "\n".join(line.rpartition(" ")[0] for line in text.splitlines() if not line.startswith("#"))
    assert not [one for one in (*AGENTS, *(name for name, _ in AGENTS.values())) if one in said]
    assert not [one for one in ("13800138000", "12345", "c1", "cb-1", "@sip") if one in said]
    before = text.count("\n")
    for n in range(100):
        busy.floor.arrives(f"more{n}")
        busy.floor.queues(f"more{n}", Need("general"))
    busy.tell()
    assert (await busy.text()).count("\n") == before, "more calls are no more lines"


async def test_a_call_that_is_over_leaves_nothing_behind(busy: City) -> None:
    assert busy.offers._waits_since.keys() == {CallId("c3"), CallId("cb-1")}


# What is written about it


async def test_the_list_in_the_manual_is_what_is_told(city: City) -> None:
    text = OPERATING.read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `(yihu_[a-z_]+)`", text, re.MULTILINE))
    told = (await city.read()).values()
    assert listed == {
        f"{family.name}{'_total' * (family.type == 'counter')}" for family in told if family.name.startswith("yihu_")
    }


async def test_every_expression_of_the_dashboard_is_of_figures_that_we_tell(city: City) -> None:
    board = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    known, used = await queryable(city), set()
    for panel in panels(board["panels"]):
        assert re.search("[\u4e00-\u9fff]", panel["title"]), panel["title"]
        if panel["type"] == "row":
            continue
        assert re.match("[A-Z]", panel["description"]), panel["title"]
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}, panel["title"]
        assert panel["targets"], panel["title"]
        for target in panel["targets"]:
            names = names_in(target["expr"])
            assert names <= known, (panel["title"], names - known)
            used |= names
    assert board["templating"]["list"][0]["type"] == "datasource"
    ids = [panel["id"] for panel in panels(board["panels"])]
    assert len(ids) == len(set(ids))
    assert {re.sub("_(total|bucket|sum|count)$", "", name) for name in used} >= {
        *("yihu_today_connection_rate_ratio", "yihu_queue_waiting_calls", "yihu_agents", "yihu_journal_fsync_seconds"),
        *("yihu_ami_reply_seconds", "yihu_speech_live_streams", "yihu_event_loop_lag_seconds", "yihu_calls_lost"),
    }


async def test_panels_of_the_dashboard_do_not_overlap(city: City) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels(json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]):
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24, panel["title"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken, panel["title"]
        taken |= cells


async def test_every_alert_is_about_figures_that_we_tell(city: City) -> None:
    known = await queryable(city)
    groups = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert len({rule["alert"] for rule in rules}) == len(rules) >= 8
    for rule in rules:
        assert names_in(rule["expr"]) <= known, (rule["alert"], names_in(rule["expr"]) - known)
        assert rule["labels"]["severity"] in ("page", "ticket"), rule["alert"]
        assert {"summary", "description"} <= rule["annotations"].keys(), rule["alert"]


async def queryable(city: City) -> set[str]:
    told = await city.read()
    process = {sample.name for family in told.values() for sample in family.samples if "yihu" not in family.name}
    return series(told.values()) | process | {"up"}


def names_in(expression: str) -> set[str]:
    """Figures of a query: words that are no function, label, string, duration or keyword."""
    bare = re.sub(r'"[^"]*"|\{[^}]*\}|\[[^\]]*\]|\b(by|on|without|ignoring)\s*\([^)]*\)|\b\d[\w.]*', " ", expression)
    words = set(re.findall(r"[a-zA-Z_:][a-zA-Z0-9_:]*(?!\s*\(|[a-zA-Z0-9_:])", bare))
    return words - {"and", "or", "unless", "bool", "by", "on", "without", "ignoring", "group_left", "offset"}


def panels(listed: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for panel in listed:
        yield panel
        yield from panels(panel.get("panels", []))


def test_a_query_is_read_for_its_figures_alone() -> None:
    query = 'histogram_quantile(0.95, sum by (le, kind) (rate(yihu_x_bucket{job="y", kind!="z"}[5m]))) > 1 and up == 0'
    assert names_in(query) == {"yihu_x_bucket", "up"}
