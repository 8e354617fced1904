"""Each node type as a call meets it: what is asked for, and what follows."""

from dataclasses import replace
from datetime import datetime

import pytest

from cti.calls import EMERGENCY_S, CallFact, Need, NeedStep, SkillNeed
from ivr_flows.calendar import WorkCalendar
from ivr_flows.errors import FlowStateError
from ivr_flows.session import overheard
from ivr_flows.words import (
    Gather,
    Gathered,
    HangUp,
    Heard,
    Listen,
    Mark,
    MessageTaken,
    Play,
    Played,
    Prompt,
    RecordMessage,
    Route,
    RouteEnded,
    SetLanguage,
    Survey,
    Transfer,
    TransferEnded,
)
from tests.support.flows import CITY, Walk, ids, make_flow

ALL_KEYS = "0123456789*#"


def silent() -> Gathered:
    return Gathered("", False)


class TestSay:
    FLOW = make_flow('first: {type: say, prompts: [greeting, notice], keys: {"3": other}, next: menu}\n'
                     'menu: {type: menu, prompts: menu_main, options: {"1": queue, "2": other}}\n'
                     "other: {type: route, queue: other, after: bye}")  # fmt: skip

    def test_plays_with_every_key_cutting_in_and_goes_on(self) -> None:
        call = Walk(self.FLOW)
        assert call.waits_for == Play((Prompt("greeting"), Prompt("notice")), ALL_KEYS)
        assert call.hear(Played()).node == "menu"

    def test_its_own_key_leads_elsewhere(self) -> None:
        assert Walk(self.FLOW).hear(Played("3")).node == "other"

    def test_another_key_counts_for_the_menu_that_follows(self) -> None:
        call = Walk(self.FLOW).hear(Played("2"))
        assert call.path == ["first", "menu", "other"]
        assert [mark.data["by"] for mark in call.marks(CallFact.HUMAN_ASKED)] == ["key"]

    def test_a_hash_only_skips_the_prompt(self) -> None:
        call = Walk(self.FLOW).hear(Played("#"))
        assert ids(call.waits_for) == ["menu_main"]

    @pytest.mark.parametrize(("short", "plays"), [("notice", ["notice"]), ("[]", ["menu_main"])])
    def test_in_a_surge_it_is_shorter_or_left_out(self, short: str, plays: list[str]) -> None:
        flow = make_flow(f"first: {{type: say, prompts: [greeting, notice], short: {short}, next: menu}}\n"
                         'menu: {type: menu, prompts: menu_main, options: {"1": queue}}')  # fmt: skip
        assert ids(Walk(flow, short=True).waits_for) == plays
        assert ids(Walk(flow).waits_for) == ["greeting", "notice"]

    def test_in_a_surge_what_has_no_short_form_stays(self) -> None:
        assert ids(Walk(self.FLOW, short=True).waits_for) == ["greeting", "notice"]


class TestAnnounce:
    FLOW = make_flow("first: {type: announce, prompt: announcement, next: queue}")

    def test_off_it_takes_no_time(self) -> None:
        assert Walk(self.FLOW).path == ["first", "queue"]

    def test_on_it_is_played_and_skipped_by_a_key(self) -> None:
        call = Walk(self.FLOW, announcements=["announcement"])
        assert call.waits_for == Play((Prompt("announcement"),), ALL_KEYS)
        assert call.hear(Played("5")).node == "queue"


