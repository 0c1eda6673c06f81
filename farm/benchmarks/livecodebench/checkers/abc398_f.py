"""AtCoder abc398_f, ABCBA: any shortest palindrome with that prefix."""

from __future__ import annotations

from farm.benchmarks.checker import Answer, Wrong


def check(given: str, expected: str, actual: str) -> None:
    answer = Answer(actual)
    word = answer.word("the palindrome")
    answer.end()
    shortest = len(expected.strip())
    if not word.startswith(given.strip()):
        raise Wrong("S is no prefix")
    if word != word[::-1]:
        raise Wrong("no palindrome")
    if len(word) > shortest:
        raise Wrong(f"{len(word)} letters, {shortest} are enough")
    if len(word) < shortest:
        raise ValueError(f"the program's palindrome has {len(word)} letters, the expected output {shortest}")
