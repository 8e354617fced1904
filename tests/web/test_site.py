"""The pages' files as a real browser gets them."""

from __future__ import annotations

import shutil
from pathlib import Path

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser
from yarl import URL

from cti.web.site import PAGES, site_routes
from tests.support.browser import faults_of


async def test_a_page_loads_its_modules_and_its_words(browser: Browser, tmp_path: Path) -> None:
    """Given a page that says a word, when it is opened in English, then it speaks English."""
    shutil.copytree(PAGES / "shared", tmp_path / "shared")
    page_folder = tmp_path / "one"
    page_folder.mkdir()
    (page_folder / "words.zh.json").write_text('{"hello": "您好，{name}"}', encoding="utf-8")
    (page_folder / "words.en.json").write_text('{"hello": "Hello, {name}"}', encoding="utf-8")
    (page_folder / "index.html").write_text('<!doctype html><script type="module" src="/pages/one/main.js"></script>')
    (page_folder / "main.js").write_text(
        'import {Dictionary} from "/pages/shared/words.js";'
        'const words = await Dictionary.load("/pages/one"); document.title = words.say("hello", {name: "一呼"});'
    )
    app = web.Application()
    app.add_routes(site_routes(tmp_path))
    async with TestServer(app) as server:
        page = await browser.new_page()
        faults = faults_of(page)
        await page.goto(str(server.make_url("/one?lang=en")))
        await page.wait_for_function("document.title === 'Hello, 一呼'", timeout=10_000)
        assert not [fault for fault in faults if "favicon" not in fault and "404" not in fault]


async def test_only_files_that_were_there_are_served(tmp_path: Path) -> None:
    """Given a file beside the pages, when its path is asked for through them, then there is none."""
    pages = tmp_path / "pages"
    (pages / "one").mkdir(parents=True)
    (pages / "one" / "index.html").write_text("<!doctype html>")
    (tmp_path / "secret.json").write_text("{}")
    app = web.Application()
    app.add_routes(site_routes(pages, tmp_path / "none"))
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        for path in ("/pages/../secret.json", "/pages/%2e%2e/secret.json", "/pages/one", "/vendor/x.js"):
            async with session.get(URL(f"http://127.0.0.1:{server.port}{path}", encoded=True)) as got:
                assert got.status == 404, path
        async with session.get(server.make_url("/"), allow_redirects=False) as got:
            assert (got.status, got.headers["Location"]) == (302, "/login")
        async with session.get(server.make_url("/one")) as got:
            assert got.status == 200
            assert got.content_type == "text/html"
