"""The names of skills and queues, in Chinese and English, the most important first. A document that changes while the
city runs; every page and every text takes its words from here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from cti.settings import Name
from cti.toml_file import TomlRefused, fault_at, read_toml

SKILLS = """\
# Skills, the most important first: pages list them in this order. A change takes effect at once.
# queue = true: callers wait for it by name. What is not here is shown by its id.

[skill.general]
zh = "综合"
en = "general"
queue = true

[skill.enterprise]
zh = "企业服务"
en = "enterprise services"
queue = true

[skill.social_security]
zh = "社会保障"
en = "social security"
queue = true

[skill.video]
zh = "视频"
en = "video"
queue = true

[skill.sign]
zh = "手语"
en = "sign language"
queue = true

[skill.urgent_linkage]
zh = "紧急联动"
en = "urgent linkage"

[skill.department_expert]
zh = "部门专家"
en = "department expert"

[skill.care]
zh = "爱心"
en = "care"

[skill.psychology]
zh = "心理咨询"
en = "psychology"

[skill.mandarin]
zh = "普通话"
en = "Mandarin"

[skill.cantonese]
zh = "粤语"
en = "Cantonese"

[skill.english]
zh = "英语"
en = "English"
"""
"""What counts until a city says otherwise."""

Word = Annotated[str, Field(min_length=1, max_length=40)]

_strict = ConfigDict(extra="forbid")


@dataclass(frozen=True, config=_strict)
class Skill:
    zh: Word
    en: Word
    queue: bool = False
    """Callers wait for it by name."""


@dataclass(frozen=True, config=_strict)
class Skills:
    skill: dict[Name, Skill] = field(default_factory=dict)
    """By id, the most important first."""

    def names(self) -> dict[str, tuple[str, str]]:
        """id -> (Chinese, English)."""
        return {id_: (one.zh, one.en) for id_, one in self.skill.items()}


def read_skills(text: str, name: str) -> Skills:
    """TomlRefused names file (`name`), line and key of every fault."""
    skills = read_toml(Skills, text, name)
    faults: list[str] = []
    for lang in ("zh", "en"):
        seen: dict[str, str] = {}
        for id_, one in skills.skill.items():
            word = one.zh if lang == "zh" else one.en
            if word in seen:
                faults.append(fault_at(text, name, ("skill", id_, lang), f"{seen[word]} is called {word} already"))
            seen.setdefault(word, id_)
    if faults:
        raise TomlRefused(faults)
    return skills


def words_of(skills: Mapping[str, Skill]) -> list[dict[str, object]]:
    """As pages get them."""
    return [{"id": id_, "zh": one.zh, "en": one.en, "queue": one.queue} for id_, one in skills.items()]
