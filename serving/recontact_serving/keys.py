"""API keys: made and revoked by a command, stored as hashes, each with what it may do and how often."""

import hashlib
import hmac
import math
import secrets
import time
from collections.abc import Sequence
from enum import StrEnum

from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session, sessionmaker

from recontact_data.errors import RecontactError
from recontact_serving.settings import Settings
from recontact_serving.store.database import open_store
from recontact_serving.store.tables import ApiKey

PREFIX = "rc"  # so that scanners of source code know a key that was left there
ID_BYTES, SECRET_BYTES = 6, 32
REMEMBERED = 1.0  # seconds until a key that another process made or revoked is noticed


class Scope(StrEnum):
    """What a key may be used for."""

    classify = "classify"
    jobs = "jobs"
    labels = "labels"
    admin = "admin"


class Keys:
    """The keys in a database."""

    def __init__(self, engine: Engine) -> None:
        self._open: sessionmaker[Session] = sessionmaker(engine, expire_on_commit=False)
        self._known: dict[str, ApiKey] = {}
        self._read_at = -math.inf

    def create(self, name: str, scopes: Sequence[Scope], rate: int | None = None) -> str:
        """Makes a key.

        Args:
            name: Whose it is, for people.
            scopes: What it may be used for.
            rate: Requests a minute; None for as many as the server answers.

        Returns:
            The key, which is told this once.

        Raises:
            RecontactError: a live key has the name already.
        """
        if any(key.name == name for key in self.live()):
            raise RecontactError(f"there is a key named {name!r}; revoke it first, or choose another name")
        id, secret = secrets.token_hex(ID_BYTES), secrets.token_urlsafe(SECRET_BYTES)
        with self._open.begin() as session:
            session.add(
                ApiKey(id=id, name=name, hash=_hash(secret), scopes=list(scopes), rate=rate, created=time.time())
            )
        return f"{PREFIX}_{id}_{secret}"

    def all(self) -> Sequence[ApiKey]:
        """Every key there ever was, oldest first."""
        with self._open() as session:
            return session.scalars(select(ApiKey).order_by(ApiKey.created, ApiKey.id)).all()

    def live(self) -> Sequence[ApiKey]:
        """Those that were not revoked."""
        return [key for key in self.all() if key.revoked is None]

    def revoke(self, id: str) -> ApiKey:
        """Lets a key in no more; servers notice within a second.

        Args:
            id: Its id, or its name where no other live key has that.

        Raises:
            RecontactError: there is no such live key, or several.
        """
        with self._open.begin() as session:
            live = session.scalars(select(ApiKey).where(ApiKey.revoked.is_(None))).all()
            found = [key for key in live if key.id == id] or [key for key in live if key.name == id]
            if not found:
                raise RecontactError(f"there is no live key {id!r}; `recontact keys list` shows them")
            if len(found) > 1:
                ids = ", ".join(key.id for key in found)
                raise RecontactError(f"{len(found)} live keys are named {id!r}; give the id of one: {ids}")
            session.execute(update(ApiKey).where(ApiKey.id == found[0].id).values(revoked=time.time()))
        return found[0]

    @property
    def stale(self) -> bool:
        """Whether it is time to look at the database again."""
        return time.monotonic() - self._read_at >= REMEMBERED

    def read(self) -> None:
        """Looks at the database."""
        self._known = {key.id: key for key in self.live()}
        self._read_at = time.monotonic()

    def find(self, key: str) -> ApiKey | None:
        """The live key that somebody shows, as of the last look; None if it is none.

        Compares in constant time, and as long for an unknown id as for a wrong secret.
        """
        prefix, _, rest = key.partition("_")
        id, _, secret = rest.partition("_")
        known = self._known.get(id)
        right = hmac.compare_digest(_hash(secret), known.hash if known else _hash(""))
        return known if right and known and prefix == PREFIX else None


def check_there_is_one(settings: Settings, where: str, asking_none: str) -> None:
    """Makes sure that a server which asks for keys can be asked at all.

    Args:
        settings: The server's.
        where: What is served, for people.
        asking_none: How to ask for no keys.

    Raises:
        RecontactError: keys are needed, and there is none.
    """
    if settings.keys_needed and not Keys(open_store(settings)).live():
        make = "make one with `recontact keys create NAME` (same user, same RECONTACT_DATA)"
        cure = f"{make}, or ask for none with {asking_none}"
        raise RecontactError(f"{where} is not served without API keys, and there is none; {cure}")


def _hash(secret: str) -> str:
    """SHA-256: the secret is random and long, so that a slow hash would protect nothing more."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
