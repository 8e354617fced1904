"""Alerts in Chinese and English: a title, and a sentence with the figures. Of people there are agents' ids alone."""

from __future__ import annotations

from collections.abc import Mapping

from cti.alerts.model import Alert, Fact, Kind, Severity, What, Why
from cti.alerts.rules import AlertRules
from cti.metrics.words import Words

TITLES: Mapping[str, tuple[str, str]] = {
    Kind.CONNECTION_RATE: ("接通率低于目标", "Connection rate under target"),
    Kind.LONGEST_WAIT: ("等待过久", "Long wait"),
    Kind.GHOST_AGENT: ("座席失联", "Ghost agent"),
    Kind.RECORDING: ("录音不完整", "Recordings incomplete"),
    Kind.DATA_OLD: ("数据过旧", "Data old"),
    Kind.PART: ("部件异常", "Part not well"),
}
SEVERITIES: Mapping[str, tuple[str, str]] = {
    Severity.WARNING: ("一般", "warning"),
    Severity.CRITICAL: ("严重", "critical"),
}
WHATS: Mapping[str, tuple[str, str]] = {
    What.RAISED: ("告警", "Raised"),
    What.WORSE: ("加重", "Worse"),
    What.REMINDED: ("提醒", "Still up"),
    What.ACKNOWLEDGED: ("已确认", "Acknowledged"),
    What.CLEARED: ("已解除", "Cleared"),
}
SOURCES: Mapping[str, tuple[str, str]] = {
    Kind.CONNECTION_RATE: ("接通率", "the connection rate"),
    Kind.LONGEST_WAIT: ("排队等待", "waiting callers"),
    Kind.GHOST_AGENT: ("座席状态", "agents' states"),
    Kind.RECORDING: ("录音", "recordings"),
    Kind.PART: ("部件状态", "the parts' health"),
    "asterisk": ("Asterisk", "Asterisk"),
    "records": ("通话记录", "call records"),
}
PARTS: Mapping[str, tuple[str, str]] = {
    "journal": ("流水日志", "the journal"),
    "records": ("通话记录数据库", "the database of records"),
    "asterisk": ("Asterisk 连接", "the connection to Asterisk"),
    "flows": ("语音流程", "flows"),
    "redis": ("Redis", "Redis"),
    "pair": ("主备", "the pair of daemons"),
    "speech": ("语音识别", "speech recognition"),
}
_LOST: Mapping[str, tuple[str, str]] = {"phone_away": ("话机", "telephone"), "page_away": ("页面", "page")}


def title(alert: Alert, w: Words) -> str:
    """`等待过久：综合`"""
    subject = alert.subject
    match alert.kind:
        case Kind.LONGEST_WAIT:
            subject = w.skill(subject)
        case Kind.DATA_OLD:
            subject = w.of(SOURCES, subject)
        case Kind.PART:
            subject = w.of(PARTS, subject)
        case _:
            pass
    return w.of(TITLES, alert.kind) + ("" if not subject else f"：{subject}" if w.zh else f": {subject}")


def sentence(fact: Fact, rules: AlertRules, w: Words) -> str:
    """What is to be said after this fact."""
    if fact.what is What.CLEARED:
        return w.line(_cleared(fact.alert, fact.why, rules, w))
    return state(fact.alert, rules, w)


def state(alert: Alert, rules: AlertRules, w: Words) -> str:
    """Of an alert that is up, with its last reading."""
    return w.line(_up(alert, rules, w))