class TestMenu:
    FLOW = make_flow("""
        first: {type: menu, prompts: menu_main, options: {"1": one, "2": queue}, keys: {"9": one}, person: person}
        one: {type: route, queue: one, after: bye}
        person: {type: say, prompts: menu_person, next: queue}
        """)

    def test_asks_for_one_key(self) -> None:
        assert Walk(self.FLOW).waits_for == Gather((Prompt("menu_main"),), 1, 4.0, 4.0, "")

    @pytest.mark.parametrize(
        ("key", "node", "by"),
        [
            ("1", "one", "key"),
            ("2", "queue", "key"),
            ("9", "one", "key"),
            ("0", "person", "key"),
            ("", "person", "silence"),
        ],
    )
    def test_a_key_leads_to_its_node(self, key: str, node: str, by: str) -> None:
        call = Walk(self.FLOW).hear(Gathered(key, bool(key)))
        assert call.node == node
        assert [mark.data for mark in call.marks(CallFact.HUMAN_ASKED)] == [{"by": by}]

    def test_a_star_repeats_it_without_blame(self) -> None:
        call = Walk(self.FLOW).hear(Gathered("7", True), Gathered("*", True))
        assert ids(call.waits_for) == ["menu_main"]
        assert call.hear(Gathered("1", True)).node == "one"

    def test_the_second_wrong_key_leads_to_a_person(self) -> None:
        call = Walk(self.FLOW).hear(Gathered("7", True))
        assert ids(call.waits_for) == ["menu_invalid", "menu_main"]
        call.hear(Gathered("#", True))
        assert call.node == "person"
        assert [mark.data for mark in call.marks(CallFact.HUMAN_ASKED)] == [{"by": "errors"}]

    def test_who_has_it_repeated_again_and_again_needs_a_person(self) -> None:
        call = Walk(self.FLOW).hear(*[Gathered("*", True)] * 3)
        assert call.node == "first"
        assert call.hear(Gathered("*", True)).node == "person"

    def test_an_error_here_is_no_error_in_the_next_menu(self) -> None:
        flow = make_flow("""
            first: {type: menu, prompts: a, options: {"1": second}}
            second: {type: menu, prompts: b, options: {"1": queue}}
            """)
        call = Walk(flow).hear(Gathered("7", True), Gathered("1", True), Gathered("7", True))
        assert (call.node, ids(call.waits_for)) == ("second", ["menu_invalid", "b"])

    def test_is_entered_once_and_a_person_is_asked_for_once(self) -> None:
        call = Walk(self.FLOW).hear(Gathered("7", True), silent(), Played())
        assert [mark.data for mark in call.marks(CallFact.MENU_ENTERED)] == [{"node": "first"}]
        assert len(call.marks(CallFact.HUMAN_ASKED)) == 1


class TestListen:
    FLOW = make_flow("""
        first:
          type: listen
          prompts: listen_ask
          words: [{to: one, any_of: [企业, 公司]}, {to: queue, any_of: 注销公司}]
          keys: {"2": one}
          otherwise: menu
        menu: {type: menu, prompts: menu_main, options: {"1": queue, "7": one}}
        one: {type: route, queue: one, after: bye}
        """)

    def test_listens_for_its_words(self) -> None:
        assert Walk(self.FLOW).waits_for == Listen((Prompt("listen_ask"),), 5.0, 12.0, ("企业", "公司", "注销公司"))

    def test_words_lead_to_their_node_whatever_the_recogniser_puts_between_them(self) -> None:
        call = Walk(self.FLOW).hear(Heard("我 的 公 司 有 问题", 0.9))
        assert call.node == "one"
        assert [mark.data for mark in call.marks(CallFact.HUMAN_ASKED)] == [{"by": "said"}]

    def test_the_longest_match_counts(self) -> None:
        assert Walk(self.FLOW).hear(Heard("我要注销公司", 0.9)).node == "queue"

    def test_danger_is_worth_more_than_a_longer_match(self) -> None:
        flow = make_flow("""
            first:
              type: listen
              prompts: listen_ask
              words: [{to: one, any_of: 注销公司}, {to: queue, any_of: 着火, matter: fire, urgent: true}]
              otherwise: one
            one: {type: route, queue: one, after: bye}
            """)
        call = Walk(flow).hear(Heard("注销公司的时候着火了", 0.9))
        assert call.node == "queue"
        (said,) = call.marks(CallFact.SAID)
        assert (said.data["matter"], said.data["urgent"], said.data["to"]) == ("fire", True, "queue")

    def test_what_was_said_is_noted_as_personal_even_where_it_means_nothing(self) -> None:
        call = Walk(self.FLOW).hear(Heard("天气不错", 0.91))
        (said,) = call.marks(CallFact.SAID)
        assert said.data == {
            "node": "first",
            "to": "menu",
            "matter": None,
            "urgent": False,
            "confidence": 0.91,
            "pii_text": "天气不错",
        }
        assert not Walk(self.FLOW).hear(Heard(None)).marks(CallFact.SAID)

    @pytest.mark.parametrize("heard", [Heard(None), Heard("天气不错", 0.9), Heard("公司", 0.2)])
    def test_nothing_heard_or_understood_falls_through(self, heard: Heard) -> None:
        assert Walk(self.FLOW).hear(heard).path == ["first", "menu"]

    @pytest.mark.parametrize(("key", "node"), [("0", "queue"), ("2", "one"), ("7", "one"), ("5", "menu")])
    def test_a_key_instead_of_a_word(self, key: str, node: str) -> None:
        """0 is a person, its own keys lead, any other is the answer to the menu that follows."""
        assert Walk(self.FLOW).hear(Heard(None, digit=key)).node == node


