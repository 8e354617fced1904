"""The parts that `yihu doctor` talks to: database, Redis, Asterisk, the daemon. Each check names what to do."""

from __future__ import annotations

import json
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from cti.secrets import SecretsError, load_or_create
from cti.settings import Settings
from cti.tls import TlsError, client_tls

Level = Literal["ok", "warn", "fail"]
_PEER_S = 2.0
_UPGRADE_REQUIRED = 426


@dataclass(frozen=True, slots=True)
class Finding:
    level: Level
    part: str
    text: str
    """What was seen, and for warn and fail what to do."""


def check_sql(settings: Settings) -> Iterator[Finding]:
    import sqlalchemy as sa
    from sqlalchemy.exc import SQLAlchemyError

    from cti.storage.sql import SqlStore
    from cti.storage.store import StoreError

    url = settings.sql_url
    try:
        SqlStore(url).close()
    except StoreError as error:
        yield Finding("fail", "database", str(error))
        return
    shown = sa.make_url(url).render_as_string(hide_password=True)
    if not settings.sql.url and not (settings.var / "yihu.db").exists():
        yield Finding("ok", "database", "SQLite, will be made at the first start")
        return
    waits = {"connect_timeout": 3} if url.startswith("postgresql") else {"timeout": 3}
    try:
        engine = sa.create_engine(url, connect_args=waits)
        with engine.connect() as connection:
            connection.execute(sa.text("SELECT 1"))
        engine.dispose()
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        yield Finding("fail", "database", f"{shown}: {reason}; see that it runs and sql.url is right")
    else:
        yield Finding("ok", "database", shown)


def check_redis(settings: Settings, *, running: bool) -> Iterator[Finding]:
    import redis

    if not settings.redis.url and not running:
        yield Finding("ok", "redis", "our own, starts with the system")
        return
    remedy = (
        "see that it runs and redis.url is right" if settings.redis.url else f"see {settings.log_dir / 'redis.log'}"
    )
    try:
        with redis.Redis.from_url(settings.redis_url, socket_timeout=_PEER_S, socket_connect_timeout=_PEER_S) as peer:
            peer.ping()
    except (redis.RedisError, ValueError) as error:
        yield Finding("fail", "redis", f"does not answer ({type(error).__name__}); {remedy}")
    else:
        yield Finding("ok", "redis", "answers")


def is_warm(settings: Settings) -> bool:
    """It takes no calls, and should not: the other daemon of the pair decides."""
    try:
        ready = json.loads((settings.run_dir / "ready.json").read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(ready, dict) and ready.get("role") == "warm"


def check_agi(settings: Settings) -> Iterator[Finding]:
    address = (settings.agi.host, settings.agi.port)
    try:
        socket.create_connection(address, timeout=_PEER_S).close()
    except OSError as error:
        text = f"{address[0]}:{address[1]}: {error.strerror or error}; no calls are taken, see {settings.log_dir}"
        yield Finding("fail", "calls (AGI)", text)
    else:
        yield Finding("ok", "calls (AGI)", f"{address[0]}:{address[1]} takes calls")


def check_ami(settings: Settings) -> Iterator[Finding]:
    try:
        secrets = load_or_create(settings)
    except SecretsError:
        return  # said already
    host = settings.asterisk.ami_host
    for user, secret in (("cti-ro", secrets.ami_ro), ("cti-ctl", secrets.ami_ctl)):
        try:
            accepted = _ami_accepts(host, settings.asterisk.ami_port, user, secret)
        except OSError as error:
            where = f"{host}:{settings.asterisk.ami_port}"
            text = f"{where}: {error.strerror or error}; see that Asterisk runs and asterisk.ami_port is right"
            yield Finding("fail", "asterisk (AMI)", text)
            return
        if accepted:
            yield Finding("ok", "asterisk (AMI)", f"lets {user} in")
        else:
            remedy = (
                "restart Yihu" if settings.asterisk.embedded else f"set its secret in Asterisk or ${_variable(user)}"
            )
            yield Finding("fail", "asterisk (AMI)", f"refuses {user}: {remedy}")


def _variable(user: str) -> str:
    return f"YIHU_AMI_{user.removeprefix('cti-').upper()}_SECRET"


def _ami_accepts(host: str, port: int, user: str, secret: str) -> bool:
    with socket.create_connection((host, port), timeout=_PEER_S) as peer, peer.makefile("rb") as answers:
        answers.readline(200)  # the banner
        peer.sendall(f"Action: Login\r\nUsername: {user}\r\nSecret: {secret}\r\nEvents: off\r\n\r\n".encode())
        for _ in range(20):
            line = answers.readline(200)
            if line.startswith(b"Response:"):
                return b"Success" in line
        return False


def check_browsers(settings: Settings) -> Iterator[Finding]:
    """Where Asterisk takes the telephones of browsers."""
    host, port = settings.asterisk.ami_host, settings.asterisk.http_port
    asked = urllib.request.Request(f"http://{host}:{port}/ws")
    try:
        urllib.request.urlopen(asked, timeout=_PEER_S).close()
        code = 200
    except urllib.error.HTTPError as error:
        code = error.code
    except (OSError, ValueError) as error:
        text = f"{host}:{port} does not answer ({error}); see that Asterisk runs and asterisk.http_port is right"
        yield Finding("fail", "asterisk (WebSocket)", text)
        return
    if code == _UPGRADE_REQUIRED:
        yield Finding("ok", "asterisk (WebSocket)", f"{host}:{port} takes telephones in browsers")
    else:
        text = f"{host}:{port} answers {code}, and is no Asterisk with SIP over WebSocket: see its http.conf"
        yield Finding("fail", "asterisk (WebSocket)", text)


def check_health(settings: Settings) -> Iterator[Finding]:
    url = f"{settings.web.address}/api/health"
    try:
        with urllib.request.urlopen(url, timeout=_PEER_S, context=client_tls(settings)) as answer:
            health = json.load(answer)
    except urllib.error.HTTPError as error:  # 503: it answers, and something is wrong
        health = json.load(error)
    except (OSError, ValueError, TlsError) as error:
        yield Finding("fail", "daemon", f"{url} does not answer ({error}); see {settings.log_dir / 'daemon.log'}")
        return
    yield Finding("ok", "daemon", f"answers at {url}, process {health.get('pid')}")
    for name, part in health.get("parts", {}).items():
        facts = " ".join(
            f"{key}={_short(value)}" for key, value in part.items() if key != "ok" and value not in ("", None, {})
        )
        remedy = "" if part.get("ok") else f"; see {settings.log_dir / 'daemon.log'}"
        yield Finding("ok" if part.get("ok") else "fail", f"daemon: {name}", f"{facts or 'well'}{remedy}")


def _short(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
