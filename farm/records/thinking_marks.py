"""The marks that models put around their reasoning in a text."""

from __future__ import annotations

Marks = tuple[str, str]

# By the name under which users know them. Sources: Qwen3 and DeepSeek-R1; gemma-4's prompt format; OpenAI's harmony
# format, whose first message is the reasoning; Magistral; Seed-OSS
STYLES: dict[str, Marks] = {
    "<think>": ("<think>", "</think>"),
    "<|channel>thought": ("<|channel>thought", "<channel|>"),
    "harmony": ("<|channel|>analysis<|message|>", "<|start|>assistant<|channel|>final<|message|>"),
    "[THINK]": ("[THINK]", "[/THINK]"),
    "<seed:think>": ("<seed:think>", "</seed:think>"),
}
ALL_MARKS: tuple[Marks, ...] = tuple(STYLES.values())