class TestWords:
    """Of a `listen` node, beside what a classifier makes of the sentence."""

    FLOW = make_flow("""
        first:
          type: listen
          prompts: listen_ask
          words:
            - {to: one, any_of: 公司}
            - {to: wages, matters: society.labour}
            - {to: work, matters: [society, market.wages], least: 0.6, matter: work}
          otherwise: queue
        one: {type: route, queue: one, after: bye}
        wages: {type: route, queue: wages, after: bye}
        work: {type: route, queue: work, after: bye}
        """)

    def test_the_classifier_is_asked_for_its_matters_alone(self) -> None:
        listens = Walk(self.FLOW).waits_for
        assert isinstance(listens, Listen)
        assert (listens.phrases, listens.matters) == (("公司",), ("society.labour", "society", "market.wages"))

    @pytest.mark.parametrize(
        ("matter", "sure", "node"),
        [
            ("society.labour.arrears", 0.8, "wages"),
            ("society.labour.arrears", 0.79, "work"),
            ("society.labour", 0.9, "wages"),
            ("society", 0.9, "work"),
            ("society.labours", 0.9, "work"),
            ("society", 0.59, "queue"),
            ("market", 1.0, "queue"),
            ("", 1.0, "queue"),
        ],
    )
    def test_a_branch_stands_for_all_below_it_and_who_is_not_sure_comes_to_a_person(
        self, matter: str, sure: float, node: str
    ) -> None:
        assert Walk(self.FLOW).hear(Heard("工资没发", 0.9, matter=matter, sure=sure)).node == node

    def test_words_win_over_the_classifier(self) -> None:
        assert Walk(self.FLOW).hear(Heard("公司没发工资", 0.9, matter="society.labour", sure=1.0)).node == "one"

    def test_what_was_heard_badly_is_classified_for_nothing(self) -> None:
        assert Walk(self.FLOW).hear(Heard("工资没发", 0.4, matter="society.labour", sure=1.0)).node == "queue"

    @pytest.mark.parametrize(
        ("matter", "noted"), [("society.labour.arrears", "society.labour.arrears"), ("society", "work")]
    )
    def test_both_are_noted(self, matter: str, noted: str) -> None:
        (said,) = Walk(self.FLOW).hear(Heard("工资没发", 0.9, matter=matter, sure=0.811)).marks(CallFact.SAID)
        assert (said.data["matter"], said.data["guess"], said.data["sure"]) == (noted, matter, 0.81)

    @pytest.mark.parametrize(
        ("said", "target"),
        [("我要报警", "110"), ("我家 着火 了", "119"), ("有人昏倒了", "120"), ("这里发生交通事故", "122")],
    )
    def test_an_emergency_in_words_is_handed_over_where_a_city_chooses_so(self, said: str, target: str) -> None:
        call = Walk(EMERGENCY).hear(Heard(said, 0.9), Played())
        assert call.waits_for == Transfer(target)
        waits = call.hear(TransferEnded(False)).waits_for
        assert isinstance(waits, Route)
        assert waits.need.priority_s == EMERGENCY_S


