"""The switch: another model is put in service while requests go on; those on their way keep theirs."""

import asyncio
import contextlib
from pathlib import Path

from recontact import CauseClassifier
from recontact.artifact import Manifest, read_manifest
from recontact.registry import Registry, is_registry
from recontact_data.errors import ModelError
from recontact_serving.request_log import tell, tell_failure
from recontact_serving.scheduling import Scheduler

LOOK = 2.0  # seconds between looks at what the registry has in service


class ModelSwitch:
    """The models that a server may answer with, and which one does.

    Where the server was given a registry, it follows it: what `recontact models promote` puts in service there
    answers here within seconds, in every process that follows the same registry.
    """

    def __init__(self, scheduler: Scheduler, source: Path | None) -> None:
        """Prepares.

        Args:
            scheduler: What computes.
            source: A model folder or a registry; None for the bundled model.
        """
        self._scheduler = scheduler
        self._registry = Registry(source) if source and is_registry(source) else None
        self._followed = scheduler.classifier.model_version
        self._one_at_a_time = asyncio.Lock()

    @property
    def current(self) -> str:
        """The version in service."""
        return self._scheduler.classifier.model_version

    def manifests(self) -> list[Manifest]:
        """What is known of each model that may be put in service; damaged ones are left out."""
        if self._registry is None:
            return [self._scheduler.classifier.manifest]
        found = []
        for version in self._registry.versions:
            with contextlib.suppress(ModelError):
                found.append(read_manifest(self._registry.folder_of(version)))
        return found

    async def to(self, version: str) -> None:
        """Puts a model in service, once it has answered a first comment.

        Raises:
            ModelError: there is none of that version, or it cannot be loaded; the current one stays.
        """
        async with self._one_at_a_time:
            if version != self.current:
                self._scheduler.classifier = await asyncio.to_thread(self._loaded, version)
                tell("model in service", version=version)

    async def follow(self) -> None:
        """Puts in service what the registry does, for as long as it runs."""
        while self._registry is not None:
            await asyncio.sleep(LOOK)
            try:
                promoted = await asyncio.to_thread(lambda registry: registry.current, self._registry)
                if promoted is not None and promoted != self._followed:
                    await self.to(promoted)
                    self._followed = promoted
            except Exception as error:  # a registry that is away for a while stops no server
                tell_failure(error)

    def _loaded(self, version: str) -> CauseClassifier:
        if self._registry is None:
            raise ModelError("this server was given one model; start it with a registry (--model DIR) to have others")
        model = CauseClassifier.load(self._registry.folder_of(version))
        model.classify(["warm-up"])
        return model
