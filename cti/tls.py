"""TLS of our own web server, and of our own programs that speak to it: those trust its certificate and nothing else."""

from __future__ import annotations

import re
import ssl
from pathlib import Path

from cti.settings import Settings

_FIRST = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


class TlsError(Exception):
    """The certificate cannot be used; the text names the settings and what to do."""


def server_tls(settings: Settings) -> ssl.SSLContext | None:
    """For who listens; None: in clear. TlsError."""
    files = _files(settings)
    if files is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(*files)
    except ssl.SSLError as error:
        raise TlsError(f"web.tls_cert and web.tls_key: no certificate with its own key ({error.reason})") from None
    except OSError as error:
        raise TlsError(f"web.tls_cert, web.tls_key: cannot be read ({error.strerror})") from None
    return context


def client_tls(settings: Settings) -> ssl.SSLContext | None:
    """For who connects to our own address, or to the other daemon of a pair, which has the same certificate; None: in
    clear. Whatever the address is called, the certificate must be ours. TlsError."""
    files = _files(settings)
    if files is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        own = _FIRST.search(files[0].read_text(encoding="ascii"))
        context.load_verify_locations(cadata=own[0] if own else "")
    except (OSError, ValueError) as error:  # an ssl.SSLError is an OSError
        raise TlsError(f"web.tls_cert: cannot be used ({error})") from None
    return context


def check_tls(settings: Settings) -> list[str]:
    """One line if the certificate cannot be used."""
    try:
        server_tls(settings)
        client_tls(settings)
    except TlsError as error:
        return [str(error)]
    return []


def _files(settings: Settings) -> tuple[Path, Path] | None:
    cert, key = settings.web.tls_cert, settings.web.tls_key
    if cert is None and key is None:
        return None
    if cert is None or key is None:
        raise TlsError("web.tls_cert and web.tls_key belong together: give both, or none")
    return cert, key