EMERGENCY = make_flow(
    """
    first:
      type: listen
      prompts: listen_ask
      words:
        - {to: police, any_of: [报警, 抢劫], matter: police, urgent: true}
        - {to: fire, any_of: [着火, 起火], matter: fire, urgent: true}
        - {to: ambulance, any_of: [救护车, 昏倒], matter: ambulance, urgent: true}
        - {to: traffic_police, any_of: [车祸, 交通事故], matter: traffic, urgent: true}
      otherwise: urgent
      person: urgent
    police: {type: transfer, target: "110", prompts: transfer_110, otherwise: urgent, after: bye}
    fire: {type: transfer, target: "119", prompts: transfer_119, otherwise: urgent, after: bye}
    ambulance: {type: transfer, target: "120", prompts: transfer_120, otherwise: urgent, after: bye}
    traffic_police: {type: transfer, target: "122", prompts: transfer_122, otherwise: urgent, after: bye}
    urgent: {type: route, queue: general, priority_s: 86400, after: bye}
    """,
    transfers=["110", "119", "120", "122"],
)


class TestWaitingWords:
    FLOW = make_flow("""
        first:
          type: route
          queue: general
          news_every_s: 60
          ask:
            prompts: listen_ask
            words:
              - {to: urgent, any_of: 着火, matter: fire, urgent: true}
              - {any_of: 路灯, matter: street_lamp}
            max_s: 9
          no_seat: queue
          after: bye
        urgent: {type: route, queue: general, priority_s: 86400, ask: {prompts: listen_ask}, after: bye}
        """)

    def test_he_is_asked_while_he_waits(self) -> None:
        route = Walk(self.FLOW).waits_for
        assert isinstance(route, Route)
        assert route.ask == Listen((Prompt("listen_ask"),), 5.0, 9.0, ("着火", "路灯"))

    @pytest.mark.parametrize(("said", "matter"), [("路灯坏了", "street_lamp"), ("天气不错", None)])
    def test_what_leads_nowhere_is_noted_and_he_waits_on_without_another_question(
        self, said: str, matter: str | None
    ) -> None:
        call = Walk(self.FLOW)
        before = call.waits_for
        assert isinstance(before, Route)
        call.hear(RouteEnded("said", heard=Heard(said, 0.9)))
        assert call.waits_for == replace(before, ask=None)
        (noted,) = call.marks(CallFact.SAID)
        assert (noted.data["matter"], noted.data["to"], noted.data["node"]) == (matter, "first", "first")
        assert call.marks(CallFact.LEFT_QUEUE) == []

    def test_what_leads_elsewhere_takes_him_there_and_nowhere_is_he_asked_again(self) -> None:
        call = Walk(self.FLOW).hear(RouteEnded("said", heard=Heard("着火了", 0.9)))
        kinds = [mark.kind for mark in call.commands if isinstance(mark, Mark)]
        assert kinds == [CallFact.SAID, CallFact.LEFT_QUEUE, CallFact.ENTERED]
        assert isinstance(call.waits_for, Route)
        assert (call.waits_for.need.priority_s, call.waits_for.ask) == (EMERGENCY_S, None)
        assert len(call.marks(CallFact.HUMAN_ASKED)) == 1

    def test_what_was_heard_badly_leads_nowhere(self) -> None:
        assert Walk(self.FLOW).hear(RouteEnded("said", heard=Heard("着火了", 0.4))).node == "first"

    def test_words_that_come_too_late_to_lead_are_noted_all_the_same(self) -> None:
        call = Walk(self.FLOW)
        mark = overheard(self.FLOW, call.session, Heard("着火了", 0.9))
        assert mark is not None
        assert (mark.data["to"], mark.data["matter"], mark.data["urgent"]) == ("first", "fire", True)
        assert overheard(self.FLOW, call.session, Heard(None)) is None

    def test_what_somebody_said_who_hung_up_says_so(self) -> None:
        call = Walk(self.FLOW)
        mark = overheard(self.FLOW, call.session, Heard("路", 0.9, cut_off=True))
        assert mark is not None
        assert mark.data["cut_off"] is True

    def test_who_was_not_asked_cannot_have_answered(self) -> None:
        call = Walk(self.FLOW).hear(RouteEnded("said", heard=Heard("路灯", 0.9)))
        with pytest.raises(FlowStateError):
            call.hear(RouteEnded("said", heard=Heard("路灯", 0.9)))