def _up(alert: Alert, rules: AlertRules, w: Words) -> str:
    since, subject = w.time(alert.began_at, "%H:%M"), alert.subject
    value = alert.reading.value
    match alert.kind:
        case Kind.CONNECTION_RATE:
            target = _percent(rules.connection_rate.below)
            if w.zh:
                return f"{_rate(alert, w)}；目标 {target}，{since} 起未达到。"
            return f"{_rate(alert, w)}; the target of {target} has been missed since {since}."
        case Kind.LONGEST_WAIT:
            bound = clock(rules.longest_wait.above_s)
            if w.zh:
                return f"{_longest(alert, w)}；{since} 起超过 {bound}。"
            return f"{_longest(alert, w)}; over {bound} since {since}."
        case Kind.GHOST_AGENT:
            lost = [w.of(_LOST, cause) for cause in alert.reading.detail.split()]
            if not lost:
                return (
                    f"座席 {subject} {since} 起失联，现已恢复。"
                    if w.zh
                    else f"Agent {subject}, lost since {since}, is back."
                )
            if w.zh:
                return f"座席 {subject} 示闲，但{'和'.join(lost)}失联，{since} 起不派话。"
            return f"Agent {subject} is ready, but without {' and '.join(lost)}: no calls are offered since {since}."
        case Kind.RECORDING:
            return _recordings(alert, rules, w)
        case Kind.DATA_OLD:
            source = w.of(SOURCES, subject)
            if w.zh:
                return f"{source} 的数据已 {value:.0f} 秒没有更新。"
            return f"Nothing new is known of {source} for {value:.0f} s."
        case Kind.PART:
            part = w.of(PARTS, subject)
            if w.zh:
                return f"{part} {'异常' if value else '已恢复'}（{since} 起）；原因和处理办法见 yihu doctor。"
            return f"Not well since {since}: {part}{'' if value else ' (back now)'}; `yihu doctor` says why."


def _cleared(alert: Alert, why: Why, rules: AlertRules, w: Words) -> str:
    if why == "off":
        return "这项告警已停用。" if w.zh else "This alert has been switched off."
    subject = alert.subject
    match alert.kind:
        case Kind.CONNECTION_RATE:
            if why == "few":
                least, calls = rules.connection_rate.least_calls, int(alert.reading.of or 0)
                if w.zh:
                    return f"今日结束的来电 {calls} 通，不足 {least} 通，暂不判断接通率。"
                return f"{w.count(calls, 'call has', 'calls have')} ended today; under {least} the rate says nothing."
            target = _percent(rules.connection_rate.below)
            return f"{_rate(alert, w)}；达到目标 {target}。" if w.zh else f"{_rate(alert, w)}; on target ({target})."
        case Kind.LONGEST_WAIT:
            return _longest(alert, w) + ("。" if w.zh else ".")
        case Kind.GHOST_AGENT:
            if w.zh:
                return f"座席 {subject} 已恢复连接，或不再示闲。"
            return f"Agent {subject} is connected again, or no longer ready."
        case Kind.RECORDING:
            return _recordings(alert, rules, w)
        case Kind.DATA_OLD:
            source = w.of(SOURCES, subject)
            return f"{source} 的数据恢复更新。" if w.zh else f"News again of {source}."
        case Kind.PART:
            part = w.of(PARTS, subject)
            return f"{part} 恢复正常。" if w.zh else f"Well again: {part}."


def _rate(alert: Alert, w: Words) -> str:
    """The name of the rate, numerator and denominator. Rounded down, so that it never looks better than it is."""
    answered, calls = int(alert.reading.value), int(alert.reading.of or 0)
    rate = f"{answered * 1000 // calls / 10:.1f}%" if calls else "—"
    if w.zh:
        return f"今日接通率 {rate}（{answered}/{calls}）"
    return f"Connection rate today {rate} ({answered} of {calls})"


def _longest(alert: Alert, w: Words) -> str:
    queue, wait_s = w.queue(alert.subject), alert.reading.value
    if not wait_s:
        return f"{queue}现在没有人等待" if w.zh else f"Nobody waits in {queue} now"
    if w.zh:
        return f"{queue}等得最久的市民已等 {clock(wait_s)}"
    return f"Longest wait in {queue}: {clock(wait_s)}"


def _recordings(alert: Alert, rules: AlertRules, w: Words) -> str:
    bad, measured, minutes = int(alert.reading.value), int(alert.reading.of or 0), rules.recording.window_s / 60
    if w.zh:
        return f"最近 {minutes:g} 分钟的录音：{measured} 段中 {bad} 段不完整。"
    return f"Recordings of the last {minutes:g} min: {bad} of {measured} incomplete."


def _percent(share: float) -> str:
    return f"{round(100 * share, 2):g}%"


def clock(seconds: float) -> str:
    """`03:05`, from an hour on `1:03:05`."""
    hours, rest = divmod(int(seconds), 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60:02}:{rest % 60:02}"
