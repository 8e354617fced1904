"""Why a caller waited, as a supervisor reads it: typical calls of a real switchboard, in Chinese and in English.

The texts are in `tests/unit/why`. A change of words shows there, and is read by a person before it is kept.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cti.calls import EMERGENCY_S, AgentFact, AgentId, CallFact, CallId, Milestone, Need, NeedStep, SkillNeed, Value
from cti.metrics import explain_en, explain_zh
from cti.metrics.around import Around
from cti.metrics.explain import explain, window
from cti.metrics.explain_text import answer, in_words
from cti.metrics.words import Lang, Words
from cti.settings import PROJECT
from queues.needs import Overflow
from tests.support.floor import TEN, ZONE, Floor

GENERAL = Need("general", (NeedStep((SkillNeed("general"),)),))
ENTERPRISE = Need("enterprise", (NeedStep((SkillNeed("enterprise", 3),), 30.0), NeedStep((SkillNeed("enterprise"),))))
IN_ENGLISH = Need("enterprise", (NeedStep((SkillNeed("enterprise"), SkillNeed("english", 2))),))


def _floor(overflow: tuple[Overflow, ...] = ()) -> Floor:
    agents = {
        "a1001": ("李娜", {"enterprise": 3, "general": 1}),
        "a1002": ("王伟", {"enterprise": 1}),
        "a1003": ("赵敏", {"general": 3}),
        "a1004": ("张三", {"enterprise": 4, "english": 3, "general": 2}),
    }
    return Floor(agents, overflow)


def _all_busy(floor: Floor) -> None:
    """Each agent talks to a caller of his own: n1-1 with 李娜, n1-2 with 赵敏, n1-3 with 张三, n1-4 with 王伟."""
    easy = Need("enterprise", (NeedStep((SkillNeed("enterprise"),)),))
    for second, (call, need) in enumerate(
        [("n1-1", ENTERPRISE), ("n1-2", GENERAL), ("n1-3", IN_ENGLISH), ("n1-4", easy)]
    ):
        floor.at(second)
        floor.queues(call, need)
        floor.at(second + 0.5)
        floor.answers(call)


def at_once() -> Floor:
    floor = _floor()
    floor.at(40)
    floor.arrives("n1-9")
    floor.at(48)
    floor.call(CallFact.HUMAN_ASKED, "n1-9", by="key")
    floor.queues("n1-9", ENTERPRISE)
    floor.at(51)
    floor.answers("n1-9")
    floor.at(111)
    floor.talk_ends("n1-9")
    floor.ends("n1-9")
    return floor


def waited_140_s() -> Floor:
    """One came earlier, one has a head start, the first offer rings in vain, and the surge ladder begins."""
    floor = _floor()
    _all_busy(floor)
    floor.at(10)
    floor.queues("n1-5", ENTERPRISE)
    floor.at(12)
    floor.arrives("n1-9")
    floor.at(20)
    floor.call(CallFact.HUMAN_ASKED, "n1-9", by="key")
    floor.queues("n1-9", ENTERPRISE)
    floor.call(CallFact.ESTIMATED, "n1-9", wait_s=150.0, position=2, spoken_min=3)
    floor.at(45)
    floor.queues("n1-10", dataclasses.replace(ENTERPRISE, priority_s=120.0))
    floor.rung("short_prompts", on=True)
    floor.at(70)
    floor.talk_ends("n1-1")
    floor.ends("n1-1")
    floor.at(73)
    floor.answers("n1-10")
    floor.at(90)
    floor.talk_ends("n1-4")
    floor.ends("n1-4")
    floor.at(92)
    floor.answers("n1-5")
    floor.at(120)
    floor.call(CallFact.ESTIMATED, "n1-9", wait_s=60.0, position=1, spoken_min=1)
    floor.at(130)
    floor.talk_ends("n1-3")
    floor.ends("n1-3")
    floor.at(145)
    floor.rings_in_vain("n1-9")
    floor.at(150)
    floor.talk_ends("n1-10")
    floor.at(160)
    floor.answers("n1-9")
    floor.at(220)
    floor.talk_ends("n1-9")
    floor.ends("n1-9")
    return floor


def lost_in_the_queue() -> Floor:
    """Only 张三 speaks English, and he goes on a break; two who came later get agents who do not."""
    floor = _floor()
    _all_busy(floor)
    floor.rung("borrow", on=True, by="班长 周洁")
    floor.at(10)
    floor.queues("n1-9", IN_ENGLISH)
    floor.call(CallFact.ESTIMATED, "n1-9", wait_s=45.0, position=1, spoken_min=0)
    floor.at(30)
    floor.queues("n1-6", ENTERPRISE)
    floor.queues("n1-7", ENTERPRISE)
    floor.at(40)
    floor.talk_ends("n1-1")
    floor.at(41)
    floor.answers("n1-6")
    floor.at(50)
    floor.agent(AgentFact.STATUS, "a1004", status="break", reason="午餐")
    floor.at(60)
    floor.talk_ends("n1-3")
    floor.at(70)
    floor.call(CallFact.ESTIMATED, "n1-9", wait_s=240.0, position=1, spoken_min=4)
    floor.at(75)
    floor.talk_ends("n1-4")
    floor.at(76)
    floor.answers("n1-7")
    floor.at(101)
    floor.ends("n1-9", lost_at="queue")
    return floor


def kept_place_and_last_agent() -> Floor:
    """He was cut off 40 s ago after 80 s of waiting; 李娜, who served him last week, talks on; 王伟 takes him."""
    floor = _floor()
    _all_busy(floor)
    floor.at(100)
    floor.queues("n1-8", GENERAL)
    floor.at(120)
    last = NeedStep((), 8.0, (AgentId("a1001"),))
    need = Need("enterprise", (last, *ENTERPRISE.steps))
    floor.queues("n1-9", need, since=TEN + 40.0, steps_since=TEN + 120.0, kept_s=80.0)
    floor.at(125)
    floor.talk_ends("n1-4")
    floor.at(160)
    floor.answers("n1-9")
    floor.at(200)
    floor.talk_ends("n1-9")
    floor.ends("n1-9", side="agent")
    return floor


def called_back() -> Floor:
    """The wait is long, he asks for a callback; the first agent does not confirm, the second does."""
    floor = _floor()
    _all_busy(floor)
    floor.at(10)
    floor.queues("n1-9", ENTERPRISE)
    floor.call(CallFact.ESTIMATED, "n1-9", wait_s=300.0, position=1, spoken_min=5)
    floor.call(CallFact.CALLBACK_OFFERED, "n1-9", wait_s=300.0)
    floor.at(25)
    floor.call(CallFact.CALLBACK_REQUESTED, "n1-9", callback="cb-7")
    floor.call(CallFact.LEFT_QUEUE, "n1-9", reason="callback")
    floor.arrives("cb-7", direction="callback", task="n1-9", of="n1-9", attempt=1)
    floor.queues("cb-7", ENTERPRISE, since=TEN + 10.0, steps_since=TEN + 10.0, kept_s=15.0)
    floor.at(28)
    floor.ends("n1-9", side="system", lost_at="callback")
    floor.at(150)
    floor.talk_ends("n1-4")
    floor.at(162)
    floor.rings_in_vain("cb-7", outcome="unreachable")
    floor.talk_ends("n1-1")
    floor.at(166)
    floor.call(CallFact.CONFIRMED, "cb-7", agent="a1001", n=2)
    floor.call(CallFact.DIALLED, "cb-7", agent="a1001", n=2)
    floor.at(175)
    floor.answers("cb-7")
    floor.at(235)
    floor.talk_ends("cb-7")
    floor.ends("cb-7", outcome="reached")
    return floor


def lost_and_called() -> Floor:
    """Nobody at work could take him and he hung up; later an agent has nothing else to do and he is called."""
    floor = _floor()
    floor.at(10)
    floor.queues("n1-9", Need("video"))
    floor.call(CallFact.ESTIMATED, "n1-9", wait_s=None, position=1, spoken_min=0)
    floor.at(40)
    floor.ends("n1-9", lost_at="no_seat")
    floor.at(200)
    floor.arrives("cb-8", direction="callback", task="n1-9", of="n1-9", attempt=1)
    floor.queues("cb-8", dataclasses.replace(GENERAL, priority_s=-EMERGENCY_S))
    floor.at(206)
    floor.call(CallFact.CONFIRMED, "cb-8", agent="a1003", n=1)
    floor.call(CallFact.DIALLED, "cb-8", agent="a1003", n=1)
    floor.at(211)
    floor.answers("cb-8")
    floor.at(240)
    floor.talk_ends("cb-8")
    floor.ends("cb-8", outcome="reached")
    return floor


def agent_lost() -> Floor:
    """The line of the first agent goes dead in talk; the second is lent by an overflow rule."""
    floor = _floor(overflow=(Overflow("enterprise", "general", 60.0),))
    _all_busy(floor)
    floor.at(20)
    floor.queues("n1-9", ENTERPRISE)
    floor.at(30)
    floor.talk_ends("n1-1")
    floor.at(33)
    floor.answers("n1-9")
    floor.at(63)
    floor.call(CallFact.TALK_ENDED, "n1-9", agent="a1001", n=1, side="agent_lost", talk_s=30.0)
    floor.queues("n1-9", ENTERPRISE, since=TEN + 20.0, steps_since=TEN + 20.0, kept_s=43.0)
    floor.at(85)
    floor.talk_ends("n1-2")
    floor.at(88)
    floor.answers("n1-9")
    floor.at(148)
    floor.talk_ends("n1-9")
    floor.ends("n1-9")
    return floor


def left_in_the_menu() -> Floor:
    floor = _floor()
    floor.at(10)
    floor.arrives("n1-9")
    floor.at(24)
    floor.ends("n1-9", lost_at="menu")
    return floor


def moved() -> Floor:
    """An expert is consulted and has the citizen in the end; before that a colleague could not be reached, and the
    citizen was sent on from one agent to another."""
    floor = _floor()
    floor.at(10)
    floor.queues("n1-9", GENERAL)
    floor.at(14)
    floor.answers("n1-9")
    floor.at(30)
    asks = {"kind": "agent", "target": "a1001", "agent": "a1001", "mode": "conference", "by": "a1003"}
    floor.call(CallFact.PARTY_ASKED, "n1-9", p=1, **asks)
    floor.at(50)
    floor.call(CallFact.PARTY_FAILED, "n1-9", p=1, outcome="no_answer")
    floor.at(60)
    floor.call(CallFact.MOVED, "n1-9", to="enterprise", kind="queue", by="a1003", agent="a1003")
    floor.talk_ends("n1-9", talk_s=46.0)
    need = Need("enterprise")
    floor.call(CallFact.QUEUED, "n1-9", queue="enterprise", need=need.to_text(), since=floor.now - 4, kept_s=4.0)
    floor.at(63)
    floor.answers("n1-9")
    floor.at(80)
    floor.call(CallFact.PARTY_ASKED, "n1-9", p=2, kind="expert", target="tax", mode="consult", by="a1002")
    floor.at(85)
    floor.call(CallFact.PARTY_JOINED, "n1-9", p=2, mode="consult")
    floor.at(110)
    floor.call(CallFact.PARTY_JOINED, "n1-9", p=2, mode="conference")
    floor.at(140)
    live = floor.board.calls[CallId("n1-9")]
    left = {"p": 2, "agent": None, "by": live.agent, "n": live.offers, "side": "agent", "talk_s": 77.0}
    floor.call(CallFact.HANDED_OVER, "n1-9", **left)
    floor.at(200)
    floor.call(CallFact.PARTY_LEFT, "n1-9", p=2, side="party", talk_s=115.0)
    floor.ends("n1-9", side="system")
    return floor


STORIES: list[tuple[Callable[[], Floor], str]] = [
    (at_once, "n1-9"),
    (waited_140_s, "n1-9"),
    (lost_in_the_queue, "n1-9"),
    (kept_place_and_last_agent, "n1-9"),
    (called_back, "n1-9"),
    (called_back, "cb-7"),
    (lost_and_called, "n1-9"),
    (lost_and_called, "cb-8"),
    (agent_lost, "n1-9"),
    (left_in_the_menu, "n1-9"),
    (moved, "n1-9"),
]
LANGS: tuple[Lang, ...] = ("zh", "en")


def _words(lang: Lang, floor: Floor) -> Words:
    return Words.of_roster(lang, floor.roster, ZONE)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(("story", "call"), STORIES)
def test_a_supervisor_reads_why(story: Callable[[], Floor], call: str, lang: Lang) -> None:
    floor = story()
    golden = Path(__file__).parent / "why" / f"{story.__name__}.{call}.{lang}.txt"
    assert in_words(floor.why(call), _words(lang, floor)) == golden.read_text(encoding="utf-8")


def test_who_met_only_busy_agents_is_not_told_of_an_idle_one_however_soon_one_was_free() -> None:
    floor = _floor()
    _all_busy(floor)
    floor.at(20)
    floor.queues("n1-9", ENTERPRISE)
    floor.at(20.1)
    floor.talk_ends("n1-1")
    floor.at(22)
    floor.answers("n1-9")
    floor.at(60)
    floor.talk_ends("n1-9")
    floor.ends("n1-9")
    assert [cause.kind for cause in floor.why("n1-9").causes] == ["split", "busy"]


def test_the_example_of_the_operating_manual_is_what_is_printed() -> None:
    floor = waited_140_s()
    head, _, _ = in_words(floor.why("n1-9"), _words("zh", floor)).partition("\n经过")
    assert head.rstrip() in (PROJECT / "docs" / "operating.md").read_text(encoding="utf-8")


def test_both_languages_have_words_for_every_kind_of_cause_and_moment() -> None:
    for story, call in STORIES:
        floor = story()
        why = floor.why(call)
        for cause in why.causes:
            for said in (explain_zh.cause(cause, _words("zh", floor)), explain_en.cause(cause, _words("en", floor))):
                assert said != cause.kind
        for moment in why.moments:
            for lines in (explain_zh.story(moment, _words("zh", floor)), explain_en.story(moment, _words("en", floor))):
                assert lines[0] != moment.kind


@pytest.mark.parametrize("kind", list(CallFact))
def test_every_fact_of_a_call_is_said_or_left_out_but_never_shown_as_its_code(kind: CallFact) -> None:
    milestones = [Milestone("call", "c1", 1, TEN, CallFact.ARRIVED), Milestone("call", "c1", 2, TEN, kind)]
    why = explain(milestones, Around(), {}, TEN)
    assert why is not None
    for moment in why.moments:
        assert explain_en.story(moment, Words("en"))[0] != moment.kind or moment.kind in ("arrived", "offered")
        assert explain_zh.story(moment, Words("zh"))[0] != moment.kind


@pytest.mark.parametrize("cut_off", [True, False])
def test_who_hung_up_before_he_had_said_it_all_is_told_from_who_had(cut_off: bool) -> None:
    said: dict[str, Value] = {"matter": "street_lamp", "pii_text": "路灯"} | ({"cut_off": True} if cut_off else {})
    milestones = [
        Milestone("call", "c1", 1, TEN, CallFact.ARRIVED),
        Milestone("call", "c1", 2, TEN, CallFact.SAID, said),
    ]
    why = explain(milestones, Around(), {}, TEN)
    assert why is not None
    moment = why.moments[-1]
    assert ("话未说完即挂机" in explain_zh.story(moment, Words("zh"))[0]) == cut_off
    assert ("hung up before the end" in explain_en.story(moment, Words("en"))[0]) == cut_off


def test_the_causes_of_a_wait_add_up_to_it() -> None:
    for story, call in STORIES:
        why = story().why(call)
        split = next((c.facts for c in why.causes if c.kind == "split"), None)
        if split is not None:
            assert sum(split.values()) == pytest.approx(why.wait_s)


def test_the_answer_for_programs_has_facts_names_and_text_and_no_number_of_a_citizen() -> None:
    floor = waited_140_s()
    found = answer(floor.why("n1-9"), _words("en", floor))
    assert (found["status"], found["wait_s"], found["agent"], found["lang"]) == ("answered", 140.0, "a1001", "en")
    assert found["names"] == {"a1001": "李娜", "a1002": "王伟", "a1004": "张三"}
    kinds = [cause["kind"] for cause in found["causes"]]
    assert kinds == ["split", "busy", "others_earlier", "others_head_start", "in_vain"]
    offer = next(moment for moment in found["moments"] if moment["kind"] == "offered")
    assert (offer["decision"]["score_s"], offer["decision"]["candidates"]) == (110.0, 1)
    assert "13800138000" not in orjson.dumps(found).decode()


def test_a_call_that_goes_on_is_explained_up_to_now() -> None:
    floor = _floor()
    floor.at(0)
    floor.arrives("n1-9")
    assert floor.why("n1-9").status == "live"
    _all_busy(floor)
    floor.at(30)
    floor.queues("n1-9", ENTERPRISE)
    floor.call(CallFact.ESTIMATED, "n1-9", wait_s=40.0, position=1, spoken_min=1)
    floor.at(55)
    why = floor.why("n1-9")
    assert (why.status, why.wait_s, why.position) == ("waiting", 25.0, 1)
    assert "正在排队：已等待 25 秒（最后已知排在第 1 位）" in in_words(why, _words("zh", floor))
    floor.talk_ends("n1-1")
    floor.at(58)
    assert floor.why("n1-9").status == "ringing"
    assert "telephone is ringing" in in_words(floor.why("n1-9"), _words("en", floor))
    floor.answers("n1-9")
    floor.at(500)
    assert (floor.why("n1-9").status, floor.why("n1-9").wait_s) == ("answered", 28.0)


def test_an_emergency_goes_first_and_the_one_who_waited_is_told_so() -> None:
    floor = _floor()
    _all_busy(floor)
    floor.at(10)
    floor.queues("n1-8", GENERAL)
    floor.at(50)
    floor.queues("n1-9", dataclasses.replace(GENERAL, priority_s=EMERGENCY_S))
    floor.at(60)
    floor.talk_ends("n1-2")
    floor.answers("n1-9")
    floor.at(70)
    assert "紧急来电，排在所有人之前" in in_words(floor.why("n1-9"), _words("zh", floor))
    (cause,) = [c for c in floor.why("n1-8").causes if c.kind == "others_head_start"]
    assert cause.facts["rows"][0]["call_id"] == "n1-9"


def test_who_was_served_while_his_own_offer_rang_elsewhere() -> None:
    floor = _floor()
    _all_busy(floor)
    floor.at(10)
    floor.queues("n1-8", GENERAL)
    floor.at(20)
    floor.queues("n1-9", GENERAL)
    floor.at(30)
    floor.talk_ends("n1-2")
    floor.at(40)
    floor.talk_ends("n1-3")
    floor.answers("n1-9")
    floor.at(45)
    floor.rings_in_vain("n1-8")
    floor.at(46)
    assert "others_ringing" in [c.kind for c in floor.why("n1-8").causes]


def test_a_place_kept_by_somebody_else_is_a_reason_of_its_own() -> None:
    floor = _floor()
    _all_busy(floor)
    floor.at(100)
    floor.queues("n1-9", GENERAL)
    floor.at(120)
    floor.queues("n1-8", GENERAL, since=TEN + 20.0, steps_since=TEN + 120.0, kept_s=100.0)
    floor.at(130)
    floor.talk_ends("n1-2")
    floor.at(140)
    (cause,) = [c for c in floor.why("n1-9").causes if c.kind.startswith("others")]
    assert (cause.kind, cause.facts["rows"][0]["kept_s"]) == ("others_kept", 100.0)


def test_agents_of_whom_nobody_could_take_him_are_no_cause() -> None:
    """Who came earlier for another queue took nothing from him."""
    floor = _floor()
    _all_busy(floor)
    floor.at(10)
    floor.queues("n1-8", GENERAL)
    floor.at(20)
    floor.queues("n1-9", ENTERPRISE)
    floor.at(30)
    floor.talk_ends("n1-2")
    floor.at(40)
    assert [c.kind for c in floor.why("n1-9").causes if c.kind.startswith("others")] == []


def test_nobody_at_work_and_a_crash_and_the_fallback_are_said() -> None:
    floor = _floor()
    for agent in floor.roster:
        floor.agent(AgentFact.LOGGED_OUT, agent, reason="logout")
    floor.queues("n1-9", GENERAL)
    floor.at(5)
    floor.call(CallFact.RESUMED, "n1-9", phase="queue")
    floor.at(9)
    floor.call(CallFact.FELL_BACK, "n1-9", queue_status="TIMEOUT")
    floor.at(20)
    floor.ends("n1-9", lost_at="fallback")
    text = in_words(floor.why("n1-9"), _words("en", floor))
    for said in ("no agent who could take it was at work", "taken over 1 time", "the fallback queue served the call"):
        assert said in text


def test_a_long_story_and_a_busy_floor_stay_readable() -> None:
    floor = _floor()
    _all_busy(floor)
    floor.at(10)
    floor.queues("n1-9", IN_ENGLISH)
    for n in range(200):
        floor.at(20 + 10 * n)
        floor.queues(f"n2-{n}", ENTERPRISE)
        floor.call(CallFact.ESTIMATED, "n1-9", wait_s=float(n), position=1, spoken_min=1 + n % 7)
        floor.talk_ends("n1-1" if n == 0 else f"n2-{n - 1}")
        floor.answers(f"n2-{n}")
    why = floor.why("n1-9")
    assert len(why.moments) == 40
    for lang in LANGS:
        assert len(in_words(why, _words(lang, floor))) < 8_000
    (cause,) = [c for c in why.causes if c.kind == "others_skills"]
    assert (cause.facts["calls"], len(cause.facts["rows"])) == (200, 5)
    assert len(orjson.dumps(answer(why, _words("zh", floor)))) < 32_000


def test_agents_who_are_not_in_the_roster_are_named_by_their_ids() -> None:
    floor = waited_140_s()
    why = explain(floor.timeline("n1-9"), floor.around("n1-9"), {}, floor.now)
    assert why is not None
    text = in_words(why, Words("zh", zone=ZONE))
    assert "由 a1001 接听" in text
    assert "n1-10" in text  # same rule, so the same agent could have had him


def test_no_milestones_no_answer() -> None:
    assert explain([], Around(), {}, TEN) is None
    assert window([], TEN) is None


JOURNAL = [m for story, _ in STORIES for m in story().journal]
ROSTER = _floor().roster
VALUES: st.SearchStrategy[Value] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(["a1001", "general|bad|x", "enterprise>=3@x", "{}", "[1]", '{"others":1}', "talking x, y"]),
)


@st.composite
def _mangled(draw: st.DrawFn) -> list[Milestone]:
    """Some of the milestones of all stories, in any order, some twice, and some with a value that is wrong."""
    picked = draw(st.lists(st.sampled_from(JOURNAL), max_size=40))
    lines = []
    for m in picked:
        data = dict(m.data)
        wrong = draw(st.booleans())
        if data and wrong:
            data[draw(st.sampled_from(sorted(data)))] = draw(VALUES)
        at = draw(st.sampled_from([m.at, m.at, m.at, 0.0, -1e300, 1e300, m.at + 1e6]))
        lines.append(dataclasses.replace(m, at=at, data=data))
    return lines


@given(own=_mangled(), around=_mangled(), now=st.sampled_from([0.0, TEN, TEN + 500.0, 1e300]))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_an_explanation_never_fails_whatever_is_missing_late_or_wrong(
    own: list[Milestone], around: list[Milestone], now: float
) -> None:
    streams = {s: [m for m in around if m.stream == s] for s in ("call", "agent", "city")}
    meanwhile = Around(streams["call"], streams["agent"], streams["city"], cut=bool(around) and around[0].seq % 2 == 0)
    why = explain(own, meanwhile, ROSTER, now)
    assert (why is None) == all(m.stream != "call" for m in own)
    if why is not None:
        for lang in LANGS:
            orjson.dumps(answer(why, Words.of_roster(lang, ROSTER, ZONE)))
        assert why.wait_s is None or why.wait_s >= 0
