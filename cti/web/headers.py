"""What every answer tells the browser, so that a page of ours loads and does nothing but ours."""

from __future__ import annotations

from aiohttp import web

from cti.web.accounts import is_tls

_ALWAYS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(self), display-capture=(), geolocation=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_YEAR_S = 365 * 86_400


async def add_headers(request: web.Request, answer: web.StreamResponse) -> None:
    """Signal `on_response_prepare`: refusals, streams and files have them too."""
    for name, value in _ALWAYS.items():
        answer.headers.setdefault(name, value)
    answer.headers["Server"] = "Yihu"  # and no versions
    if request.path.startswith("/api/"):
        answer.headers.setdefault("Cache-Control", "no-store")
    if is_tls(request):
        answer.headers.setdefault("Strict-Transport-Security", f"max-age={_YEAR_S}")