class TestRoute:
    FLOW = make_flow("""
        first:
          type: route
          queue: enterprise
          skills: [{need: [enterprise>=3, english], for_s: 20}, {need: enterprise}]
          priority_s: 30
          news_every_s: 60
          max_wait_s: 120
          gave_up: sorry
          keys: {"9": queue}
          after: survey
        sorry: {type: say, prompts: fallback_wait, next: first}
        survey: {type: survey, ask: {3: survey_ask_3}, next: bye}
        """)

    def test_says_what_the_caller_needs(self) -> None:
        skills = (
            NeedStep((SkillNeed("enterprise", 3), SkillNeed("english")), 20.0),
            NeedStep((SkillNeed("enterprise"),)),
        )
        assert Walk(self.FLOW).waits_for == Route(Need("enterprise", skills, 30.0), 60.0, 120.0, "9")

    def test_says_what_he_hears_and_may_press_while_he_waits(self) -> None:
        flow = make_flow("""
            first: {type: route, queue: other, comfort: [comfort_1, comfort_2], called_back: bye, callback_key: "7",
                    no_seat: queue, after: bye}
            """)
        route = Walk(flow).waits_for
        assert isinstance(route, Route)
        assert route.comfort == (Prompt("comfort_1"), Prompt("comfort_2"))
        assert (route.callback_key, route.no_seat) == ("7", True)
        assert (route.news_every_s, route.language) == (None, "")

    def test_without_a_place_to_go_neither_callback_nor_leaving_an_empty_queue_is_offered(self) -> None:
        route = Walk(make_flow("first: {type: route, queue: other, after: bye}")).waits_for
        assert isinstance(route, Route)
        assert (route.callback_key, route.no_seat) == ("", False)

    def test_the_callback_and_the_empty_queue_lead_on(self) -> None:
        flow = make_flow("""
            first: {type: route, queue: other, called_back: done, no_seat: queue, after: bye}
            done: {type: hangup, prompts: callback_confirmed, reason: callback}
            """)
        assert Walk(flow).hear(RouteEnded("no_seat")).node == "queue"
        called = Walk(flow).hear(RouteEnded("callback"))
        assert (called.node, called.session.served) == ("done", True)

    def test_a_chosen_language_goes_with_it(self) -> None:
        flow = make_flow(
            """
            first: {type: menu, prompts: language_ask, options: {"1": mandarin, "2": english}}
            mandarin: {type: language, language: zh-CN, next: queue}
            english: {type: language, language: en, next: queue}
            """,
            head="languages: [zh-CN, en]\n",
        )
        languages = [Walk(flow).hear(Gathered(key, True)).waits_for for key in "12"]
        assert [route.language for route in languages if isinstance(route, Route)] == ["", "en"]

    def test_without_a_menu_a_person_is_asked_for_at_once(self) -> None:
        call = Walk(self.FLOW)
        assert [mark.data for mark in call.marks(CallFact.HUMAN_ASKED)] == [{"by": "no_menu"}]
        assert call.marks(CallFact.MENU_ENTERED) == []

    @pytest.mark.parametrize(
        ("event", "node"),
        [(RouteEnded("talked"), "survey"), (RouteEnded("gave_up"), "sorry"), (RouteEnded("left_by_key", "9"), "queue")],
    )
    def test_its_outcomes(self, event: RouteEnded, node: str) -> None:
        assert Walk(self.FLOW).hear(event).node == node


