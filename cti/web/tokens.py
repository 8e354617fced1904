"""Bearer tokens: signed, so that they survive a restart of the daemon, and good for one day."""

from __future__ import annotations

import hashlib
import hmac

from cti.calls import AgentId

_DAY_S = 86_400


class Tokens:
    """Makes and reads agents' tokens; `admin` is the administrator's own, from the installation's secrets."""

    def __init__(self, admin: str) -> None:
        self._admin = admin
        self._key = hashlib.sha256(b"agent tokens " + admin.encode()).digest()

    def make(self, agent_id: AgentId, now: float) -> str:
        head = f"{agent_id}.{int(now)}"
        return f"{head}.{self._sign(head)}"

    def is_admin(self, token: str) -> bool:
        return hmac.compare_digest(token.encode(), self._admin.encode())

    def agent(self, token: str, now: float) -> AgentId | None:
        """Whose token it is; None if it is not ours, changed, or older than a day."""
        head, _, signature = token.rpartition(".")
        agent_id, _, issued = head.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(head).encode()):
            return None
        return AgentId(agent_id) if 0 <= now - int(issued) < _DAY_S else None

    def _sign(self, head: str) -> str:
        return hmac.new(self._key, head.encode(), hashlib.sha256).hexdigest()[:40]
