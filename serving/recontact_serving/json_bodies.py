"""JSON bodies: what is wrong with one that cannot be read, without a word of it."""

from json import JSONDecodeError

from starlette.requests import Request

BINARY_TENSORS = "inference-header-content-length"  # of Triton's clients: bytes follow the JSON


def not_json(request: Request) -> str | None:
    """What a request says of its body that keeps it from being read as JSON; None if nothing does."""
    headers = request.headers
    if headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        return "bodies are read as they are; send this one without content-encoding"
    if BINARY_TENSORS in headers:
        return "tensors are read as JSON; have your client send binary_data=False"
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in ("", "application/json", "multipart/form-data") and not kind.endswith("+json"):
        return "send JSON, with the header content-type: application/json"
    return None


def what_is_wrong(error: BaseException | None) -> str:
    """What kept a body from being read as JSON."""
    if isinstance(error, UnicodeDecodeError):
        return f"the body is not UTF-8 (byte {error.start}); JSON is always UTF-8"
    if isinstance(error, RecursionError):
        return "the body is nested too deeply to be read"
    if isinstance(error, JSONDecodeError):
        return f"the body is not valid JSON (character {error.pos})"
    if isinstance(error, ValueError):  # Python converts no number of more than 4,300 digits
        return "the body holds a number that is too long to be read"
    return "the body is not valid JSON"