class TestMessage:
    FLOW = make_flow("""
        first: {type: schedule, hours: "08:00-20:00", open: queue, closed: night}
        night: {type: message, prompts: message_ask, max_s: 60, min_s: 2, next: thanks, otherwise: bye}
        thanks: {type: hangup, prompts: message_thanks}
        """)

    def night(self) -> Walk:
        return Walk(self.FLOW, at=datetime(2026, 11, 23, 22, tzinfo=CITY))

    def test_at_night_he_is_asked_for_one(self) -> None:
        call = self.night()
        assert call.waits_for == RecordMessage((Prompt("message_ask"),), 60.0, 2.0, "0")
        assert call.marks(CallFact.HUMAN_ASKED) == []
        assert call.marks(CallFact.MENU_ENTERED) == []

    def test_one_that_is_left_is_thanked_for(self) -> None:
        call = self.night().hear(MessageTaken(2.0))
        assert (call.node, call.session.served) == ("thanks", True)

    @pytest.mark.parametrize("seconds", [0.0, 1.9])
    def test_one_too_short_is_none_and_asked_for_once_more(self, seconds: float) -> None:
        call = self.night().hear(MessageTaken(seconds))
        assert ids(call.waits_for) == ["message_too_short", "message_ask"]
        assert call.hear(MessageTaken(seconds)).node == "bye"
        assert not call.session.served

    def test_the_second_try_counts(self) -> None:
        assert self.night().hear(MessageTaken(0.0), MessageTaken(30.0)).node == "thanks"

    def test_0_leads_to_a_person_whatever_he_has_said(self) -> None:
        call = self.night().hear(MessageTaken(45.0, "0"))
        assert (call.node, call.session.served) == ("queue", False)
        assert [mark.data for mark in call.marks(CallFact.HUMAN_ASKED)] == [{"by": "key"}]


class TestSchedule:
    FLOW = make_flow("""
        first: {type: schedule, hours: ["08:30-12:00", "14:00-24:00"], weekdays: [mon, tue], open: queue, closed: night,
                holiday: feast}
        night: {type: say, prompts: night_notice, next: queue}
        feast: {type: say, prompts: holiday_notice, next: queue}
        """)

    @pytest.mark.parametrize(
        ("at", "node"),
        [
            ("2026-11-23T08:29:59", "night"),
            ("2026-11-23T08:30:00", "queue"),
            ("2026-11-23T12:00:00", "night"),
            ("2026-11-23T23:59:59", "queue"),
            ("2026-11-25T10:00:00", "night"),
            ("2026-10-05T10:00:00", "feast"),
        ],
    )
    def test_branches_by_hour_weekday_and_holiday(self, at: str, node: str) -> None:
        assert Walk(self.FLOW, at=datetime.fromisoformat(at).replace(tzinfo=CITY)).node == node

    def test_the_citys_calendar_decides_what_a_holiday_is(self) -> None:
        assert Walk(self.FLOW, calendar=WorkCalendar(off_days=["2026-11-23"])).node == "feast"

    @pytest.mark.parametrize(("hour", "node"), [(21, "queue"), (3, "queue"), (12, "night")])
    def test_hours_over_midnight(self, hour: int, node: str) -> None:
        flow = make_flow("""
            first: {type: schedule, hours: "20:00-08:00", open: queue, closed: night}
            night: {type: say, prompts: night_notice, next: queue}
            """)
        assert Walk(flow, at=datetime(2026, 11, 23, hour, tzinfo=CITY)).node == node


def test_start_rules_choose_by_number_mode_hour_and_day() -> None:
    flow = make_flow(
        "day: {type: say, prompts: a, next: queue}\nrest: {type: say, prompts: b, next: queue}",
        start='[{dialled: "12333", to: queue}, {hours: "08:00-20:00", days: work, to: day}, {to: rest}]',
    )
    saturday = datetime(2026, 11, 21, 10, tzinfo=CITY)
    assert Walk(flow, "12333").node == "queue"
    assert Walk(flow).node == "day"
    assert Walk(flow, at=saturday).node == "rest"
    assert Walk(flow, at=saturday, calendar=WorkCalendar(work_days=["2026-11-21"])).node == "day"
    assert Walk(flow, at=saturday, entry="day").node == "day"


def test_number_dialled() -> None:
    flow = make_flow("""
        first: {type: number, options: {"12333": social}, otherwise: queue}
        social: {type: route, queue: social_security, after: bye}
        """)
    assert Walk(flow, "12333").path == ["first", "social"]
    assert Walk(flow, "12345").path == ["first", "queue"]


def test_language_switches_prompts_and_stays() -> None:
    flow = make_flow("first: {type: language, language: en, next: queue}", head="languages: [zh-CN, en]\n")
    call = Walk(flow)
    assert [c for c in call.commands if isinstance(c, SetLanguage)] == [SetLanguage("zh-CN"), SetLanguage("en")]
    assert call.session.language == "en"


