"""The limit on what a request may send: bodies are counted as they come, and refused before they fill the memory."""

from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from recontact_serving.problems import TooLargeError, problem

UPLOAD = b"multipart/form-data"


class BodyLimit:
    """Refuses a request whose body is over a limit; a file goes to its route piece by piece, all else at once."""

    def __init__(self, app: ASGIApp, max_bytes: int, uploads: Mapping[str, int]) -> None:
        """Prepares.

        Args:
            app: What answers.
            max_bytes: Bytes a body may have.
            uploads: Bytes that a body with a file may have, by the path it may be sent to.
        """
        self.app, self.max_bytes, self.uploads = app, max_bytes, uploads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Counts the bytes of the body as they come; a declared length over the limit is refused at once."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        upload = headers.get(b"content-type", b"").lower().startswith(UPLOAD)
        most = self.uploads.get(scope["path"]) if upload else None
        limit = most or self.max_bytes
        over = f"the body may have {limit:,} bytes; send it in parts"
        declared = headers.get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > limit:
            await problem(scope["path"], 413, over)(scope, receive, send)
            return
        if most is not None:
            await self.app(scope, _counted(receive, most, over), send)
            return
        parts, size, more = list[bytes](), 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            more = message.get("more_body", False)
            if size > limit:
                await problem(scope["path"], 413, over)(scope, receive, send)
                return
        await self.app(scope, _replayed(b"".join(parts), receive), send)


def _counted(receive: Receive, most: int, over: str) -> Receive:
    size = 0

    async def counted() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > most:
            raise TooLargeError(over)
        return message

    return counted


def _replayed(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def replay() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
