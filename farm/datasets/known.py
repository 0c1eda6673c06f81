"""The datasets that farm knows by name: which files they are, and where they come from.

Data, and nothing but data: adding a dataset is a row here. LiveCodeBench lies on the Hugging Face hub
as plain JSONL files beside a loading script that nobody has to run
(https://huggingface.co/datasets/livecodebench/code_generation_lite).
"""

from __future__ import annotations

from dataclasses import dataclass

from farm.errors import DatasetError

# Releases of livecodebench/code_generation_lite: running totals over its files (its README).
RELEASE_FILES = ("test.jsonl", "test2.jsonl", "test3.jsonl", "test4.jsonl", "test5.jsonl", "test6.jsonl")
RELEASES = tuple(f"v{number}" for number in range(1, len(RELEASE_FILES) + 1))


@dataclass(frozen=True, slots=True)
class KnownFile:
    """One file: its name, its rows in the usual revision, and the SHA-256 of the copy farm was tested with."""

    name: str
    rows: int
    sha256: str = ""  # empty: not known


@dataclass(frozen=True, slots=True)
class Known:
    """One dataset. `url` takes {endpoint}, {repo}, {revision} and {file}."""

    name: str
    files: tuple[KnownFile, ...]
    url: str
    revision: str  # the usual one: a branch
    released: bool = False  # its files are LiveCodeBench's releases
    repo: str = ""  # on the Hugging Face hub; HF_ENDPOINT and HF_TOKEN are for it

    def url_of(self, file: KnownFile, endpoint: str, revision: str) -> str:
        """Where the file lies. `endpoint` is the hub's address."""
        return self.url.format(endpoint=endpoint.rstrip("/"), repo=self.repo, revision=revision, file=file.name)

    def of_release(self, release: str | None) -> tuple[KnownFile, ...]:
        """The files of a release, all by default. DatasetError for a release that is none."""
        if release is None:
            return self.files
        if not self.released:
            raise DatasetError(f"{self.name} has no releases", remedy="leave --release out")
        return self.files[: release_number(release)]


LIVECODEBENCH = Known(
    name="livecodebench",
    files=tuple(KnownFile(*pair) for pair in zip(RELEASE_FILES, (400, 111, 101, 101, 167, 175), strict=True)),
    url="{endpoint}/datasets/{repo}/resolve/{revision}/{file}",
    revision="main",
    released=True,
    repo="livecodebench/code_generation_lite",
)
HUMANEVAL = Known(
    name="humaneval",
    files=(KnownFile("HumanEval.jsonl.gz", 164, "b796127e635a67f93fb35c04f4cb03cf06f38c8072ee7cee8833d7bee06979ef"),),
    url="https://raw.githubusercontent.com/openai/human-eval/{revision}/data/{file}",
    revision="master",
)
MBPP = Known(
    name="mbpp",
    files=(KnownFile("mbpp.jsonl", 974, "ccf64ceae9c5403bf50a044cb6d505bfd2a2963ee58338ba268fd65beab92a9f"),),
    url="https://raw.githubusercontent.com/google-research/google-research/{revision}/mbpp/{file}",
    revision="master",
)

KNOWN = {known.name: known for known in (LIVECODEBENCH, HUMANEVAL, MBPP)}


def known(name: str) -> Known:
    """The dataset of that name; DatasetError that lists the names."""
    if name not in KNOWN:
        raise DatasetError(f"no dataset is known as {name!r}", remedy=f"farm knows {', '.join(KNOWN)}")
    return KNOWN[name]


def release_number(release: str) -> int:
    """How many files `v3` or `release_v3` has; DatasetError that lists the releases."""
    name = release.removeprefix("release_")
    if name not in RELEASES:
        raise DatasetError(f"unknown release {release!r}", remedy=f"the releases are {', '.join(RELEASES)}")
    return RELEASES.index(name) + 1