def test_goto() -> None:
    assert Walk(make_flow("first: {type: goto, to: queue}")).path == ["first", "queue"]


def test_hang_up_says_its_closing_word_first() -> None:
    call = Walk(make_flow("first: {type: goto, to: queue}")).hear(RouteEnded("talked"))
    assert ids(call.waits_for) == ["goodbye"]
    assert call.hear(Played()).commands == [HangUp("flow")]


class TestTransfer:
    NODES = """
        first: {type: menu, prompts: menu_main, options: {"1": police}}
        police: {type: transfer, target: "110", prompts: transfer_110, otherwise: sorry, after: bye}
        sorry: {type: say, prompts: transfer_failed, next: queue}
        """

    def test_is_announced_and_dialled(self) -> None:
        call = Walk(make_flow(self.NODES, transfers=["110"])).hear(Gathered("1", True))
        assert ids(call.waits_for) == ["transfer_110"]
        assert call.hear(Played()).waits_for == Transfer("110")
        assert call.hear(TransferEnded(True)).node == "bye"
        assert call.marks(CallFact.HUMAN_ASKED) == []

    def test_refused_the_caller_goes_to_a_person(self) -> None:
        call = Walk(make_flow(self.NODES, transfers=["110"])).hear(Gathered("1", True), Played(), TransferEnded(False))
        assert ids(call.waits_for) == ["transfer_failed"]
        assert [mark.data for mark in call.marks(CallFact.HUMAN_ASKED)] == [{"by": "key"}]
        assert call.hear(Played()).node == "queue"

    def test_a_wish_for_a_person_after_it_is_the_first(self) -> None:
        flow = make_flow("""
            first: {type: transfer, target: "110", otherwise: queue, after: more}
            more: {type: say, prompts: more_help, keys: {"0": queue}, next: bye}
            """, transfers=["110"])  # fmt: skip
        call = Walk(flow).hear(TransferEnded(True), Played("0"))
        assert call.node == "queue"
        assert [mark.data for mark in call.marks(CallFact.HUMAN_ASKED)] == [{"by": "key"}]

    def test_a_target_without_an_address_is_not_even_announced(self) -> None:
        call = Walk(make_flow(self.NODES)).hear(Gathered("1", True))
        assert call.path == ["first", "police", "sorry"]


class TestSurvey:
    FLOW = make_flow("""
        first: {type: route, queue: general, after: survey}
        survey: {type: survey, ask: {3: survey_ask_3, 5: survey_ask_5}, next: thanks}
        thanks: {type: hangup, prompts: thanks_goodbye}
        """)

    @pytest.mark.parametrize("key", ["1", "2", "3", ""])
    def test_a_key_or_silence_ends_it(self, key: str) -> None:
        call = Walk(self.FLOW).hear(RouteEnded("talked"))
        assert call.waits_for == Survey((Prompt("survey_ask_3"),), 3, 5.0)
        assert call.hear(Gathered(key, True)).node == "thanks"

    @pytest.mark.parametrize("key", ["4", "0", "*", "12", "A", "²"])
    def test_a_wrong_key_asks_once_more(self, key: str) -> None:
        call = Walk(self.FLOW).hear(RouteEnded("talked"), Gathered(key, True))
        assert ids(call.waits_for) == ["survey_again", "survey_ask_3"]
        assert call.hear(Gathered(key, True)).node == "thanks"

    def test_the_city_chooses_the_scale(self) -> None:
        call = Walk(self.FLOW, scale=5).hear(RouteEnded("talked"))
        assert call.waits_for == Survey((Prompt("survey_ask_5"),), 5, 5.0)
        assert call.hear(Gathered("5", True)).node == "thanks"


def test_each_node_entered_leaves_its_milestone() -> None:
    call = Walk(make_flow("first: {type: goto, to: queue}"))
    entered = [c for c in call.told if isinstance(c, Mark) and c.kind == CallFact.ENTERED]
    assert [(mark.data["node"], mark.data["type"]) for mark in entered] == [("first", "goto"), ("queue", "route")]
    assert all(mark.data["session"] for mark in entered)
