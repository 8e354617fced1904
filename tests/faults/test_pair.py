"""Two daemons, one active and one warm, on a real Asterisk: the city never has two who decide, and seldom none."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from cti.calls import CallFact
from cti.programs import ProgramMissing, find_asterisk, find_program
from cti.settings import PROJECT
from tests.support.city import City, citizen, city, eventually, on_disk
from tests.support.missing import missing
from tests.support.pair import Node, PairOfNodes
from tests.support.stack import Api

pytestmark = pytest.mark.timeout(120)

TALKING = WAITING = 6


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PairOfNodes]:
    try:
        find_asterisk()
        find_program("redis-server")
        find_program("sipp")
    except ProgramMissing as error:
        missing(str(error))
    made = PairOfNodes(tmp_path_factory.mktemp("pair"))
    try:
        yield made
    finally:
        made.stop()


class PairCity:
    """Telephones on the pair; `city.api` is that of the daemon that decides."""

    def __init__(self, nodes: PairOfNodes, place: City, apis: AsyncExitStack) -> None:
        self.nodes, self.city = nodes, place
        self._apis = apis

    async def turn_to(self, node: Node) -> None:
        self.city.api = await self._apis.enter_async_context(Api(node.settings))

    async def crowd(self) -> tuple[list[str], list[object]]:
        """As many who talk as who wait: the queue and the talks."""
        place = self.city
        await place.hire(TALKING)
        place.dial([citizen(n, rating="123"[n % 3]) for n in range(TALKING + WAITING)], rate=10)
        await eventually(lambda: len(place.talks) == TALKING, 20, "talks")
        await eventually(self._all_wait, 10, "who wait")
        queue = await place.api.positions()
        for call_id in queue:
            await eventually(lambda: self.nodes.copied(call_id), 2, "the copy for the warm one")  # noqa: B023
        return queue, list(place.talks)

    async def _all_wait(self) -> bool:
        return len(await self.city.api.positions()) == WAITING

    async def back(self, queue: list[str], talks: list[object]) -> float:
        """Everybody who waited has come to the deciding daemon, in the old order, and no talk has ended: since when."""
        place = self.city

        async def attached() -> bool:
            rows = {row["call_id"]: row for row in (await place.api.live())["calls"]}
            return all(call_id in rows and rows[call_id]["attached"] for call_id in queue)

        await eventually(attached, 10, "everybody who waited")
        assert await place.api.positions() == queue
        assert list(place.talks) == talks
        assert not [call for call in place.director.account.calls.values() if call.left_at is not None]
        return max([await on_disk(place, call_id, CallFact.RESUMED) for call_id in queue])

    async def served(self, queue: list[str]) -> None:
        """The agents hang up, those who waited are served in their order, and every record is complete."""
        place = self.city
        place.director.manner.talk_s = (1.5, 2.0)
        place.end_talks()
        await place.over(40)
        records = await place.check_records()
        assert len(records) == TALKING + WAITING
        assert all(record.answered and record.survey_offered for record in records)
        waited = {str(record.call_id): record.first_offered_at for record in records}
        assert sorted(queue, key=lambda call_id: waited[call_id] or 0.0) == queue


@pytest_asyncio.fixture
async def pair(nodes: PairOfNodes, tmp_path: Path) -> AsyncIterator[PairCity]:
    nodes.start()
    folder = tmp_path / "sipp"
    folder.mkdir()
    async with AsyncExitStack() as apis, city(nodes.active, folder) as place:
        made = PairCity(nodes, place, apis)
        yield made
        await asyncio.to_thread(nodes.start)
        await made.turn_to(nodes.active)


async def test_the_warm_one_takes_over_from_one_that_died(pair: PairCity, measured: Callable[..., None]) -> None:
    # Given a leader with calls that talk and that wait
    leader = pair.nodes.active
    warm = pair.nodes.other(leader)
    queue, talks = await pair.crowd()

    # When its supervisor and its daemon die at the same moment
    at = leader.kill()
    await eventually(lambda: warm.role == "active", 10, "another active daemon")
    await pair.turn_to(warm)

    # Then everybody is back within three seconds, in the old order, and no talk has ended
    back_at = await pair.back(queue, talks)
    measured(take_over_s=warm.ready[1] - at, back_s=back_at - at)
    assert back_at - at <= 3.0

    # And they are served, and when the dead one is back as the warm one every call has one complete record
    await asyncio.to_thread(pair.nodes.start)
    assert leader.role == "warm"
    await pair.served(queue)
    measured(reigns=pair.nodes.check_one_decided_at_a_time())


async def test_a_leader_that_is_back_at_once_goes_on(pair: PairCity, measured: Callable[..., None]) -> None:
    leader = pair.nodes.active
    queue, talks = await pair.crowd()
    dead, at = leader.kill_daemon(signal.SIGKILL)
    await eventually(lambda: leader.role == "active" and leader.ready[0] != dead, 10, "the leader again")
    back_at = await pair.back(queue, talks)
    measured(ready_s=leader.ready[1] - at, back_s=back_at - at)
    assert pair.nodes.other(leader).role == "warm"
    await pair.served(queue)


async def test_a_daemon_that_is_not_of_the_pair_refuses_to_decide(pair: PairCity) -> None:
    stranger = pair.nodes.stranger()
    argv = [sys.executable, "-m", "cti.cli", "--settings", str(stranger.file), "up"]
    ended = await asyncio.to_thread(subprocess.run, argv, cwd=PROJECT, capture_output=True, text=True, timeout=30)
    assert ended.returncode == 78, ended
    assert "another daemon decides for the city dongguan" in ended.stderr
    assert sorted(node.role for node in pair.nodes.nodes) == ["active", "warm"]


async def test_a_leader_that_stood_still_never_decides_again(pair: PairCity, measured: Callable[..., None]) -> None:
    # Given a leader with calls that talk and that wait
    leader = pair.nodes.active
    warm = pair.nodes.other(leader)
    queue, talks = await pair.crowd()

    # When it is stopped with its supervisor, so that nobody kills it and its connections stay open
    at = leader.signal_all(signal.SIGSTOP)
    try:
        await eventually(lambda: warm.role == "active" and warm.ready[0], 10, "another active daemon")
        taken_at = warm.ready[1]
        await pair.turn_to(warm)
        # Then the other takes the callers out of its hands
        back_at = await pair.back(queue, talks)
        measured(take_over_s=taken_at - at, back_s=back_at - at)
        # And when it goes on, with nobody to kill it, it ends by itself before anything else
        os.kill(leader.ready[0], signal.SIGCONT)
        await eventually(lambda: any(leader.log("lease_over")), 2, "the end of the old leader")
    finally:
        leader.signal_all(signal.SIGCONT)
    # And is the warm one then
    await eventually(lambda: leader.role == "warm", 10, "the old leader as the warm one")
    assert "exit code 75" in leader.output
    await pair.served(queue)
    measured(reigns=pair.nodes.check_one_decided_at_a_time())


@pytest.mark.parametrize("loses", [False, True], ids=["hangs", "dies and forgets"])
async def test_without_redis_the_leader_goes_on(pair: PairCity, loses: bool, measured: Callable[..., None]) -> None:
    leader, redis = pair.nodes.active, pair.nodes.redis
    await pair.city.hire(1)
    if loses:
        redis.kill()
    else:
        redis.suspend()
    try:
        # For much longer than the lease lasts, calls come and are served by the same daemon
        plans = [citizen(n) for n in range(4)]
        pair.city.director.manner.talk_s = (0.5, 1.0)
        pair.city.dial(plans, rate=1)
        await pair.city.over(40)
        assert leader.role == "active"
    finally:
        if loses:
            redis.start()
        else:
            redis.go_on()
    await asyncio.sleep(2.0)  # as long as anybody could take over
    assert leader.role == "active"
    assert pair.nodes.other(leader).role == "warm"
    records = await pair.city.check_records()
    assert all(record.answered and record.resumed == 0 for record in records)
    measured(reigns=pair.nodes.check_one_decided_at_a_time())


async def test_a_leader_cut_from_redis_goes_on_by_the_others_promise(
    pair: PairCity, measured: Callable[..., None]
) -> None:
    leader = pair.nodes.active
    queue, talks = await pair.crowd()
    leader.redis_link.cut()
    await asyncio.sleep(5.0)
    assert leader.role == "active"
    assert pair.nodes.other(leader).role == "warm"
    assert await pair.city.api.positions() == queue
    assert list(pair.city.talks) == talks
    leader.redis_link.mend()
    await pair.served(queue)
    measured(reigns=pair.nodes.check_one_decided_at_a_time())


async def test_a_leader_cut_from_redis_and_the_other_gives_way(pair: PairCity, measured: Callable[..., None]) -> None:
    leader = pair.nodes.active
    warm = pair.nodes.other(leader)
    queue, talks = await pair.crowd()
    at = asyncio.get_running_loop().time()
    leader.redis_link.cut()
    leader.peer_link.cut()
    await eventually(lambda: warm.role == "active", 10, "another active daemon")
    taken_s = asyncio.get_running_loop().time() - at
    await pair.turn_to(warm)
    await pair.back(queue, talks)
    back_s = asyncio.get_running_loop().time() - at
    measured(take_over_s=taken_s, back_s=back_s)
    assert back_s <= 4.0
    assert leader.role != "active"
    await asyncio.to_thread(pair.nodes.start)
    await pair.served(queue)
    measured(reigns=pair.nodes.check_one_decided_at_a_time())
