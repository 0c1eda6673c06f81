"""The page of a large run: seconds to write, bytes, seconds until a headless Chromium has opened it.

A scripted run of 1,055 problems with ten answers each, of random words and programs of some kilobytes, on
a real ledger. Run: `python -m bench.report_page [PROBLEMS SAMPLES]`; with Chromium on the PATH it is opened.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from farm.datasets.store import BlobStore
from farm.ids import sha256_hex
from farm.ledger.ledger import Ledger, PlannedProblem
from farm.records import (
    CaseResult,
    Completion,
    DatasetRef,
    GenerateTelemetry,
    JudgeSpec,
    Limits,
    Reference,
    RunSpec,
    SampleKey,
    SampleResult,
    Sampling,
    ServedModel,
    StoredCompletion,
    Suite,
    TestCase,
    Usage,
    Verdict,
)
from farm.reports.html.page import write_page
from farm.results.details import problem_details
from farm.results.reporting import score_run
from farm.text import encode
from tests.support.browser import chromium

RUN = "scripted-1055x10"
TESTS = 12
STARTED = 1.75e9


def build(folder: Path, problems: int, samples: int) -> tuple[Ledger, BlobStore]:
    """A judged run on a ledger in `folder`."""
    draw = random.Random(1)
    words = ["".join(draw.choices("etaoinshrdlucmf", k=draw.randint(2, 10))) for _ in range(20_000)]

    def prose(number: int) -> str:
        return " ".join(draw.choices(words, k=number))

    suite = Suite(
        func_name=None, tests=tuple(TestCase(input=prose(60), output=str(i), public=i < 3) for i in range(TESTS))
    )
    store = BlobStore(folder / "blobs")
    digest = store.put(suite.to_json())
    spec = RunSpec(
        kind="evaluate",
        eval_task="livecodebench",
        model=ServedModel(name="Scripted-3B", repo="org/Scripted-3B", device="n300"),
        servers=("http://127.0.0.1:8000/v1",),
        protocol="official@1",
        protocol_digest="1" * 64,
        judge=JudgeSpec(),
        sampling=Sampling(n=samples, temperature=0.2),
        limits=Limits(),
        dataset=DatasetRef(name="lcb", source="scripted", digest="2" * 64, problems=problems),
        ks=tuple(sorted({1, min(5, samples), samples})),
        references=(Reference(label="gpu_reference", score=13.93, problems=1055, hits=147),),
    )
    rows = [
        PlannedProblem(
            f"p{i}",
            prose(4),
            ("atcoder", "leetcode", "codeforces")[i % 3],
            ("easy", "medium", "hard")[i % 3],
            f"{2023 + i % 24 // 12}-{i % 12 + 1:02d}-01",
            None,
            digest,
            TESTS,
            prose(250),
        )
        for i in range(problems)
    ]
    keys = [SampleKey(row.problem_id, index) for row in rows for index in range(samples)]

    def answers() -> Iterator[StoredCompletion]:
        for number, key in enumerate(keys):
            text = encode(f"{prose(200)}\n```python\n{prose(250)}\nprint({number})\n```\n{prose(60)}")
            cut = draw.random() < 0.03
            tokens = draw.randint(200, 2048)
            completion = Completion(
                problem_id=key.problem_id,
                index=key.index,
                text_sha256=sha256_hex(text),
                finish_reason="length" if cut else "stop",
                usage=Usage(prompt_tokens=500, completion_tokens=tokens),
            )
            told = GenerateTelemetry(latency_s=tokens / 30, ttft_s=0.2, finished_at=STARTED + number / 2)
            yield StoredCompletion(completion, told, text)

    ledger = Ledger(f"sqlite:///{folder / 'ledger.db'}")
    ledger.create_run(RUN, spec, rows, keys, answers())
    journal = ledger.acquire(RUN)
    results = []
    for number, key in enumerate(keys):
        good = draw.random() < 0.14
        ran = TESTS if good else draw.randint(1, TESTS)
        verdict = Verdict.PASSED if good else draw.choice([Verdict.WRONG_ANSWER, Verdict.RUNTIME_ERROR])
        cases = [
            CaseResult(index=i, verdict=Verdict.PASSED, cpu_s=0.013, wall_s=0.02, peak_bytes=9 << 20)
            for i in range(ran)
        ]
        if not good:
            cases[-1] = CaseResult(
                index=ran - 1, verdict=verdict, detail="" if verdict is Verdict.WRONG_ANSWER else "ValueError: x",
                stdout_excerpt=prose(40), stderr_excerpt=prose(30), stdout_bytes=300, cpu_s=draw.random(), wall_s=0.3,
            )  # fmt: skip
        results.append(
            SampleResult(
                problem_id=key.problem_id,
                index=key.index,
                verdict=verdict,
                first_failure=None if good else ran - 1,
                program_sha256=sha256_hex(str(number).encode()),
                suite_sha256=digest,
                judge=JudgeSpec(),
                limits=Limits(),
                detail=cases[-1].detail,
                cases=tuple(cases),
                tests_total=TESTS,
                sandbox="landlock",
                runtime="cpython-3.11",
                finished_at=STARTED + number / 2 + 1,
                cpu_s=sum(case.cpu_s for case in cases),
            )
        )
    journal.record_results(results)
    journal.release("complete")
    return ledger, store


def main() -> None:
    problems, samples = (int(sys.argv[1]), int(sys.argv[2])) if len(sys.argv) > 2 else (1055, 10)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ledger, store = build(folder, problems, samples)
        page = folder / "report.html"
        with ledger, page.open("wb") as file:
            began = time.monotonic()
            report = score_run(ledger, RUN)
            scored = time.monotonic()
            write_page(report, problem_details(ledger, RUN, store.get), file)
        print(f"{problems} x {samples}: scored in {scored - began:.1f} s, page in {time.monotonic() - scored:.1f} s")
        print(f"page: {page.stat().st_size / 1e6:.2f} MB")
        if len(sys.argv) > 3:
            Path(sys.argv[3]).write_bytes(page.read_bytes())
        with chromium(folder / "profile") as browser:
            browser.page("about:blank#warm").run("1")
            began = time.monotonic()
            shown = browser.page(page.as_uri())
            load = shown.run("performance.getEntriesByType('navigation')[0].loadEventEnd")
            print(f"opened in {time.monotonic() - began:.2f} s, load event after {load:.0f} ms")
            print(f"wrong: {shown.wrong()}; asked for: {len(shown.asked())} address(es)")


if __name__ == "__main__":
    main()
