"""How every part of the deciding daemon is: what /api/health says."""

from __future__ import annotations

import os
from typing import Any

from cti.asterisk.ami import Ami
from cti.flow_files import FlowFiles
from cti.pair import Pair, health_of
from cti.storage.live import RedisLive
from cti.storage.records import Records


def health(records: Records, observe: Ami, act: Ami, flows: FlowFiles, live: RedisLive, pair: Pair) -> dict[str, Any]:
    """`ok` if calls are served and recorded as they should be."""
    journal, drainer = records.journal, records.drainer
    parts: dict[str, dict[str, Any]] = {
        "journal": {"ok": journal.state.ok, "reason": journal.state.reason, "lag_ms": journal.lag_ms},
        "records": {"ok": drainer.state.ok, "reason": drainer.state.reason, "behind_s": drainer.behind_s},
        "asterisk": {
            "ok": observe.connected and act.connected,
            "latency_ms": observe.latency_ms,
            "refused_events": observe.refused_events,
            "login_refused": observe.login_refused or act.login_refused,
        },
        "flows": {"ok": not flows.refused, "refused": dict(flows.refused)},
    }
    ok = all(part["ok"] for part in parts.values())
    # Pages stand still without Redis and nobody can take over; calls and records do not need it.
    lesser = {"redis": {"ok": live.state.ok, "reason": live.state.reason}, "pair": health_of(pair.state)}
    return {"ok": ok, "role": "active", "epoch": pair.lease.epoch, "pid": os.getpid(), "parts": parts | lesser}
