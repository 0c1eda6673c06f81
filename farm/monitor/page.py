"""The exporter's page: progress of runs, queues and workers, for those without Grafana.

One HTML page without scripts, which a browser loads again every five seconds. All text in it is escaped: run ids,
host and worker names come from other processes.
"""

from __future__ import annotations

from html import escape

import farm
from farm.monitor.collector import Picture
from farm.monitor.ledger_numbers import RunNumbers

STYLE = """
body { font: 14px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #1b1f24 }
h1 { font-size: 1.3rem } h2 { font-size: 1.05rem; margin-top: 2rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #d8dee4 }
th { font-weight: 600; color: #57606a } td.number, th.number { text-align: right; font-variant-numeric: tabular-nums }
.bar { background: #eaeef2; height: .7rem; min-width: 8rem; display: flex } .bar span { height: 100% }
.judged { background: #2da44e } .executing { background: #bf8700 } .unjudged { background: #cf222e }
.problem { color: #cf222e } footer { margin-top: 2rem; color: #57606a }
"""


def page(picture: Picture) -> str:
    """The page of one moment."""
    problem = f'<p class="problem">{escape(picture.problem)}</p>' if picture.problem else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="5">'
        f"<title>farm</title><style>{STYLE}</style></head><body><h1>farm</h1>{problem}"
        f"{_runs(picture)}{_queues(picture)}{_workers(picture)}"
        f'<footer>farm {escape(farm.__version__)}, <a href="/metrics">metrics</a></footer></body></html>'
    )


def _runs(picture: Picture) -> str:
    rows = []
    for row, numbers in picture.runs:
        verdicts = ", ".join(f"{name} {number}" for name, number in sorted(numbers.verdicts.items()))
        state = f"{row.state}: {row.reason}" if row.reason else row.state
        rows.append(
            f"<tr><td>{escape(row.run_id)}</td><td>{escape(state)}</td><td>{_bar(numbers)}</td>"
            f'<td class="number">{numbers.completed}/{numbers.planned}</td>'
            f'<td class="number">{numbers.judged}/{numbers.planned}</td><td>{escape(verdicts)}</td></tr>'
        )
    if not rows:
        return "<h2>Runs</h2><p>No run is under way, and none ended in the last ten minutes.</p>"
    head = '<tr><th>run</th><th>state</th><th></th><th class="number">completed</th><th class="number">judged</th>'
    return f"<h2>Runs</h2><table>{head}<th>verdicts</th></tr>{''.join(rows)}</table>"


def _bar(numbers: RunNumbers) -> str:
    given_up = sum(numbers.unjudged.values())
    executing = max(0, numbers.completed - numbers.judged - given_up)
    parts = (("judged", numbers.judged), ("executing", executing), ("unjudged", given_up))
    whole = max(1, numbers.planned)
    spans = (f'<span class="{name}" style="width:{100 * number / whole:.1f}%"></span>' for name, number in parts)
    return f'<div class="bar">{"".join(spans)}</div>'


def _queues(picture: Picture) -> str:
    if picture.redis is None:
        return ""
    found = picture.redis
    rows = [(f"queue {name}", number) for name, number in sorted(found.queues.items())]
    rows += [("unacknowledged", found.unacked)]
    rows += [(f"refused: {name}", number) for name, number in sorted(found.refused.items())]
    cells = "".join(f'<tr><td>{escape(name)}</td><td class="number">{number}</td></tr>' for name, number in rows)
    return f"<h2>Messages</h2><table>{cells}</table>"


def _workers(picture: Picture) -> str:
    if picture.redis is None:
        return ""
    rows = "".join(
        f"<tr><td>{escape(worker.name)}</td><td>{escape(worker.role)}</td><td>{escape(worker.host)}</td>"
        f"<td>{escape(worker.version)}</td><td>{escape(', '.join(worker.tiers))}</td>"
        f'<td class="number">{worker.busy}/{worker.slots}</td><td>{"draining" if worker.draining else ""}</td></tr>'
        for worker in picture.redis.workers
    )
    head = "<tr><th>worker</th><th>role</th><th>host</th><th>version</th><th>tier</th>"
    head += '<th class="number">busy</th><th></th></tr>'
    return f"<h2>Workers</h2><table>{head}{rows}</table>" if rows else "<h2>Workers</h2><p>None is connected.</p>"
