"""Which models exist, where they run, what they are evaluated with and what others measured."""

from farm.catalogue.catalogue import Catalogue, load
from farm.catalogue.devices import DEVICES, device_name
from farm.catalogue.eval_tasks import EvalReference, EvalTask, eval_models, eval_task
from farm.catalogue.model_spec import ModelSpec

__all__ = [
    "DEVICES",
    "Catalogue",
    "EvalReference",
    "EvalTask",
    "ModelSpec",
    "device_name",
    "eval_models",
    "eval_task",
    "load",
]
