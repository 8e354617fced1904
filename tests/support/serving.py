"""A web application on a free port of loopback, for as long as a block lasts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.test_utils import TestServer


@asynccontextmanager
async def serving(app: web.Application) -> AsyncIterator[str]:
    """Its address, without a slash at the end. Pages that are still open at the end do not hold it up."""
    server = TestServer(app)
    await server.start_server(shutdown_timeout=0.2)
    try:
        yield str(server.make_url("/")).rstrip("/")
    finally:
        await server.close()
