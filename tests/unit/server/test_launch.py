"""Which container serves a catalogue entry: the three interfaces of tt-inference-server's images."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from farm import config
from farm.catalogue.catalogue import load
from farm.catalogue.model_spec import ModelSpec
from farm.errors import ConfigError
from farm.server.api_keys import server_secrets
from farm.server.images import CACHE_ROOT, SPEC_FILE, WEIGHTS_ROOT, LaunchOptions, Mount
from farm.server.launch import HUGEPAGES, plan_launch, run_line

NEW_IMAGE = "registry.example/vllm-tt-metal-src-release-ubuntu-22.04-amd64:0.20.0-abc-def"


def spec(model: str, device: str) -> ModelSpec:
    return load().spec(model, device)


def options(**fields: Any) -> LaunchOptions:
    return LaunchOptions(server_id="an-id", log=Path("/home/logs/server_logs/an-id.log"), **fields)


def test_vllm_of_today() -> None:
    found = plan_launch(spec("Qwen3.6-27B", "p300x2"), options(arguments=("--max-num-seqs", "8")), hugepages=True)
    assert found.arguments == ("--model", "Qwen/Qwen3.6-27B", "--tt-device", "p300x2", "--max-num-seqs", "8")
    assert (found.url, found.port, found.inner_port, found.bind) == ("http://127.0.0.1:8000", 8000, 8000, "127.0.0.1")
    assert (found.devices, found.env, found.spec_file) == (("/dev/tenstorrent",), (), None)
    assert found.mounts[0] == Mount(HUGEPAGES, HUGEPAGES)
    assert found.mounts[1].target == CACHE_ROOT and found.mounts[1].source.endswith("-Qwen3.6-27B")
    assert found.labels["farm.server.model"] == "Qwen/Qwen3.6-27B"


def test_another_port_weights_nodes_and_no_key() -> None:
    chosen = options(
        port=8123, bind="0.0.0.0", weights=Path("/weights"), device_nodes=("/dev/tenstorrent/1",), no_auth=True,
        image=NEW_IMAGE, cache="/cache",
    )  # fmt: skip
    found = plan_launch(spec("Llama-3.2-3B-Instruct", "n300"), chosen, hugepages=False)
    assert found.arguments[4:] == ("--no-auth", "--service-port", "8123")
    assert (found.url, found.bind, found.inner_port) == ("http://127.0.0.1:8123", "0.0.0.0", 8123)
    assert found.devices == ("/dev/tenstorrent/1",)
    assert found.mounts == (
        Mount("/cache", CACHE_ROOT), Mount("/weights", f"{WEIGHTS_ROOT}/Llama-3.2-3B-Instruct", read_only=True),
    )  # fmt: skip
    assert found.env == (("MODEL_WEIGHTS_DIR", f"{WEIGHTS_ROOT}/Llama-3.2-3B-Instruct"),)


def test_dev_mode() -> None:
    entry = spec("Llama-3.2-3B-Instruct", "n300")
    found = plan_launch(entry, options(image=NEW_IMAGE, dev_mode=True, dev_source=Path("/src")), hugepages=False)
    assert "-dev-" in found.image and "-release-" not in found.image
    assert Mount("/src/vllm-tt-metal/src", "/home/container_app_user/app/src", read_only=True) in found.mounts


def test_vllm_before_0_11_gets_weights_and_a_spec_file_from_the_host() -> None:
    entry = spec("Llama-3.2-3B-Instruct", "n300")
    with pytest.raises(ConfigError, match=r"0\.3\.0.* is from before 0\.11 .*--weights"):
        plan_launch(entry, options(), hugepages=False)
    chosen = options(weights=Path("/weights"), port=8001, arguments=("--max_num_seqs", "4", "--enforce-eager"))
    found = plan_launch(entry, chosen, hugepages=False)
    assert found.arguments == () and found.all_capabilities
    env = dict(found.env)
    assert env["MODEL_WEIGHTS_PATH"] == f"{WEIGHTS_ROOT}/Llama-3.2-3B-Instruct"
    assert env["TT_CACHE_PATH"] == f"{CACHE_ROOT}/tt_metal_cache/cache_Llama-3.2-3B-Instruct/N300"
    assert (env["TT_MODEL_SPEC_JSON_PATH"], env["TT_LLAMA_TEXT_VER"]) == (SPEC_FILE, "tt_transformers")
    assert found.spec_file is not None
    path, text = found.spec_file
    assert Mount(str(path), SPEC_FILE, read_only=True) in found.mounts
    written = json.loads(text)
    arguments = written["device_model_spec"]["vllm_args"]
    assert (arguments["model"], arguments["port"], arguments["max_num_seqs"], arguments["enforce-eager"]) == (
        "meta-llama/Llama-3.2-3B-Instruct", "8001", "4", True,
    )  # fmt: skip
    assert written["env_vars"]["MESH_DEVICE"] == "N300" and written["cli_args"]["service_port"] == 8001


def test_forge_is_told_by_environment_and_listens_on_8000() -> None:
    found = plan_launch(spec("Falcon3-7B-Instruct", "p150"), options(port=9000), hugepages=False)
    env = dict(found.env)
    assert (env["MODEL"], env["DEVICE"], env["MAX_NUM_SEQS"]) == ("Falcon3-7B-Instruct", "p150", "32")
    assert (found.arguments, found.port, found.inner_port) == ((), 9000, 8000)


def test_what_farm_does_not_start() -> None:
    with pytest.raises(ConfigError, match=r"no server on a GPU.*; start vLLM for meta-llama/Llama-3\.1-8B-Instruct"):
        plan_launch(spec("Llama-3.1-8B-Instruct", "gpu"), options(image=NEW_IMAGE), hugepages=True)
    with pytest.raises(ConfigError, match="served by several hosts"):
        plan_launch(spec("DeepSeek-R1-0528", "quad_galaxy"), options(), hugepages=False)
    with pytest.raises(ConfigError, match="no image"):
        plan_launch(replace(spec("Falcon3-7B-Instruct", "p150"), docker_image=None), options(), hugepages=False)


def test_every_entry_of_the_catalogue_has_a_container_or_a_reason() -> None:
    refused = set()
    for entry in load().specs:
        if entry.device == "cpu":
            continue
        try:
            found = plan_launch(entry, options(weights=Path("/weights")), hugepages=True)
            assert found.image == entry.docker_image
        except ConfigError:
            refused.add(entry.device)
    assert refused == {"dual_galaxy", "quad_galaxy", "gpu"}


def test_the_docker_run_line() -> None:
    launch = plan_launch(spec("Qwen3.6-27B", "p300x2"), options(arguments=("--a", "b c")), hugepages=True)
    line = run_line(launch, ("JWT_SECRET", "HF_TOKEN"))
    assert line.startswith("docker run --detach \\\n  --name farm-server-an-id \\\n  --ipc host \\\n")
    for part in ("--env JWT_SECRET \\", "--publish 127.0.0.1:8000:8000 \\", "src=/dev/hugepages-1G,dst=", "--a 'b c'"):
        assert part in line


# --- keys ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "device", "env", "expected"),
    [
        ("Qwen3.6-27B", "p300x2", {"JWT_SECRET": "s"}, {"JWT_SECRET": "s"}),
        ("Qwen3.6-27B", "p300x2", {"JWT_SECRET": "s", "VLLM_API_KEY": "v"}, {"VLLM_API_KEY": "v"}),
        ("Qwen3.6-27B", "p300x2", {"FARM_API_KEY": "f", "HF_TOKEN": "h"}, {"VLLM_API_KEY": "f", "HF_TOKEN": "h"}),
        ("Llama-3.1-8B", "t3k", {"JWT_SECRET": "s", "HF_TOKEN": "h"}, {"JWT_SECRET": "s", "HF_TOKEN": "h"}),
        ("Falcon3-7B-Instruct", "p150", {"API_KEY": "a", "JWT_SECRET": "s"}, {"API_KEY": "a"}),
        ("Qwen3.6-27B", "p300x2", {}, "JWT_SECRET is not set"),
        ("Falcon3-7B-Instruct", "p150", {"JWT_SECRET": "s"}, "API_KEY is not set"),
        ("Llama-3.1-8B", "t3k", {"JWT_SECRET": "s"}, "HF_TOKEN is not set"),
        ("Qwen3.6-27B", "p300x2", {"JWT_SECRET": "s\nB=c"}, "JWT_SECRET has several lines"),
    ],
)  # fmt: skip
def test_a_server_gets_the_key_that_clients_send(
    model: str, device: str, env: dict[str, str], expected: dict[str, str] | str
) -> None:
    settings = config.load({"HOME": "/nonexistent", **env})
    if isinstance(expected, dict):
        assert server_secrets(spec(model, device), settings, no_auth=False, has_weights=False) == expected
        return
    with pytest.raises(ConfigError, match=expected):
        server_secrets(spec(model, device), settings, no_auth=False, has_weights=False)


def test_no_auth_and_weights_of_the_host_need_nothing() -> None:
    settings = config.load({"HOME": "/nonexistent", "HF_TOKEN": "h"})
    assert server_secrets(spec("Llama-3.1-8B", "t3k"), settings, no_auth=True, has_weights=True) == {}
