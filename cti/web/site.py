"""The web pages as files: each page at its own address, what they load under /pages and /vendor.

Only files that were there at the start are served, by an index of their own: no path of a request reaches the disk.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from aiohttp import web

from cti.settings import PROJECT

PAGES = Path(__file__).parent / "pages"
VENDOR = PROJECT / ".deps" / "web" / "vendor"
"""Bundled at set-up (setup/web.sh)."""
_KINDS = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}


def site_routes(pages: Path = PAGES, vendor: Path = VENDOR) -> list[web.RouteDef]:
    """`/agent` is `pages/agent/index.html`, and so on for every folder that has one."""
    files = {f"/pages/{name}": file for name, file in _files(pages).items()}
    files |= {f"/vendor/{name}": file for name, file in _files(vendor).items()}

    async def serve(request: web.Request) -> web.StreamResponse:
        return _file(files, request.path)

    async def page(request: web.Request) -> web.StreamResponse:
        return _file(files, f"/pages{request.path}/index.html")

    async def home(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": "/login"})

    names = sorted(index.parent.name for index in pages.glob("*/index.html"))
    return [
        web.get("/", home),
        web.get("/pages/{path:.+}", serve),
        web.get("/vendor/{path:.+}", serve),
        *(web.get(f"/{name}", page) for name in names),
    ]


def _files(folder: Path) -> dict[str, Path]:
    return {
        file.relative_to(folder).as_posix(): file
        for file in folder.rglob("*")
        if file.is_file() and file.suffix in _KINDS
    }


def _file(files: Mapping[str, Path], path: str) -> web.StreamResponse:
    file = files.get(path)
    if file is None:
        raise web.HTTPNotFound
    headers = {"Content-Type": f"{_KINDS[file.suffix]}; charset=utf-8", "Cache-Control": "no-cache"}
    return web.FileResponse(file, headers=headers)
