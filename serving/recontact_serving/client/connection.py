"""The connection of a client: where to, as whom, and how patiently."""

import ipaddress
from typing import Any

import httpx

from recontact import __version__
from recontact_data.errors import RecontactError

URL = "http://127.0.0.1:8000"
TIMEOUT = 120.0  # seconds; as long as a thousand long comments may take
MAX_WAIT = 60.0  # seconds; a server is back by then
CONNECT_TIMEOUT = 10.0  # seconds
MAX_TEXTS = 1_000  # as RECONTACT_MAX_TEXTS
MAX_BYTES = 500_000  # of which no more are characters than RECONTACT_MAX_REQUEST_CHARACTERS lets in
AT_ONCE = 16  # requests; many more only keep a server busy with refusing them
CHUNK = 1_000_000  # bytes of a download that are written at once
SCHEMES = ("http", "https")


def options(url: str, api_key: str | None, timeout: float) -> dict[str, Any]:
    """What httpx is told of a connection.

    Args:
        url: Address of the server, as its users write it.
        api_key: The key to show; None or empty to show none.
        timeout: Seconds of silence after which a request is given up.

    Raises:
        RecontactError: the url or the key cannot be one.
    """
    base = _checked(url)
    return {
        "base_url": base,
        "headers": {"user-agent": f"recontact/{__version__}"} | _shown(api_key),
        # Requests wait for one another's connections as long as it takes.
        "timeout": httpx.Timeout(timeout, connect=min(timeout, CONNECT_TIMEOUT), pool=None),
        "trust_env": not _is_local(base.host),  # no proxy stands between this machine and itself
    }


def _checked(url: str) -> httpx.URL:
    try:
        base = httpx.URL(url)
    except httpx.InvalidURL:
        base = httpx.URL()
    if base.userinfo:
        raise RecontactError("the url holds a user or a password; leave them out, and give a key as api_key")
    if base.scheme not in SCHEMES or not base.host:
        raise RecontactError(f"{url!r} is no url of a server; write it as {URL}")
    return base


def _shown(api_key: str | None) -> dict[str, str]:
    key = (api_key or "").strip()  # keys come from files, which end in a new line
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise RecontactError("the api_key has characters that no key has; copy it again")
    return {"authorization": f"Bearer {key}"} if key else {}


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
