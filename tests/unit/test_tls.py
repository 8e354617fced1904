"""The certificate of our web server: who may be believed to be us, and what is said of one that cannot be used."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from cti.settings import Settings, Web, load_settings
from cti.tls import check_tls, client_tls, server_tls
from tests.support.certificate import self_signed
from tests.support.ports import free_ports


def settings_with(cert: Path | None, key: Path | None) -> Settings:
    return Settings(web=Web(port=free_ports(1)[0], tls_cert=cert, tls_key=key))


def test_without_a_certificate_we_speak_in_clear() -> None:
    settings = settings_with(None, None)
    assert server_tls(settings) is client_tls(settings) is None
    assert check_tls(settings) == []
    assert settings.web.address.startswith("http://127.0.0.1:")


async def test_our_own_programs_believe_our_certificate_and_no_other(tmp_path: Path) -> None:
    settings = settings_with(*self_signed(tmp_path))
    stranger = settings_with(*self_signed(tmp_path, "stranger"))
    app = web.Application()
    app.add_routes([web.get("/", _hello)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, settings.web.host, settings.web.port, ssl_context=server_tls(settings)).start()
    try:
        assert settings.web.address.startswith("https://")
        assert await _get(settings.web.address, client_tls(settings)) == "hello"
        for context in (client_tls(stranger), ssl.create_default_context()):
            with pytest.raises(aiohttp.ClientConnectorCertificateError):
                await _get(settings.web.address, context)
    finally:
        await runner.cleanup()


async def _hello(_request: web.Request) -> web.Response:
    return web.Response(text="hello")


async def _get(address: str, context: ssl.SSLContext | None) -> str:
    connector = aiohttp.TCPConnector(ssl=context or True)
    async with (
        asyncio.timeout(5),
        aiohttp.ClientSession(connector=connector) as session,
        session.get(address) as answer,
    ):
        return await answer.text()


def test_what_cannot_be_used_is_named(tmp_path: Path) -> None:
    cert, key = self_signed(tmp_path)
    _, other = self_signed(tmp_path, "other")
    (tmp_path / "empty").touch()
    assert check_tls(settings_with(cert, key)) == []
    assert check_tls(settings_with(cert, None)) == ["web.tls_cert and web.tls_key belong together: give both, or none"]
    assert "with its own key" in check_tls(settings_with(cert, other))[0]
    assert "with its own key" in check_tls(settings_with(tmp_path / "empty", key))[0]
    assert "No such file" in check_tls(settings_with(tmp_path / "none.crt", key))[0]


def test_the_files_are_found_beside_the_settings(tmp_path: Path) -> None:
    (tmp_path / "yihu.toml").write_text('[web]\ntls_cert = "own.crt"\ntls_key = "/etc/own.key"\n')
    settings = load_settings(tmp_path / "yihu.toml")
    assert (settings.web.tls_cert, settings.web.tls_key) == (tmp_path / "own.crt", Path("/etc/own.key"))
