"""A model that the catalogue does not have, or not on the device: what is known of it before its server is asked."""

from __future__ import annotations

from farm.catalogue.catalogue import Catalogue
from farm.catalogue.devices import device_name
from farm.catalogue.engines import UNKNOWN
from farm.catalogue.model_spec import ModelSpec
from farm.errors import CatalogueError

NO_DEVICE = "unknown"
# Until the server says otherwise: requests that any server bears, and a context that common prompts and answers fit
MAX_CONCURRENCY, MAX_CONTEXT = 32, 32768


def unlisted(catalogue: Catalogue, model: str, device: str | None, engine: str | None) -> ModelSpec:
    """The spec of a model for which a server's word will do. A name that the catalogue knows stands for its repo."""
    name = model.strip()
    try:
        repo = catalogue.of_model(name)[0].repo
    except CatalogueError:
        repo = name
    short = repo.rstrip("/").rsplit("/", 1)[-1] or repo
    place = NO_DEVICE if device is None else device_name(device)
    return ModelSpec(
        repo=repo,
        name=short,
        device=place,
        engine=engine or UNKNOWN,
        impl="-",
        model_id=f"{short}_{place}",
        model_type="LLM",
        status="not in the catalogue",
        default_impl=True,
        max_concurrency=MAX_CONCURRENCY,
        max_context=MAX_CONTEXT,
        tensor_cache_timeout_s=3600.0,
    )


def is_unlisted(spec: ModelSpec) -> bool:
    """Whether `unlisted` made it."""
    return spec.impl == "-"
