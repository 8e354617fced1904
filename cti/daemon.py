"""The daemon: builds every object by hand, passes it in, and runs them until it is asked to stop."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import random
import time
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import structlog
from aiohttp import web

from agents.lease import LeaseRules
from agents.roster import Agent
from agents.status import DeskRules
from agents.telephone import Telephone
from cti import live_view
from cti.account_files import AccountFiles
from cti.accounts.people import People, User
from cti.accounts.sessions import Sessions
from cti.accounts.throttle import Throttle
from cti.accounts.tickets import Tickets
from cti.admin_desk import AdminDesk
from cti.agent_watch import AgentWatch, Sources
from cti.alert_house import AlertHouse
from cti.archive import Archive
from cti.asterisk import names
from cti.asterisk.agi import AgiServer, AgiSession
from cti.asterisk.ami import Ami, AmiEvent
from cti.asterisk.channels import Channels
from cti.asterisk.snapshot import device_states, snapshot, variable
from cti.audit import Audit
from cti.board_house import BoardHouse, past_from
from cti.board_house import Parts as BoardParts
from cti.callback_call import Outside
from cti.callbacks import Books, Callbacks
from cti.calls import AgentId, CallFact, CallId, Milestone
from cti.city_files import CityFiles
from cti.clock import SteadyClock
from cti.contact import Recordings
from cti.desk_view import DeskView
from cti.directory import Directory
from cti.exchange import Exchange
from cti.exposition import Exposition
from cti.exposition import Parts as Figures
from cti.fallback_members import FallbackMembers
from cti.figures_house import FiguresHouse
from cti.health import health
from cti.journey import House, Journey
from cti.listening import Listening
from cti.live_figures import LiveFigures
from cti.loop_lag import LoopLag
from cti.metrics.agents import AgentDay
from cti.metrics.record import fold_with_faults
from cti.moving import Moving
from cti.numbers import Numbers
from cti.offer_times import OfferTimes
from cti.pair import Inheritance, Pair
from cti.parties import Parties
from cti.phones import Phones
from cti.provision import Provisioner
from cti.ready import say_ready, take_back_ready
from cti.reclaim import Reclaim
from cti.recollection import Recollection
from cti.reconciler import Reconciler
from cti.report_house import ReportHouse
from cti.rules import Rules, overflow_of
from cti.secrets import Secrets
from cti.served_alone import ServedAlone
from cti.settings import Settings
from cti.silent_lines import SilentLines
from cti.softphones import Softphones
from cti.standby_call import StandbyCalls
from cti.storage.audit import SqlTrail
from cti.storage.expiring import RedisExpiring
from cti.storage.live import RedisLive
from cti.storage.records import Records
from cti.supervision_house import House as SupervisionParts
from cti.supervision_house import SupervisionHouse
from cti.surge_watch import SurgeWatch
from cti.switchboard import Switchboard
from cti.talk import past
from cti.ticket_book import Rules as TicketRules
from cti.ticket_house import TicketHouse
from cti.timelines import Timelines
from cti.tls import server_tls
from cti.today import Today
from cti.unfinished import Unfinished
from cti.video.visits import visit_id_of
from cti.video_house import Parts as VideoParts
from cti.video_house import VideoHouse
from cti.waiting_room import WaitingRoom
from cti.web.accounts import AccountRoutes
from cti.web.agent_days import AgentDayRoutes
from cti.web.alerts import AlertRoutes
from cti.web.app import Api, make_app
from cti.web.callbacks import CallbackRoutes
from cti.web.city import CityRoutes
from cti.web.desk import DeskPages
from cti.web.feed import Feed
from cti.web.flow_modes import FlowModeRoutes
from cti.web.http import Guard
from cti.web.metrics import metrics_route
from cti.web.moving import MovingRoutes
from cti.web.openapi import VERSION, openapi_route
from cti.web.pair import promise_route
from cti.web.sip_proxy import SipProxy
from cti.web.site import site_routes
from cti.web.softphone import SoftphoneRoutes
from cti.web.staffing import staffing_route
from cti.web.test_agents import TestAgents
from cti.web.tickets import TicketRoutes

log = structlog.get_logger()

_RESYNC_S = 6.0
"""So that what an event that was lost has left behind is found, and repaired, within ten seconds."""
_SPOOL_LIMIT_S = 3.0


class Daemon:
    """Everything of one city, built from its settings by the one process that decides for it."""

    def __init__(
        self, settings: Settings, secrets: Secrets, records: Records, pair: Pair, inheritance: Inheritance
    ) -> None:
        self.settings, self.pair = settings, pair
        self.wall = wall = SteadyClock(time.time, time.monotonic)
        zone = ZoneInfo(settings.city.timezone)
        self.local_time: Callable[[float], datetime] = lambda at: datetime.fromtimestamp(at, zone)

        self.files = CityFiles(settings)
        self.numbers = Numbers(
            lambda: self.files.numbers.current,
            settings.city.code,
            self.files.flows,
            lambda number: self._mode_of(number),
        )
        self.feed, self.timelines = Feed(), Timelines()
        self.live = RedisLive(settings.redis_url, settings.city.code)
        desks = settings.agents
        rules = DeskRules(desks.wrap_up, desks.wrap_up_most_s, desks.no_answer_limit, desks.no_answer_pause_s)
        self.board = Switchboard(settings.calls.wrap_up_s, rules, overflow_of(self.files.rules.current))
        self.board.set_roster(self.files.roster.read_or_last_good())
        self.board.may_decide = pair.may_decide
        self.board.recover(inheritance.milestones, wall(), inheritance.first_seq)
        self.timelines.add([milestone for milestone in inheritance.milestones if milestone.id in self.board.calls])
        self.journal, self.drainer = records.journal, records.drainer
        self.journal.on_durable = self._on_durable
        self.records, self.store, self.sql_worker = records, records.store, records.worker
        self.archive = Archive(
            records,
            self.timelines,
            wall,
            zone,
            lambda: self.files.skills.current.names(),
            paired=bool(settings.pair.peer),
        )
        self.exchange = Exchange(self.board, self.journal, wall)
        self.recordings = Recordings(
            settings.recordings_dir, self.local_time, lambda call_id: self.video.pictures.settled(call_id)
        )
        self.served_alone = ServedAlone(
            self.exchange,
            self.recordings,
            settings.spool_dir,
            self.journal,
            lambda call_id: self.sql_worker.run(self.store.milestones, call_id),
            self.numbers.place,
        )
        self.unfinished = Unfinished(
            settings.recordings_dir, lambda: self.board.calls, wall, self.archive.milestones, self.exchange.late
        )
        self.channels, self.phones = Channels(), Phones(wall)
        self.reconciler = Reconciler(self.exchange, self.channels, self.recordings, self._nonce, self._spawn)
        self.observe = self._ami(names.AMI_RO, secrets.ami_ro)
        self.act = self._ami(names.AMI_CTL, secrets.ami_ctl)
        self.softphones = Softphones(self.exchange, secrets.softphones, desks.auto_answer_s, desks.reattach_s)
        self.provisioner = Provisioner(
            self.observe, self.act, self._telephones, desks.rtp_timeout_s, ",".join(settings.video.codecs)
        )
        self.fallback = FallbackMembers(self.observe, self.act, self.board.logged_in)
        self.today = Today(self.local_time)
        self.desk_view = DeskView(
            self.phones.state,
            self.today,
            self.timelines.of,
            self._agents,
            settings.calls.offer_timeout_s,
            self.softphones.auto_answer_s,
            lambda target: self.directory.name(target),
        )
        self.pages = DeskPages(self.exchange, self.desk_view, self._page_opened)
        self.tickets = TicketHouse(
            self.exchange,
            records,
            lambda forms: TicketRules(lambda: forms.current, self.files.calendar, self.local_time),
            self.timelines.of,
            self.pages.tell,
            self._recordings_of,
            folder=settings.documents / "tickets",
            key=secrets.numbers,
            webhook=settings.tickets.webhook,
            webhook_secret=os.environ.get("YIHU_WEBHOOK_SECRET", ""),
            area_code=settings.callback.area_code,
        )
        self.exchange.before_wakes = self._before_wakes
        self.watch = AgentWatch(
            self.exchange,
            Sources(
                phones=self.phones,
                page=self.pages.sign,
                channels=lambda: self.channels.channels if self.observe.synced else None,
                compare=self.observe.resync,
            ),
            self.act,
            self.recordings,
            LeaseRules(desks.page_lost_s, desks.logout_after_s),
        )
        self.silent_lines = SilentLines(
            self.exchange,
            self.phones,
            lambda: self.channels.channels,
            lambda channel: variable(self.observe, channel, names.PACKETS_HEARD),
            self.act,
        )
        self.listening = Listening(
            settings,
            self.exchange,
            self.act,
            lambda: self.channels.channels if self.observe.synced else None,
            self.files.flows,
            self.tickets.book,
            self.timelines.of,
            self.pages.tell,
            lambda target: self.directory.name(target),
            lambda queue: self.room.wrap_up_s(queue),
        )
        self.desk_view.speech = self.listening.word
        self.parties = Parties(
            self.exchange,
            self.act,
            lambda: self.channels.channels if self.observe.synced else None,
            lambda channel: variable(self.observe, channel, names.CTI_ANSWERED_AT),
            self.recordings,
            settings.moving.ring_s,
            self.softphones.reattach_s,
        )
        self.directory = Directory(
            self.exchange,
            lambda: self.files.directory.current,
            settings.transfers,
            settings.moving.dial,
            lambda: self.files.skills.current.skill,
            self.local_time,
        )
        self.moving = Moving(self.exchange, self.parties, self.directory, settings.moving, self.pages.poke)
        self.callbacks = Callbacks(
            Outside(
                exchange=self.exchange,
                act=self.act,
                channels=lambda: self.channels.channels if self.observe.synced else None,
                noted=lambda channel: variable(self.observe, channel, names.CTI_ANSWERED_AT),
                recordings=self.recordings,
                sounds=self.files.prompts,
                settings=settings.callback,
                ring_agent_s=settings.calls.offer_timeout_s,
            ),
            Books(
                local_time=self.local_time,
                timeline=self.timelines.of,
                drained=self.drainer.drained,
                records=self.archive.calls,
                place_of=self.numbers.place,
                need_of=self.numbers.need,
            ),
        )
        self.agi = AgiServer(
            {
                names.AGI_CITIZEN: self._citizen,
                names.AGI_PROVISION: self.provisioner.serve,
                names.AGI_CALLBACK: self.callbacks.serve,
                names.AGI_BESIDE: lambda session: self.video.beside.serve(session),
            }
        )
        here = f"{settings.agi.host}:{settings.agi.port}"
        self.reclaim = Reclaim(
            self.observe, self.act, self.agi.holds, self.board.calls.values, here, settings.agi.second
        )
        self.test_agents = TestAgents(self.exchange, self._on_agents_changed, self.provisioner.settled)
        self.people = People(self._agents, lambda: self.files.users.current)
        keeper = RedisExpiring(settings.redis_url, settings.city.code)
        self.sessions = Sessions(keeper, wall, self.people.stamp, self._in_call, settings.accounts.idle_s)
        self.sessions.on_end.append(self.pages.session_over)
        self.guard = Guard(self.sessions, Tickets(self.sessions, wall), secrets.admin_token)
        self.audit = Audit(SqlTrail(self.store), self.sql_worker.run, wall)
        self.admin_desk = AdminDesk(
            settings,
            self.files.prompts,
            self.files.prompt_texts,
            self.files.calendar,
            lambda: self.files.numbers.current,
            lambda: self.files.skills.current,
            lambda: self.files.directory.current,
            self.archive.calls,
            self.audit,
            wall,
        )
        self.accounts = AccountRoutes(
            self.guard, self.people, Throttle(keeper, wall), self.exchange, self.audit, self._set_password
        )
        socket = f"http://{settings.asterisk.ami_host}:{settings.asterisk.http_port}/ws"
        self.sip = SipProxy(socket, self._may_connect, guest=lambda visit: f"g{visit}")
        self.sessions.on_end.append(self.sip.session_ended)
        self._provisioned = ""
        self._tasks: set[asyncio.Task[None]] = set()
        self.room = WaitingRoom(
            self.exchange,
            self.files.rules.current.waiting,
            self.files.rules.current.surge,
            self.numbers.did,
            self.callbacks,
            self.local_time,
            settings.calls.wrap_up_s,
        )
        self.recollection = Recollection(
            self.store,
            self.sql_worker,
            self.archive.calls,
            self.drainer.drained,
            self.room,
            self.today,
            lambda: self.files.rules.current.waiting,
            wall,
            self.local_time,
        )
        self.room.agent_of_open_ticket = self.tickets.agent_of
        self.desk_view.ticket_of = self.tickets.book.id_of
        self.desk_view.skills = lambda: self.files.skills.current.names()
        self.standby = StandbyCalls(
            self.exchange,
            self.act,
            lambda: self.files.schedule.current,
            self.local_time,
            settings.callback,
            self.callbacks.dialling,
            self.callbacks.ongoing,
            lambda: self.numbers.unknown,
        )
        self.standby.recover(inheritance.milestones)
        self.surge = SurgeWatch(
            self.exchange, self.files.rules.current.surge, self.room, self.local_time, self.standby.rung_on
        )
        self.house = House(
            exchange=self.exchange,
            flows=self.files.flows,
            sounds=self.files.prompts,
            did_of=self.numbers.did,
            city=settings.city.code,
            local_time=self.local_time,
            recordings=self.recordings,
            calendar=self.files.calendar,
            offer_timeout_s=settings.calls.offer_timeout_s,
            survey_scale=settings.calls.survey_scale,
            announcements=settings.calls.announcements,
            transfers=settings.transfers,
            room=self.room,
            timeline=self.timelines.of,
            reattach_s=self.softphones.reattach_s,
            forward=self.moving.forward,
            agent_wait_s=settings.moving.agent_wait_s,
            listener=self.listening.taps,
            matter_of=self.listening.words.matter_of,
        )
        self.video = VideoHouse(
            settings,
            VideoParts(
                exchange=self.exchange,
                keeper=keeper,
                sessions=self.sessions,
                recordings=self.recordings,
                act=self.act,
                key=secrets.softphones,
                timeline=self.timelines.of,
                past=lambda call_id: self.sql_worker.run(self.store.milestones, call_id),
                estimate=self.room.estimate,
                logged_in=self.board.logged_in,
                tell=self.pages.tell,
                end_talk=self.parties.end,
                place_of=self.numbers.place,
                telephones_changed=self._on_telephones_changed,
                telephone_written=self.provisioner.written,
            ),
        )

        self.supervision = SupervisionHouse(
            settings,
            SupervisionParts(
                exchange=self.exchange,
                act=self.act,
                channels=lambda: self.channels.channels if self.observe.synced else None,
                parties=self.parties,
                trail=self.audit,
                tell=self.pages.tell,
                name_of=self._name_of_user,
                skills=lambda: self.files.skills.current.skill,
                local_time=self.local_time,
                telephones_changed=self._on_telephones_changed,
                telephone_written=self.provisioner.written,
                dialling=self.callbacks.dialling,
                ongoing=self.callbacks.ongoing,
                own_number=lambda: self.numbers.unknown,
            ),
        )
        self.supervision.recover(inheritance.milestones)
        self.sessions.on_end.append(self.supervision.session_ended)
        self.desk_view.user_name = self._name_of_user
        self.tally, self.lag = LiveFigures(zone, wall), LoopLag(time.monotonic)
        self.tally.begin([milestone for milestone in inheritance.milestones if milestone.id in self.board.calls])
        self.offer_times = OfferTimes(self.board, wall)
        self.figures = FiguresHouse(
            records,
            self.observe,
            settings.city.code,
            wall,
            time.monotonic,
            zone,
            queues=self._queues,
            habits=self.room.habits,
            desks=self.board.desks.values,
            schedule=lambda: self.files.schedule.current,
            works=lambda day: self.files.calendar.day(day).kind == "work",
        )
        self.figures.heard(inheritance.milestones)
        self.figures.compare(self.tally.calls, self.tally.agents_time, self.tally.known_since)
        self.reports = ReportHouse(
            self.exchange, settings, self.files, self._agents, records.drained, self.callbacks.tasks_of, self.local_time
        )
        self.alerts = AlertHouse(
            self.exchange,
            settings,
            self.files,
            self.tally,
            self.drainer,
            self.observe,
            self._health,
            lambda topic, state: self.live_pages.board.publish(topic, state),
        )
        self.exposition = Exposition(
            Figures(
                version=VERSION,
                city=settings.city.code,
                board=self.board,
                wall=wall,
                queues=self._queues,
                tally=self.tally,
                offers=self.offer_times,
                owed=self.callbacks.owed,
                records=records,
                live=self.live,
                observe=self.observe,
                act=self.act,
                agi=self.agi,
                speech=lambda: self.listening.speech.pool,
                lag=self.lag,
                health=self._health,
                alerts=self.alerts.counts,
                monotonic=time.monotonic,
            )
        )
        self._metrics_token = secrets.metrics
        self.live_pages = BoardHouse(
            BoardParts(
                city=settings.city,
                targets=settings.targets,
                zone=zone,
                wall=wall,
                monotonic=time.monotonic,
                switchboard=self.board,
                figures=self.tally,
                surge=self.surge,
                phone=self.phones.state,
                skills=lambda: self.files.skills.current.skill,
                speech=self.listening.word,
                past=past_from(self.archive.calls, self.drainer.drained, zone),
                owed=self.callbacks.owed,
                gaps=self.figures.gaps_between,
                staffing=self.figures.staffing.state,
            )
        )
        self.sessions.on_end.append(self.live_pages.board.session_over)

    async def run(self, stop: asyncio.Event) -> None:
        """Serves until `stop`. AgiError or OSError if a port cannot be listened on."""
        async with asyncio.TaskGroup() as group:
            background: list[Coroutine[Any, Any, None]] = [
                self.live.run(),
                self.pair.replicate(),
                self.observe.run(),
                self.act.run(),
                self.provisioner.run(),
                self.fallback.run(),
                self.watch.run(),
                *self.files.watching(self._on_roster, self._on_users, self._on_rules),
                self.sessions.run(),
                self.audit.run(),
                self.admin_desk.run(),
                self.parties.run(),
                self._resync_now_and_then(),
                self.served_alone.run(),
                self.unfinished.run(),
                self.callbacks.run(),
                self.recollection.run(),
                self.surge.run(),
                self.standby.run(),
                self.tickets.run(),
                self.video.run(),
                *self.listening.jobs(),
                *self.supervision.jobs(),
                self._publish_snapshots(),
                self.tally.run(self.archive.calls, self.archive.at_desks, self.drainer.drained),
                *self.live_pages.jobs(),
                self.lag.run(),
                *self.figures.jobs(),
                self.alerts.run(),
                self.reports.run(),
            ]
            if self.settings.pair.peer:
                background.append(self.reclaim.run())
            tasks = [group.create_task(job) for job in background]
            runner = web.AppRunner(self.web_app(), access_log=None, shutdown_timeout=1.0)
            try:
                at = self.settings.web
                await runner.setup()
                await web.TCPSite(runner, at.host, at.port, ssl_context=server_tls(self.settings)).start()
                await self.agi.start(self.settings.agi.host, self.settings.agi.port)
                self.exchange.settle()
                self._say_ready()
                await stop.wait()
            finally:
                take_back_ready(self.settings)
                await self._wind_down(runner, tasks)

    def web_app(self) -> web.Application:
        """All pages, REST and WebSockets, guarded."""
        app = make_app(self._api())
        app.add_routes(site_routes())
        app.add_routes(self.pages.routes())
        app.add_routes(self.live_pages.board.routes())
        app.add_routes(SoftphoneRoutes(self.softphones, self.provisioner.written).routes())
        app.add_routes(self.sip.routes())
        app.add_routes(self.video.routes())
        app.add_routes(self.listening.words.routes())
        app.add_routes(self.supervision.routes())
        app.cleanup_ctx.append(self.sip.client)
        app.add_routes(AgentDayRoutes(lambda: self.files.schedule.current, self.local_time, self._agent_days).routes())
        app.add_routes(CallbackRoutes(self.callbacks, self.archive.record).routes())
        app.add_routes([*AlertRoutes(self.alerts).routes(), *self.reports.routes()])
        app.add_routes([*TicketRoutes(self.tickets.desk).routes(), openapi_route()])
        app.add_routes(MovingRoutes(self.exchange, self.moving, self.directory).routes())
        app.add_routes(self.admin_desk.routes())
        app.add_routes(FlowModeRoutes(self.exchange, self.numbers, self.files.flows).routes())
        app.add_routes(CityRoutes(self.exchange, self.surge, self.files.prompt_texts).routes())
        app.add_routes([promise_route(self.pair.secret, self.pair.promise)])
        app.add_routes([staffing_route(self.figures.staffing.state)])
        app.add_routes([metrics_route(self._metrics_token, self.exposition.text)])
        return app

    async def _wind_down(self, runner: web.AppRunner, tasks: list[asyncio.Task[None]]) -> None:
        """Calls go on in the dialplan; then everything ends."""
        self.feed.close()
        self.pages.close()
        self.live_pages.board.close()
        self.reports.stop()
        self.sip.close()
        self.video.channels.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                await self.audit.written()
        await self.agi.stop(2.0)
        self.exchange.stop()
        self.silent_lines.stop()
        for task in [*self._tasks, *tasks]:
            task.cancel()
        await runner.cleanup()

    # Calls

    async def _citizen(self, session: AgiSession) -> None:
        nonce = self._nonce()
        if nonce and not session.env.uniqueid.startswith(f"{nonce}-"):
            log.warning("agi_call_of_no_asterisk_of_ours")
            return
        with structlog.contextvars.bound_contextvars(call_id=session.env.uniqueid):
            if visit_id_of(session.env.channel) and not self.video.guests.admit(session):
                await session.set_variable(names.CTI_DONE, "1")
                await session.hangup()
                return
            try:
                await Journey(session, self.house).run()
            finally:
                self.video.guests.left(session)

    # Asterisk

    def _ami(self, user: str, secret: str) -> Ami:
        observes = user == names.AMI_RO
        return Ami(
            host=self.settings.asterisk.ami_host,
            port=self.settings.asterisk.ami_port,
            username=user,
            secret=secret,
            nonce=self._nonce,
            on_event=self._on_event if observes else _ignore,
            on_up=self._on_observing if observes else self._on_acting,
            on_down=self._on_unobserved if observes else None,
            may_act=self.pair.may_decide,
            rng=random.Random(),
        )

    def _nonce(self) -> str:
        """The system name of the Asterisk that runs now."""
        if self.settings.asterisk.system_name:
            return self.settings.asterisk.system_name
        try:
            return (self.settings.run_dir / names.NONCE_FILE).read_text().strip()
        except FileNotFoundError:
            return ""

    def _on_event(self, event: AmiEvent) -> None:
        self.reconciler.on_event(event)
        self.callbacks.on_event(event)
        self.standby.on_event(event)
        self.parties.on_event(event)
        self.listening.talks.on_event(event)
        self.supervision.on_event(event)
        self.watch.on_event(event)
        self.silent_lines.on_event(event)
        self.offer_times.on_event(event)

    async def _on_observing(self) -> None:
        # A call that Asterisk served alone has ended properly there; in Asterisk's list it would only be missing.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SPOOL_LIMIT_S):
                await self.served_alone.read.wait()
        listed = await snapshot(self.observe)
        self.reconciler.on_list(listed, await self._answers_noted())
        await self.parties.on_list(self.channels.channels)
        self.phones.replace(await device_states(self.observe))
        self.watch.on_list()
        self.silent_lines.on_list()
        self.provisioner.request()  # it may not have been able to look until now
        self.fallback.request(forget=True)

    def _on_unobserved(self, reason: str) -> None:
        self.reconciler.on_down(reason)
        self.silent_lines.on_down()

    async def _answers_noted(self) -> dict[CallId, float]:
        """When agents answered, by the dialplan's note, of the calls that are not answered as far as we know."""
        noted = {}
        for call in [call for call in self.board.calls.values() if call.phase == "ringing"]:
            text = await variable(self.observe, str(call.facts["channel"]), names.CTI_ANSWERED_AT)
            if (at := past(text, self.wall())) is not None:
                noted[call.id] = at
        return noted

    async def _on_acting(self) -> None:
        if self.settings.pair.peer:
            await self.reclaim.be_first()
        # Another boot of Asterisk may have lost the telephones that were written in its last second.
        self.provisioner.request(forget=self._nonce() != self._provisioned)
        self._provisioned = self._nonce()
        self.fallback.request(forget=True)

    async def _resync_now_and_then(self) -> None:
        """Asterisk's own list wins, asked for without any cause too: an event may be lost without a trace."""
        while True:
            await asyncio.sleep(_RESYNC_S)
            if self.observe.connected:
                self.observe.resync()

    # Telephones

    def _telephones(self) -> Mapping[str, Telephone]:
        beside = {**self.video.visits.telephones(), **self.supervision.phones.telephones()}
        return {**self.softphones.telephones(), **beside}

    def _may_connect(self, user: str) -> bool:
        holders = (self.softphones, self.video.visits, self.supervision.phones)
        return any(holder.may_connect(user) for holder in holders)

    def _on_telephones_changed(self) -> None:
        self.provisioner.request()
        self.sip.look()

    # Agents

    def _agents(self) -> Mapping[AgentId, Agent]:
        return {agent_id: desk.agent for agent_id, desk in self.board.desks.items()}

    def _on_roster(self, roster: dict[AgentId, Agent]) -> None:
        changed, gone = self.exchange.take_roster(roster)
        log.info("roster_changed", changed=len(changed), gone=len(gone), agents=len(roster))
        self._on_agents_changed()

    def _in_call(self, user: str) -> bool:
        desk = self.board.desks.get(AgentId(user))
        return desk is not None and desk.call_id is not None

    def _mode_of(self, number: str) -> str:
        switched = self.board.flow_mode(number, self.wall())
        return "" if switched is None else str(switched.data["mode"])

    def _name_of_user(self, user: str) -> str:
        person = self.people.find(user)
        return person.name if person is not None else user

    def _on_users(self, before: Mapping[str, User]) -> None:
        """Who may do what has changed in the file, whoever changed it."""
        for user in sorted({*before, *self.files.users.current}):
            old, new = (users[user].roles if user in users else () for users in (before, self.files.users.current))
            if set(old) != set(new):
                roles = {"before": " ".join(sorted(old)), "now": " ".join(sorted(new))}
                self.audit.note("", "roles_changed", user, roles)
        self.sessions.check()

    async def _set_password(self, user: str, password_hash: str) -> None:
        """It is in use when this returns."""
        await asyncio.to_thread(AccountFiles(self.settings).set_password, user, password_hash)
        await asyncio.to_thread(self.files.users.load)
        self._on_roster(await asyncio.to_thread(self.files.roster.read))

    def _on_rules(self, rules: Rules) -> None:
        self.exchange.take_overflow(overflow_of(rules))
        self.room.take(rules)
        self.surge.take(rules.surge)
        self.alerts.take(rules.alerts)

    def _queues(self) -> list[str]:
        return [name for name, skill in self.files.skills.current.skill.items() if skill.queue]

    def _on_agents_changed(self) -> None:
        self.provisioner.request()
        self.fallback.request()

    # Agents' pages

    def _page_opened(self, agent_id: AgentId) -> None:
        """He is told what his page cannot know."""
        self.tickets.show(agent_id)
        self.listening.words.show(agent_id)
        self.supervision.show(agent_id)
        self.video.opened(agent_id)

    def _before_wakes(self, batch: Sequence[Milestone]) -> None:
        self.desk_view.offers(batch)
        self.pages.offers(batch)

    # Records

    def _on_durable(self, batch: Sequence[Milestone]) -> None:
        self.timelines.add(batch)
        self.desk_view.forget(batch)
        self.today.add(batch)
        self.room.heard(batch)
        self.surge.heard(batch)
        self.feed.publish(batch)
        self.pages.heard(batch)
        self.tickets.heard(batch)
        self.listening.words.heard(batch)
        self.supervision.heard(batch)
        self.video.heard(batch)
        self.live.publish(batch)
        self.pair.on_durable(batch)
        self.tally.heard(batch)
        self.figures.heard(batch)
        self.live_pages.heard(batch)
        self.offer_times.heard(batch)
        self.accounts.heard(batch)
        self.alerts.heard(batch)
        if any(self.softphones.changed_by(milestone) for milestone in batch):
            self.provisioner.request()
            self.sip.look()
        for milestone in batch:
            if milestone.stream == "agent":
                self.fallback.request()
            elif milestone.kind == CallFact.ENDED:
                self._log_ended(CallId(milestone.id))

    def _log_ended(self, call_id: CallId) -> None:
        """The one line a call leaves in the log."""
        record, faults = fold_with_faults(self.timelines.of(call_id) or [])
        self.room.remember(record)
        self.callbacks.on_ended(record)
        self.tally.on_ended(record)
        log.info("call_ended", **dataclasses.asdict(record))
        if faults:
            log.error("call_contradiction", call_id=call_id, faults="; ".join(faults))

    async def _publish_snapshots(self) -> None:
        while True:
            await asyncio.sleep(0.5)
            if not self.board.calls:
                self.wall.anchor()
            self.live.set_snapshot(orjson.dumps(live_view.snapshot(self.board, self.wall())))

    # Web

    def _health(self) -> dict[str, Any]:
        speech = self.listening.speech.state
        figures = self.figures.state()
        return health(self.records, self.observe, self.act, self.files.flows, self.live, self.pair, speech, figures)

    def _api(self) -> Api:
        return Api(
            exchange=self.exchange,
            feed=self.feed,
            guard=self.guard,
            trail=self.audit,
            accounts=self.accounts,
            test_agents=self.test_agents,
            health=self._health,
            phone=self.phones.state,
            channels=lambda: [dataclasses.asdict(channel) for channel in self.channels.channels.values()],
            call=self.archive.call,
            why=lambda call, lang: self.archive.why(call, lang, self._agents()),
            calls_since=self.archive.calls_since,
        )

    async def _recordings_of(self, call_id: CallId) -> list[str]:
        """Their files. TimeoutError: not to be had now."""
        found = await self.archive.call(call_id)
        return [recording["file"] for recording in found["record"]["recordings"]] if found is not None else []

    async def _agent_days(self, since: datetime, until: datetime, only: Collection[AgentId]) -> list[AgentDay]:
        return await self.archive.agent_days(self.files.schedule.current, since, until, only)

    # Inside

    def _spawn(self, job: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(job)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _say_ready(self) -> None:
        """Calls are served."""
        facts = {
            "role": "active",
            "agi": f"{self.settings.agi.host}:{self.agi.port}",
            "sip": f"{self.settings.asterisk.host}:{self.settings.asterisk.sip_port}",
            "agents": sorted(self.board.desks),
        }
        say_ready(self.settings, facts)


def _ignore(_event: AmiEvent) -> None:
    """The acting connection asks for no events."""
