"""The words of people for what milestones and decisions say in codes: skills, queues, states, agents, seconds."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Literal

from agents.roster import Agent
from cti.calls import AgentId

Lang = Literal["zh", "en"]

SKILLS: Mapping[str, tuple[str, str]] = {
    "general": ("综合", "general"),
    "enterprise": ("企业服务", "enterprise services"),
    "social_security": ("社会保障", "social security"),
    "video": ("视频", "video"),
    "sign": ("手语", "sign language"),
    "care": ("爱心", "care"),
    "psychology": ("心理咨询", "psychology"),
    "urgent_linkage": ("紧急联动", "urgent linkage"),
    "department_expert": ("部门专家", "department expert"),
    "mandarin": ("普通话", "Mandarin"),
    "cantonese": ("粤语", "Cantonese"),
    "english": ("英语", "English"),
}
"""As shipped; a city has names of its own (cti/skills.py)."""
_OURS: Mapping[str, tuple[str, str]] = {"fallback": ("应急", "fallback")}
"""Asterisk's own queue, which stands in no document."""
STATES: Mapping[str, tuple[str, str]] = {
    "idle": ("空闲", "idle"),
    "ready": ("暂停派话", "held back"),
    "offered": ("振铃", "ringing"),
    "talking": ("通话", "talking"),
    "held": ("通话保持", "citizen on hold"),
    "wrap_up": ("话后处理", "wrap-up"),
    "not_ready": ("示忙", "not ready"),
    "not_answering": ("未应答暂停", "paused after no answer"),
    "break": ("小休", "break"),
    "meeting": ("会议", "meeting"),
    "training": ("培训", "training"),
    "offline": ("离线", "offline"),
    "phone_away": ("话机失联", "telephone away"),
    "page_away": ("页面失联", "page away"),
    "elsewhere": ("另有通话", "in another call"),
    "no_answer": ("无应答", "no answer"),
}
RUNGS: Mapping[str, tuple[str, str]] = {
    "short_prompts": ("精简语音", "short prompts"),
    "callback_sooner": ("提前提供回拨", "callback sooner"),
    "broadcast": ("繁忙播报", "broadcast"),
    "borrow": ("跨组借席", "borrowed seats"),
    "standby": ("启用备班", "stand-by agents"),
}
PARTIES: Mapping[str, tuple[str, str]] = {
    "agent": ("座席", "agent"),
    "queue": ("队列", "queue"),
    "department": ("部门", "department"),
    "expert": ("专家", "expert"),
    "interpreter": ("翻译", "interpreter"),
    "supervisor": ("班长", "supervisor"),
    "emergency": ("紧急联动", "emergency service"),
    "outside": ("外线", "outside line"),
}


_CJK = "\u3000-\u303f\u4e00-\u9fff\uff00-\uffef“”"
_GAP = re.compile(f"(?<=[{_CJK}]) +(?=[{_CJK}])")


@dataclass(frozen=True, slots=True)
class Words:
    """One language. `name` gives an agent's name; "" or the id itself if there is none."""

    lang: Lang
    name: Callable[[str], str] = lambda agent: ""
    zone: tzinfo = UTC
    skills: Mapping[str, tuple[str, str]] = field(default_factory=lambda: SKILLS)
    """Names of skills and queues."""

    @staticmethod
    def of_roster(
        lang: Lang, roster: Mapping[AgentId, Agent], zone: tzinfo, skills: Mapping[str, tuple[str, str]] = SKILLS
    ) -> Words:
        """With the names of these agents, and of these skills."""
        return Words(lang, lambda agent: roster[AgentId(agent)].name if agent in roster else "", zone, skills)

    @property
    def zh(self) -> bool:
        return self.lang == "zh"

    def line(self, text: str) -> str:
        """As it is printed: no space between two Chinese characters, whatever the words put together left there."""
        return _GAP.sub("", text) if self.zh else text

    def of(self, table: Mapping[str, tuple[str, str]], code: str) -> str:
        """The word for a code; a code of nobody's table is said as it is."""
        return table[code][0 if self.zh else 1] if code in table else code

    def agent(self, agent: str) -> str:
        name = self.name(agent)
        if not name or name == agent:
            return agent
        return f"{name}（{agent}）" if self.zh else f"{name} ({agent})"

    def time(self, at: float, form: str = "%H:%M:%S") -> str:
        """A moment in the city's own time; one that no calendar has is a dash."""
        try:
            return datetime.fromtimestamp(at, self.zone).strftime(form)
        except (ValueError, OverflowError, OSError):
            return "–"

    def listed(self, parts: list[str], of: int | None = None) -> str:
        """The parts one after the other; `of` is how many there are if not all stand here."""
        more = 0 if of is None else of - len(parts)
        if self.zh:
            return "、".join(parts) + (f"等 {of}" if more > 0 else "")
        return ", ".join(parts) + (f" and {more} more" if more > 0 else "")

    def count(self, n: int, one: str, more: str) -> str:
        """English: `1 offer`, `2 offers`."""
        return f"{n} {one if n == 1 else more}"

    def seconds(self, value: float) -> str:
        """Whole from ten seconds on, else to a tenth; minutes only where people think in them."""
        number = f"{value:.0f}" if abs(value) >= 10 or abs(value - round(value)) < 0.05 else f"{value:.1f}"
        number = "0" if number == "-0" else number
        return f"{number} 秒" if self.zh else f"{number} s"

    def doing(self, able: Mapping[str, int]) -> str:
        """`{"talking": 8, "break": 1}` -> 通话 8、小休 1."""
        return self.listed([f"{self.of(STATES, state)} {n}" for state, n in able.items()])

    def skill(self, skill: str) -> str:
        return self.of(_OURS if skill in _OURS else self.skills, skill)

    def queue(self, queue: str) -> str:
        return f"“{self.skill(queue)}”队列" if self.zh else f"queue “{self.skill(queue)}”"

    def party(self, kind: str, target: str) -> str:
        """Somebody who can be called to a talk, or a queue that a citizen can be sent to."""
        if kind == "agent":
            return f"座席 {self.agent(target)}" if self.zh else f"agent {self.agent(target)}"
        if kind == "queue":
            return self.queue(target)
        return f"{self.of(PARTIES, kind)} {target}".strip()

    def rule(self, rule: str) -> str:
        """A step in the words of `NeedStep.to_text()`, with or without its time, or "any of general"."""
        wants, _, expires = rule.partition("@")
        if wants.startswith("any of "):
            skill = self.skill(wants.removeprefix("any of "))
            said = f"{skill}队列的任何座席" if self.zh else f"any agent of “{skill}”"
        elif wants.startswith("="):
            agents = [self.agent(agent) for agent in wants[1:].split("+")]
            said = "指定座席 " + "或 ".join(agents) if self.zh else "agent " + " or ".join(agents)
        else:
            said = ("且" if self.zh else " and ").join(self._skill(part) for part in wants.split("&") if part)
        if not expires:
            return said
        try:
            seconds = self.seconds(float(expires))
        except ValueError:
            return said
        return f"{said}（{seconds}）" if self.zh else f"{said} (for {seconds})"

    def _skill(self, text: str) -> str:
        skill, _, level = text.partition(">=")
        word = self.skill(skill)
        if not re.fullmatch(r"[2-5]", level):
            return word
        return f"{word} {level} 级以上" if self.zh else f"{word} at level {level} or better"
