"""The city's gateway for short messages: it gets a link by POST and sends it in its own words."""

from __future__ import annotations

import os

import aiohttp
import structlog

log = structlog.get_logger()

_LIMIT_S = 5.0


class SmsGateway:
    """`address`: of the gateway; "": there is none. $YIHU_SMS_TOKEN goes with it as bearer token."""

    def __init__(self, address: str) -> None:
        self._address = address

    async def send(self, phone: str, link: str, code: str) -> bool:
        """Whether the gateway took it. It may not: the agent then reads the code out."""
        if not self._address:
            return False
        token = os.environ.get("YIHU_SMS_TOKEN", "")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        body = {"phone": phone, "link": link, "code": code}
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_LIMIT_S)) as client,
                client.post(self._address, json=body, headers=headers, allow_redirects=False) as answer,
            ):
                if answer.status < 300:
                    return True
                log.warning("sms_refused", status=answer.status)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            log.warning("sms_not_sent", problem=type(error).__name__)
        return False
