"""The door: who may come in, how often, and from which pages of a browser. It stands before anything is read."""

import asyncio
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from recontact_serving.keys import Keys
from recontact_serving.keys import Scope as KeyScope
from recontact_serving.problems import KEY_RATE, problem, retry_after
from recontact_serving.store.tables import ApiKey

NOBODY = "local"  # the owner of jobs where no key is needed
ROOT = "/"
OPEN = ("/health", "/v2/health", "/docs", "/openapi.json", "/static-offline-docs")
NEEDED = (
    ("/v1/jobs", KeyScope.jobs),
    ("/v1/labels", KeyScope.labels),
    ("/v1/models", KeyScope.admin),
    ("/metrics", KeyScope.admin),
    ("/", KeyScope.classify),
)  # the first that a path begins with
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
MINUTE = 60.0
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
HTTPS_ALONE = {"Strict-Transport-Security": "max-age=31536000"}  # a year
NOTHING = "default-src 'none'; frame-ancestors 'none'"
DOCS = "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"


@dataclass
class Bucket:
    """Requests that a key has left this minute; it fills steadily.

    Attributes:
        rate: Requests a minute, and at once.
    """

    rate: int
    left: float = field(init=False)
    at: float = field(init=False)

    def __post_init__(self) -> None:
        self.left, self.at = float(self.rate), time.monotonic()

    def take(self) -> float:
        """Takes one; gives the seconds until there is one again, or 0 if there was."""
        now = time.monotonic()
        self.left = min(self.rate, self.left + (now - self.at) * self.rate / MINUTE)
        self.at = now
        if self.left < 1:
            return (1 - self.left) * MINUTE / self.rate
        self.left -= 1
        return 0.0


class Door:
    """Lets requests in, or answers them with 401, 403, 421 or 429; gives every answer its security headers."""

    def __init__(
        self,
        app: ASGIApp,
        keys: Keys | None,
        needed: bool,
        hosts: Collection[str] | None,
        origins: Collection[str],
        https_alone: bool = False,
    ) -> None:
        """Prepares.

        Args:
            app: What answers those who are let in.
            keys: The keys; None where the server has no database.
            needed: Whether a key is needed.
            hosts: Names under which the server may be asked; None for any.
            origins: Foreign pages whose scripts may ask; `*` for all.
            https_alone: Whether browsers are told to ask this name by HTTPS alone from now on.
        """
        self.app, self._keys, self._needed, self._hosts, self._origins = app, keys, needed, hosts, origins
        self._headers = HEADERS | (HTTPS_ALONE if https_alone else {})
        self._buckets: dict[str, Bucket] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path: str = scope["path"]

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                is_page = headers.get("content-type", "").startswith("text/html") or _under(path, OPEN[-1:])
                headers.setdefault("Content-Security-Policy", DOCS if is_page else NOTHING)
            await send(message)

        headers = Headers(scope=scope)
        refusal = _elsewhere(scope, path) or self._foreign(scope["method"], path, headers)
        refusal = refusal or await self._unknown(scope, path, headers)
        await (refusal or self.app)(scope, receive, dressed)

    def _foreign(self, method: str, path: str, headers: Headers) -> ASGIApp | None:
        """Refuses what a foreign page has a browser ask: under a name that it made point here, or across origins."""
        host = headers.get("host", "")
        if self._hosts is not None and _name(f"//{host}") not in self._hosts:
            said = "this server answers as localhost alone; behind a proxy set RECONTACT_KEYS=required"
            return problem(path, 421, f"{said}, or name {host[:100]!r} in RECONTACT_ALLOWED_HOSTS")
        origin = headers.get("origin")
        if origin is None or method in SAFE_METHODS or {origin, "*"} & set(self._origins):
            return None
        if host and _same_place(origin, host):
            return None
        return problem(path, 403, f"pages of {origin[:100]} may not ask this server (RECONTACT_CORS_ORIGINS)")

    async def _unknown(self, scope: Scope, path: str, headers: Headers) -> ASGIApp | None:
        """Refuses who shows no key, or one that does not go that far or that often; notes who it is."""
        state = scope.setdefault("state", {})
        state["caller"] = NOBODY
        shown = _shown(headers)
        if self._keys is None or path == ROOT or _under(path, OPEN) or (shown is None and not self._needed):
            return None
        if shown is None:
            return _asks(path, "an API key is needed: Authorization: Bearer …")
        if self._keys.stale:
            await asyncio.to_thread(self._keys.read)
        key = self._keys.find(shown)
        if key is None:
            return _asks(path, "the API key is not known, or was revoked")
        scope_needed = next(own for start, own in NEEDED if _under(path, (start,)))
        if scope_needed not in key.scopes:
            return problem(path, 403, f"the API key {key.name!r} may not be used for {scope_needed}")
        if wait := self._wait(key):
            said = f"the API key {key.name!r} may ask {key.rate} times a minute"
            return problem(path, 429, said, retry_after(wait), KEY_RATE)
        state["caller"] = key.id
        return None

    def _wait(self, key: ApiKey) -> float:
        if key.rate is None:
            return 0.0
        return self._buckets.setdefault(key.id, Bucket(key.rate)).take()


def _under(path: str, starts: Collection[str]) -> bool:
    return any(path == start or path.startswith(start.rstrip("/") + "/") for start in starts)


def _same_place(origin: str, host: str) -> bool:
    try:
        return urlsplit(origin).netloc == host
    except ValueError:  # no address at all
        return False


def _elsewhere(scope: Scope, path: str) -> ASGIApp | None:
    """Refuses what is asked below a prefix, where no rule about a path would hold."""
    if not scope.get("root_path"):
        return None
    return problem(path, 404, f"this server answers at the root alone, not below {scope['root_path'][:100]}")


def _shown(headers: Headers) -> str | None:
    kind, _, value = headers.get("authorization", "").partition(" ")
    return (value.strip() if kind.lower() == "bearer" else "") or headers.get("x-api-key")


def _name(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _asks(path: str, detail: str) -> ASGIApp:
    return problem(path, 401, detail, {"WWW-Authenticate": 'Bearer realm="recontact"'})
