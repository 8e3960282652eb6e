"""TLS: the server's own certificate and key, tried before it listens."""

import ssl
from pathlib import Path
from typing import Any

from recontact_data.errors import RecontactError
from recontact_serving.settings import Settings

MISMATCH = "KEY_VALUES_MISMATCH"  # OpenSSL's name for a key of another certificate


def tls_options(settings: Settings) -> dict[str, Any]:
    """What uvicorn is told of the certificate; nothing where the server speaks plain HTTP.

    Raises:
        RecontactError: one file is missing or cannot be read, or they do not go together.
    """
    certificate, key = settings.tls_certificate, settings.tls_key
    if certificate is None and key is None:
        if settings.tls_key_password_file:
            raise RecontactError("a --tls-key-password-file is of no use without --tls-certificate and --tls-key")
        return {}
    if certificate is None or key is None:
        given, missing = ("--tls-key", "--tls-certificate") if key else ("--tls-certificate", "--tls-key")
        raise RecontactError(f"{given} is given without {missing}; give both, or none and no TLS")
    for path in (certificate, key):
        _read(path)
    password = _password(settings.tls_key_password_file)
    _try(certificate, key, password)
    return {
        "ssl_certfile": certificate,
        "ssl_keyfile": key,
        "ssl_keyfile_password": password or None,
        "ssl_ciphers": None,  # Python's own choice; older versions of uvicorn have a weaker one
    }


def _password(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        return _read(path).decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise RecontactError(f"{path} holds no password in UTF-8; write it as a line of text") from None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        cure = "check the path, and that the server's user may read it"
        raise RecontactError(f"cannot read {path} ({error.strerror}); {cure}") from error


def _try(certificate: Path, key: Path, password: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_verify_locations(certificate)
    except ssl.SSLError as error:
        raise RecontactError(f"{certificate} is no certificate in PEM form (-----BEGIN CERTIFICATE-----)") from error
    try:
        # Without a password of its own OpenSSL would ask for one on the terminal.
        context.load_cert_chain(certificate, key, lambda: password)
    except (ssl.SSLError, ValueError) as error:  # ValueError: a password longer than OpenSSL takes
        if isinstance(error, ssl.SSLError) and error.reason == MISMATCH:
            cure = "give the key that it was made with, and the server's own certificate first in its file"
            raise RecontactError(f"the key {key} does not fit the certificate {certificate}; {cure}") from error
        cure = "name the file that holds its password, if it has one, with --tls-key-password-file"
        how = "with the password given" if password else "without a password"
        raise RecontactError(f"{key} cannot be opened as a key in PEM form {how}; {cure}") from error
