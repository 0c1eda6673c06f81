"""The ledger's tables, for SQLite and PostgreSQL alike.

Records are stored as canonical JSON with their SHA-256, texts as zstd with the SHA-256 that the
record names: a flipped bit anywhere is found when the row is read. `problem_id` and `idx` name a
sample (`farm.records.SampleKey`); `position` keeps the order of the dataset.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

LEDGER_VERSION = 2

metadata = MetaData()

meta = Table(
    "farm_ledger",
    metadata,
    Column("version", Integer, primary_key=True),
)

runs = Table(
    "runs",
    metadata,
    Column("run_id", String(64), primary_key=True),
    Column("created_at", Float, nullable=False),  # Unix time
    Column("state", String(16), nullable=False),  # planned running paused complete incomplete
    Column("reason", Text, nullable=False, default=""),  # why it is paused
    Column("spec", Text, nullable=False),
    Column("spec_digest", String(64), nullable=False),
    Column("farm_version", String(32), nullable=False),
    Column("fence", BigInteger, nullable=False, default=0),  # raised by each coordinator that takes the run
    Column("owner", Text),  # host:pid:start of the coordinator; null: none
    Column("heartbeat", Float, nullable=False, default=0.0),
    Column("active_s", Float, nullable=False, default=0.0),  # seconds that coordinators drove it
    Column("finished_at", Float),
)


DRIVE, CANCEL = "drive", "cancel"  # wishes of orders

plans = Table(  # what was planned, as one number: farm.ledger.plan_digest
    "plans",
    metadata,
    Column("run_id", String(64), ForeignKey("runs.run_id", ondelete="CASCADE"), primary_key=True),
    Column("digest", String(64), nullable=False),
)

orders = Table(  # what somebody asked for who does not drive the run: farm.ledger.control
    "orders",
    metadata,
    Column("run_id", String(64), ForeignKey("runs.run_id", ondelete="CASCADE"), primary_key=True),
    Column("wish", String(16), nullable=False),
    Column("how", Text, nullable=False),  # DriveOptions as canonical JSON; of a cancel: empty
    Column("at", Float, nullable=False),  # Unix time
)


suites = Table(  # runs that were planned together: farm.ledger.suites
    "suites",
    metadata,
    Column("suite_id", String(64), primary_key=True),
    Column("created_at", Float, nullable=False),  # Unix time
    Column("spec", Text, nullable=False),  # SuiteSpec, canonical JSON
    Column("spec_digest", String(64), nullable=False),
)


def _run_id() -> Column[str]:
    return Column("run_id", String(64), ForeignKey("runs.run_id", ondelete="CASCADE"), nullable=False)


problems = Table(
    "problems",
    metadata,
    _run_id(),
    Column("problem_id", String(200), nullable=False),
    Column("position", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("platform", String(64), nullable=False),
    Column("difficulty", String(16), nullable=False),
    Column("contest_date", String(64), nullable=False),
    Column("prompt", Text),  # Prompt, canonical JSON; null in a run of kind grade
    Column("suite_digest", String(64), nullable=False),  # of the Suite, in the blob store
    Column("tests", Integer, nullable=False),
    Column("tool_score", Float),  # share of right answers, as the tool says whose file was imported
    PrimaryKeyConstraint("run_id", "problem_id"),
)

statements = Table(  # what a problem asks, for those who look at a run
    "statements",
    metadata,
    _run_id(),
    Column("problem_id", String(200), nullable=False),
    Column("text", LargeBinary, nullable=False),  # zstd of text.encode
    PrimaryKeyConstraint("run_id", "problem_id"),
)

samples = Table(
    "samples",
    metadata,
    _run_id(),
    Column("problem_id", String(200), nullable=False),
    Column("idx", Integer, nullable=False),
    PrimaryKeyConstraint("run_id", "problem_id", "idx"),
)

completions = Table(
    "completions",
    metadata,
    _run_id(),
    Column("problem_id", String(200), nullable=False),
    Column("idx", Integer, nullable=False),
    Column("record", Text, nullable=False),  # Completion
    Column("record_digest", String(64), nullable=False),
    Column("telemetry", Text, nullable=False),  # GenerateTelemetry
    Column("text", LargeBinary, nullable=False),  # zstd of text.encode
    Column("reasoning", LargeBinary),
    Column("program", LargeBinary),
    PrimaryKeyConstraint("run_id", "problem_id", "idx"),
)

results = Table(
    "results",
    metadata,
    _run_id(),
    Column("problem_id", String(200), nullable=False),
    Column("idx", Integer, nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("record", Text, nullable=False),  # SampleResult
    Column("record_digest", String(64), nullable=False),
    Column("outcome_digest", String(64), nullable=False),
    PrimaryKeyConstraint("run_id", "problem_id", "idx"),
)

executions = Table(  # the results for which a program ran, by what was executed: farm.ledger.executions
    "executions",
    metadata,
    Column("run_id", String(64), nullable=False),
    Column("problem_id", String(200), nullable=False),
    Column("idx", Integer, nullable=False),
    Column("digest", String(64), nullable=False),  # execution_digest
    Column("runtime", Text, nullable=False),
    Column("tier", Text, nullable=False),
    Column("steady", Boolean, nullable=False),  # may be reused in other runs
    PrimaryKeyConstraint("run_id", "problem_id", "idx"),
    ForeignKeyConstraint(
        ["run_id", "problem_id", "idx"], [results.c.run_id, results.c.problem_id, results.c.idx], ondelete="CASCADE"
    ),
    Index("executions_by_digest", "digest"),
)

scores = Table(  # what lm-eval made of a run's completions, where it is lm-eval that scores them
    "scores",
    metadata,
    Column("run_id", String(64), ForeignKey("runs.run_id", ondelete="CASCADE"), primary_key=True),
    Column("text", LargeBinary, nullable=False),  # zstd of its files and figures, JSON
    Column("text_digest", String(64), nullable=False),
    Column("worker", Text, nullable=False),
    Column("at", Float, nullable=False),  # Unix time
)

unjudged = Table(
    "unjudged",
    metadata,
    _run_id(),
    Column("problem_id", String(200), nullable=False),
    Column("idx", Integer, nullable=False),
    Column("stage", String(16), nullable=False),  # generate or execute
    Column("reason", Text, nullable=False),
    PrimaryKeyConstraint("run_id", "problem_id", "idx"),
)

failures = Table(  # failed attempts, one row each; their number is what the cap on attempts counts
    "failures",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    _run_id(),
    Column("problem_id", String(200), nullable=False),
    Column("idx", Integer, nullable=False),
    Column("stage", String(16), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Float, nullable=False),
    UniqueConstraint("run_id", "problem_id", "idx", "stage", "attempt"),
)

broken_sandboxes = Table(  # which of the failures broke the sandbox that the program ran in, and at which worker
    "broken_sandboxes",
    metadata,
    _run_id(),
    Column("problem_id", String(200), nullable=False),
    Column("idx", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("worker", Text, nullable=False),
    PrimaryKeyConstraint("run_id", "problem_id", "idx", "attempt"),
)

counters = Table(  # telemetry: duplicates, conflicts, resends, quarantined, ...
    "counters",
    metadata,
    _run_id(),
    Column("name", String(64), nullable=False),
    Column("value", BigInteger, nullable=False),
    PrimaryKeyConstraint("run_id", "name"),
)
