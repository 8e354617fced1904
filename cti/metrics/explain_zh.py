"""The answer to "why did he wait" in Chinese, for a shift supervisor (班长)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cti.calls import EMERGENCY_S
from cti.metrics.explain import Point, Why
from cti.metrics.words import RUNGS, STATES, Words

CAUSES, STORY = "原因", "经过"
_SHOWN = 3
"""So many of each list; how many there were is said beside them."""

_LOST = {
    "menu": "没有人接听：市民在语音导航中离开，没有进入排队",
    "queue": "没有人接听：排队 {wait} 后{side}{place}",
    "ringing": "没有人接听：等待 {wait}，正在给座席振铃时{side}",
    "no_seat": "没有人接听：没有能接的座席在岗，等待 {wait} 后{side}",
    "overflow": "没有人接听：溢出后{side}，共等待 {wait}",
    "fallback": "没有人接听：系统切换期间由应急队列接待，{side}",
    "callback": "等待 {wait} 后，市民选择由我们回拨，原位保留",
    "message": "等待 {wait} 后，市民选择留言",
    "transferred": "已按规则转接，没有进入人工接听",
    "self_service": "市民由语音服务办理完毕，没有要求转人工",
    "waiting": "正在排队：已等待 {wait}{place}",
    "ringing_now": "已等待 {wait}，正在给座席振铃",
    "live": "通话正在进行，尚未排队",
    "no_answer": "回拨未成功：市民没有接听",
    "busy": "回拨未成功：市民的电话占线",
    "failed": "回拨未成功：没有呼通",
    "no_agent": "回拨未拨出：没有座席确认",
    "refused": "回拨未拨出：规则不允许（号码、时段或次数）",
    "withdrawn": "回拨撤销：市民已自己来电",
    "closed": "回拨任务由工作人员关闭",
    "owed": "工作人员将一通呼损来电列为回拨任务",
}
_SIDES = {"caller": "市民挂断", "agent": "座席挂断", "system": "系统结束通话", "interrupted": "通话因故障中断"}
_OUTCOMES = {
    "no_answer": "无人应答",
    "rejected": "被座席拒接",
    "unreachable": "座席话机不通",
    "interrupted": "因系统重启中断",
    "caller_left": "市民在振铃时挂断",
    "cut_off": "线路中断",
}
_REASONS = {
    "earlier": "{n} 个先来的来电先得到座席",
    "kept": "{n} 个后到的来电先得到座席：保留着上一次来电的位置",
    "head_start": "{n} 个后到的来电先得到座席：有优先时间",
    "ringing": "{n} 个后到的来电先得到座席：当时本来电正在另一座席处振铃",
    "skills": "{n} 个得分较低的来电先得到座席：那些座席当时不能接本来电",
    "unknown": "{n} 个得分较低的来电先得到座席，记录不足以说明原因",
}


def headline(why: Why, w: Words) -> str:
    wait = w.seconds(why.wait_s or 0.0)
    if why.status == "answered":
        agent = w.agent(why.agent) if why.agent else "应急队列的座席"
        if why.direction == "callback":
            return f"回拨成功：市民接听，座席 {agent}。"
        if why.wait_s is None:
            return f"由 {agent} 接听，从呼入起 {w.seconds(why.total_s)}。"
        return f"排队 {wait} 后由 {agent} 接听（从呼入起共 {w.seconds(why.total_s)}）。"
    key = "ringing_now" if why.status == "ringing" and why.side is None else why.status
    place = f"（最后已知排在第 {why.position} 位）" if why.position else ""
    side = _SIDES.get(why.side or "", "通话结束")
    known = _LOST.get(key)
    return (f"没有人接听（{key}）" if known is None else known.format(wait=wait, side=side, place=place)) + "。"


def cause(point: Point, w: Words) -> str:
    facts = point.facts
    match point.kind:
        case "split":
            parts = [
                ("等座席空出 ", "waiting_s"),
                ("振铃无人接 ", "in_vain_s"),
                ("接听前振铃 ", "rang_s"),
                ("座席确认、呼叫市民 ", "called_s"),
            ]
            said = [name + w.seconds(facts[key]) for name, key in parts if facts.get(key, 0.0) >= 0.05]
            return "时间去向：" + "，".join(said) if said else ""
        case "at_once":
            return f"排队时就有空闲座席，立即派给 {w.agent(facts['agent'])}"
        case "nobody":
            return "排队时没有一名能接的座席在岗"
        case "busy":
            return f"排队时能接的 {facts['agents']} 名座席都不空闲：{w.doing(facts['able'])}"
        case kind if kind.startswith("others_"):
            return _others(kind.removeprefix("others_"), facts, w)
        case "away":
            rows = [f"{w.agent(r['agent'])} {w.time(r['at'])} {w.of(STATES, r['to'])}" for r in facts["rows"][:_SHOWN]]
            came = f"，另有 {facts['came']} 次回到岗位" if facts["came"] else ""
            return f"等待期间能接的座席离开 {facts['times']} 次：{w.listed(rows, facts['times'])}{came}"
        case "in_vain":
            rows = [_rang(r, w) for r in facts["rows"][:_SHOWN]]
            whom = w.listed(rows, facts["times"])
            return f"{facts['times']} 次派话没有接通，用去 {w.seconds(facts['seconds'])}：{whom}；原位保留"
        case "named":
            agents = w.listed([w.agent(agent) for agent in facts["agents"]])
            return f"开始 {w.seconds(facts['seconds'])}只等指定座席 {agents}"
        case "relaxed_to":
            wanted, rule = w.rule(facts["wanted"]), w.rule(facts["rule"])
            return f"要求从“{wanted}”放宽到“{rule}”后，{w.agent(facts['agent'])} 才能接"
        case "lent":
            return f"接听的座席来自“{w.skill(facts['skill'])}”组（溢出）"
        case "kept":
            return f"保位：上一次来电已等的 {w.seconds(facts['seconds'])} 计入他的位置"
        case "emergency":
            return "紧急来电，排在所有人之前"
        case "after_all":
            return "回拨未接通过的市民：让所有来电先得到座席"
        case "priority":
            return f"优先：按多等 {w.seconds(facts['seconds'])} 计"
        case "rungs":
            return "当时处于高峰措施：" + w.listed([w.of(RUNGS, rung) for rung in facts["rungs"]])
        case "agent_lost":
            again = f"，又等了 {w.seconds(facts['again_s'])}" if facts["again_s"] else ""
            return f"座席 {w.agent(facts['agent'])} 的线路中断，市民按原位回到队列{again}"
        case "resumed":
            return f"等待期间系统切换 {facts['times']} 次，位置保留"
        case "fell_back":
            return "系统切换期间由应急队列接待"
        case "cut":
            return "当时的来电太多，其他来电只读取了一部分"
        case other:
            return other


def story(point: Point, w: Words) -> list[str]:
    """One moment: a line, and lines that belong under it."""
    f = point.facts
    agent = w.agent(str(f.get("agent") or "")) or "未知座席"
    match point.kind:
        case "arrived" if f.get("direction") == "callback":
            return [f"回拨任务 {f.get('task')} 第 {f.get('attempt')} 次，针对来电 {f.get('of')}"]
        case "arrived":
            return [f"呼入 {f.get('dialled') or ''}".rstrip()]
        case "human_asked":
            return ["要求转人工"]
        case "queued":
            return _queued(f, w)
        case "estimated":
            place = f"，排第 {f['position']:.0f} 位" if f.get("position") else ""
            told = f"告知约等 {f['spoken_min']:.0f} 分钟" if f.get("spoken_min") else "未告知等待时间"
            wait_s = f.get("wait_s")
            reckoned = "当时没有能接的座席，无法推算" if wait_s is None else f"推算 {w.seconds(wait_s)}"
            return [f"{told}（{reckoned}{place}）"]
        case "relaxed":
            return [f"要求放宽为：{w.rule(str(f['wants']))}{_able(f['able'], w)}"]
        case "offered":
            return [f"派给 {agent}", *_why(f.get("decision"), w)]
        case "offer_failed":
            rang = f"，振铃 {w.seconds(f['rang_s'])}" if f.get("rang_s") is not None else ""
            return [f"{agent}：{_OUTCOMES.get(str(f.get('outcome')), '没有接通')}{rang}"]
        case "confirmed":
            return [f"{agent} 确认，可以呼叫市民"]
        case "dialled":
            return ["呼叫市民"]
        case "answered":
            rang = f"，振铃 {w.seconds(f['rang_s'])}" if f.get("rang_s") is not None else ""
            return [f"{'市民' if f.get('callback') else agent} 接听{rang}"]
        case "talk_ended":
            how = {"agent_lost": "座席线路中断，市民回到队列", "interrupted": "通话中断"}
            talk = f"，通话 {w.seconds(f['talk_s'])}" if f.get("talk_s") is not None else ""
            return [how.get(str(f.get("side")), "通话结束") + talk]
        case "asked":
            return ["请其口述来意"]
        case "said":
            matter = f"：{f['matter']}" if f.get("matter") else ""
            end = "，话未说完即挂机" if f.get("cut_off") else ""
            return [f"口述来意{matter}{'，紧急' if f.get('urgent') else ''}{end}"]
        case "notice_heard":
            return [f"播放专题通知 {f.get('notice')}"]
        case "callback_offered":
            return ["提供回拨"]
        case "callback_requested":
            return [f"选择回拨（{f.get('callback')}），原位保留"]
        case "message_left":
            return [f"留言 {w.seconds(f.get('seconds') or 0.0)}"]
        case "left_queue":
            why = {
                "left_by_key": "按键离开",
                "gave_up": "不再等待",
                "callback": "改为回拨",
                "no_seat": "没有座席在岗",
                "said": "按口述来意转入其他队列，原位保留",
            }
            return [f"离开队列：{why.get(str(f.get('reason')), str(f.get('reason')))}"]
        case "transferred":
            return [f"转接 {f.get('target')}"]
        case "party_asked" | "party_joined" | "party_failed" | "party_left" | "handed_over":
            return [_party(point.kind, f, w)]
        case "moved" if not f.get("to"):
            return ["转接没有进行，通话继续"]
        case "moved":
            return [f"{agent} 直接转接到 {w.party(str(f.get('who')), str(f['to']))}"]
        case "resumed":
            return ["系统切换后继续，位置保留"]
        case "fell_back":
            return ["由应急队列接待"]
        case "rung":
            by = "" if f.get("by") in ("", "rule", None) else f"（{f['by']}）"
            return [f"高峰措施“{w.of(RUNGS, str(f['rung']))}”{'启用' if f['on'] else '停用'}{by}"]
        case "ended":
            return [_SIDES.get(str(f.get("side")), "通话结束")]
        case "left_out":
            return [f"（中间 {f['moments']} 条略去）"]
        case other:
            return [other]


_MODES = {"conference": "三方通话", "consult": "咨询（市民听音乐）", "whisper": "密语", "blind": "直接转接"}
_NOT_COME = {
    "no_answer": "无人应答",
    "rejected": "占线或拒接",
    "unreachable": "没有呼通",
    "withdrawn": "已取消",
    "interrupted": "因故障中断",
    "caller_left": "市民已挂断",
}


def _party(kind: str, f: Mapping[str, Any], w: Words) -> str:
    who = w.party(str(f.get("who") or ""), str(f.get("target") or "")) or "一方"
    mode = _MODES.get(str(f.get("mode")), "")
    talk = f"，通话 {w.seconds(f['talk_s'])}" if f.get("talk_s") is not None else ""
    match kind:
        case "party_asked":
            return f"呼叫 {who}：{mode}"
        case "party_joined":
            return f"{who} 加入：{mode}"
        case "party_failed":
            return f"{who} 没有加入：{_NOT_COME.get(str(f.get('outcome')), '没有呼通')}"
        case "party_left":
            return f"{who} 离开{talk}"
        case _:
            return f"{w.agent(str(f.get('by') or ''))} 离开{talk}，{who} 继续与市民通话"


def _others(reason: str, facts: Mapping[str, Any], w: Words) -> str:
    said = _REASONS[reason].format(n=facts["calls"])
    if reason == "skills":
        wants = dict.fromkeys(w.rule(r["wants"]) for r in facts["rows"])
        said += f"（要求 {w.listed(list(wants))}）"
    rows = []
    for r in facts["rows"][:_SHOWN]:
        row = f"{w.time(r['at'])} {w.agent(r['agent'])} 接了 {r['call_id']}"
        if reason == "earlier":
            rows.append(row)
            continue
        row += f"（得分 {w.seconds(r['score_s'])}，本来电 {w.seconds(r['ours_s'])}"
        if reason == "head_start":
            row += f"；优先 {w.seconds(r['head_start_s'])}"
        if reason == "kept":
            row += f"；保位 {w.seconds(r['kept_s'])}"
        rows.append(row + "）")
    return f"{said}：{'；'.join(rows)}{'；等' if facts['calls'] > len(rows) else ''}"


def _rang(row: Mapping[str, Any], w: Words) -> str:
    return f"{w.agent(row['agent'])} {_OUTCOMES.get(row['outcome'], '没有接通')}（{w.seconds(row['seconds'])}）"


def _queued(f: Mapping[str, Any], w: Words) -> list[str]:
    lines = [f"进入{w.queue(f['queue'])}{_able(f['able'], w)}"]
    steps = []
    for step in f["steps"]:
        for_s = "" if step["for_s"] is None else f"（{w.seconds(step['for_s'])}）"
        steps.append(w.rule(step["rule"]) + for_s)
    if steps:
        open_end = f["steps"][-1]["for_s"] is not None
        lines.append("要求：" + "，然后 ".join([*steps, w.rule(f"any of {f['queue']}")] if open_end else steps))
    if f["kept_s"]:
        lines.append(f"保位 {w.seconds(f['kept_s'])}")
    return lines


def _able(able: Mapping[str, int], w: Words) -> str:
    return f"；能接的座席 {sum(able.values())} 名：{w.doing(able)}" if able else ""


def _why(decision: Mapping[str, Any] | None, w: Words) -> list[str]:
    """A decision in at most five lines."""
    if decision is None:
        return ["（这次派话没有留下可读的依据）"]
    d = decision
    kept = f"（其中保位 {w.seconds(d['kept_s'])}）" if d["kept_s"] else ""
    head = f" + 优先 {w.seconds(d['head_start_s'])}" if d["head_start_s"] else ""
    score = f"得分 {w.seconds(d['score_s'])} = 已等 {w.seconds(d['waited_s'])}{kept}{head}"
    if d["head_start_s"] <= -EMERGENCY_S:
        score = f"排在所有来电之后，已等 {w.seconds(d['waited_s'])}"
    lent = f"；溢出，座席来自“{w.skill(str(d['lent_by']))}”" if d["lent_by"] else ""
    idle = "座席刚刚空出" if d["idle_s"] < 1 else f"座席已空闲 {w.seconds(d['idle_s'])}"
    lines = [
        score,
        f"规则：{w.rule(d['rule'])}（第 {d['step'] + 1} 步）{lent}；{idle}",
    ]
    if d["others"]:
        others = [
            f"{w.agent(o['agent_id'])} {o['skills']} 项技能、空闲 {w.seconds(o['idle_s'])}"
            for o in d["others"][:_SHOWN]
        ]
        said = w.listed(others, d["candidates"] - 1)
        lines.append(f"能接的空闲座席共 {d['candidates']} 人，先取技能最少的，再取空闲最久的；未选：{said}")
    if d["rejected"]:
        rejected = [f"{w.agent(r['agent_id'])} 缺 {w.rule(r['lacks'])}" for r in d["rejected"][:_SHOWN]]
        lines.append(f"空闲但不能接 {d['idle_rejected']} 人：{w.listed(rejected, d['idle_rejected'])}")
    if d["passed"]:
        passed = [f"{p['call_id']}（要 {w.rule(p['wants'])}）" for p in d["passed"][:_SHOWN]]
        lines.append(f"得分更高、该座席不能接的来电 {d['ahead']} 个：{w.listed(passed, d['ahead'])}")
    return lines
