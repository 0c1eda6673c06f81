"""From `--model` and `--device` to a served model.

The selection rule and the wording of its errors are those of tt-inference-server's `run.py`, so
that its users recognise them. Each message goes on with what the catalogue knows, and a remedy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from farm.catalogue.devices import device_name
from farm.catalogue.eval_task import EvalTask
from farm.catalogue.eval_tasks import known_evals
from farm.catalogue.model_spec import TEXT_TYPES, ModelSpec, read_specs
from farm.catalogue.near import near
from farm.catalogue.release import Release, read_release
from farm.catalogue.support import FILE_NAME as SUPPORT_FILE
from farm.catalogue.support import Broken, Support, read_support
from farm.errors import CatalogueError
from farm.records import ServedModel
from farm.text import one_line

BUILTIN = Path(__file__).with_name("builtin.json")
BUILTIN_SUPPORT = Path(__file__).with_name("support.json")
YAML = (".yaml", ".yml")


def load(paths: Sequence[Path] = ()) -> Catalogue:
    """The catalogue that files make: of tt-inference-server's release_model_spec.json (gzip or not) the last one,
    else the built-in table; then what the user's own YAML files change and add, in their order.

    The models for device `cpu` are always there: tt-inference-server's own file has none.
    Raises CatalogueError that names the file and the place in it.
    """
    builtin = read_specs(BUILTIN)
    own_files = [path for path in paths if path.suffix.lower() in YAML]
    releases = [path for path in paths if path not in own_files]
    support = read_support(BUILTIN_SUPPORT)
    catalogue = Catalogue(builtin, source="built-in table", release=read_release(BUILTIN), support=support)
    if releases:
        path = releases[-1]
        specs = read_specs(path)
        known = {(spec.repo, spec.device) for spec in specs}
        local = tuple(spec for spec in builtin if spec.device == "cpu" and (spec.repo, spec.device) not in known)
        own_list = path.with_name(SUPPORT_FILE)
        if own_list.is_file():
            support = read_support(own_list)
        catalogue = Catalogue(specs + local, source=str(path), release=read_release(path), support=support)
    for path in own_files:
        from farm.catalogue.own_file import apply_own  # a command without such a file needs no YAML

        specs, evals = apply_own(path, catalogue.specs, catalogue.evals)
        catalogue = replace(catalogue, specs=specs, evals=evals, source=f"{catalogue.source}, {path}")
    return catalogue


@dataclass(frozen=True)
class Catalogue:
    """All specs, of models of any type; only those that answer with text resolve."""

    specs: tuple[ModelSpec, ...]
    source: str
    evals: tuple[EvalTask, ...] = field(default_factory=known_evals)
    release: Release = field(default_factory=Release)
    support: Support = field(default_factory=Support)
    newer: bool = False  # than the built-in table, and found on this host without being named

    @cached_property
    def _repos(self) -> frozenset[str]:
        return frozenset(spec.repo for spec in self.specs)

    def names(self, device: str | None = None) -> tuple[str, ...]:
        """Short names of all text models, or of those that `device` supports, sorted."""
        wanted = None if device is None else device_name(device)
        return tuple(
            sorted(
                {s.name for s in self.specs if s.model_type in TEXT_TYPES and wanted in (None, s.device)},
                key=str.lower,
            )
        )

    def of_model(self, model: str) -> tuple[ModelSpec, ...]:
        """The specs of one model, by short name or HF repo id; case-insensitive unless two names differ only in case.

        Raises CatalogueError with near names if there is none.
        """
        asked = model.strip()
        exact = tuple(spec for spec in self.specs if asked in (spec.name, spec.repo))
        found = exact or tuple(spec for spec in self.specs if asked.lower() in (spec.name.lower(), spec.repo.lower()))
        if found:
            return found
        raise CatalogueError(
            f"Model:={one_line(model, 100)} not found in EVAL_CONFIGS: no such model in the catalogue "
            f"({self.source}){_did_you_mean(near(model, self.names()))}",
            remedy="`farm models` lists all; --catalogue reads a newer release_model_spec.json",
        )

    def knows(self, model: str) -> bool:
        """Whether it has this model, on any device."""
        return any(model.strip().lower() in (spec.name.lower(), spec.repo.lower()) for spec in self.specs)

    def spec(
        self, model: str, device: str, *, engine: str | None = None, impl: str | None = None, force: bool = False
    ) -> ModelSpec:
        """The spec of `model` on `device`; `engine` and `impl` narrow the choice.

        The default implementation wins; without one, the first if engine or impl was named. Where the support list
        serves the model on this device as another one, the spec is that one's. Raises CatalogueError: unknown model,
        type, device, a choice that is still open, or, unless `force`, a pair that the support list marks broken.
        """
        found = self._chosen(model, device, engine, impl)
        broken = self.broken(found)
        if broken is not None and not force:
            raise CatalogueError(
                f"{found.name} is known not to work on {found.device}: {broken.reason} (seen {broken.date}, "
                f"support list of release {self.support.release})",
                remedy="--force runs it all the same",
            )
        return found

    def repos(self, model: str) -> tuple[str, ...]:
        """The repo ids of a model by any of its names; empty for one that the catalogue does not know."""
        try:
            return tuple(dict.fromkeys(spec.repo for spec in self.of_model(model)))
        except CatalogueError:
            return ()

    def has(self, model: str, device: str) -> bool:
        """Whether there is an entry for the model on the device, be it marked broken."""
        try:
            return bool(self.spec(model, device, force=True))
        except CatalogueError:
            return False

    def broken(self, spec: ModelSpec) -> Broken | None:
        """Why the support list says that a spec does not work; None where it does not say so."""
        return self.support.why_broken(spec.repo, spec.device, spec.docker_image)

    def served_as(self, repo: str) -> tuple[tuple[str, str], ...]:
        """The devices of a model that are served as another one, each with that one."""
        pairs = ((device, other) for (of, device), other in self.support.serve_as.items() if of == repo)
        return tuple(sorted(pairs))

    def _chosen(self, model: str, device: str, engine: str | None, impl: str | None) -> ModelSpec:
        all_specs = self.of_model(model)
        specs = [spec for spec in all_specs if spec.model_type in TEXT_TYPES]
        if not specs:
            raise CatalogueError(
                f"Model:={model} not found in EVAL_CONFIGS: it is of type {all_specs[0].model_type}",
                remedy="farm evaluates models that answer with text",
            )
        wanted = device_name(device)
        other = self.support.serve_as.get((specs[0].repo, wanted))  # wins over an older entry of the device's own
        on_device = [spec for spec in specs if spec.device == other] or [s for s in specs if s.device == wanted]
        if not on_device:
            devices = ", ".join(dict.fromkeys(spec.device for spec in specs))
            relatives = [name for name in near(model, self.names(device)) if name != specs[0].name]
            others = f"; on {device_name(device)}: {', '.join(relatives)}" if relatives else ""
            raise CatalogueError(
                f"model:={model} does not support device:={one_line(device, 40)}; it supports {devices}{others}",
                remedy="choose one of these, or read a newer catalogue by --catalogue",
            )
        chosen = [
            spec
            for spec in on_device
            if (engine is None or spec.engine.lower() == engine.lower())
            and (impl is None or impl.lower().replace("_", "-") == spec.impl.lower().replace("_", "-"))
        ]
        choices = ", ".join(f"--engine {spec.engine} --impl {spec.impl}" for spec in on_device)
        if not chosen:
            asked = " ".join(f"{n}:={v}" for n, v in (("engine", engine), ("impl", impl)) if v is not None)
            raise CatalogueError(
                f"model:={model} has no {asked} on device:={device_name(device)}", remedy=f"choose one of: {choices}"
            )
        default = next((spec for spec in chosen if spec.default_impl), None)
        if default is None and engine is None and impl is None:
            raise CatalogueError(
                f"Model:={model} does not have a default impl, you must pass --impl", remedy=f"choose one of: {choices}"
            )
        return default or chosen[0]

    def resolve(
        self, model: str, device: str, *, engine: str | None = None, impl: str | None = None, force: bool = False
    ) -> ServedModel:
        """What `spec` finds, as the record that a run carries. Same errors."""
        return self.served(self.spec(model, device, engine=engine, impl=impl, force=force))

    def served(self, spec: ModelSpec) -> ServedModel:
        """A spec as the record that a run carries."""
        return ServedModel(
            name=spec.name,
            repo=spec.repo,
            device=spec.device,
            engine=spec.engine,
            max_concurrency=spec.max_concurrency,
            max_context=spec.max_context,
            chat=not self.is_base(spec),
        )

    def is_base(self, spec: ModelSpec) -> bool:
        """True for a model without a chat template: the catalogue also has an `-Instruct` of the same name."""
        if spec.chat is not None:
            return not spec.chat
        return f"{spec.repo}-Instruct" in self._repos or spec.repo.lower().endswith(("-base", "-pt"))


def _did_you_mean(names: list[str]) -> str:
    return f"; did you mean {', '.join(names)}?" if names else ""
