#!/usr/bin/env bash
# statsmodels' McNemar test gives p = 0 for two models that agree on every problem
#
# Package:  statsmodels 0.15.0, `mcnemar(table, exact=False)`
# Guess:    two runs that solve the same problems give p = 1, or NaN with a warning since the statistic is 0/0.
# Found:    the chi-square form with its default continuity correction computes (|0 - 0| - 1)^2 / 0: the statistic is
#           inf and the p-value 0.0, the strongest evidence of a difference that there is. The exact form gives 1.0. The
#           same correction gives p < 1 to a tie (5 against 5: 0.75) and a smaller p to 5 against 5 than to 5 against 6.
# Matters:  comparing a model with itself, or two builds that changed nothing, is the most frequent case in a regression
#           gate: a gate "p < 0.05" turns red on every unchanged build, with only a RuntimeWarning in the log.
# Do:       use the exact test (it costs nothing for benchmark sizes), or return p = 1 where no problem differs before
#           a library is asked. Test your comparison with two equal runs.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
python="$work/venv/bin/python"
timeout 300 "$python" -m pip install --quiet --no-compile --disable-pip-version-check statsmodels==0.15.0 numpy==2.4.6 \
  scipy==1.17.1 pandas==3.1.1 >"$work/pip.log" 2>&1 || { cat "$work/pip.log"; exit 2; }

seen=$(timeout 100 "$python" -W ignore - <<'PY'
from statsmodels.stats.contingency_tables import mcnemar


def tested(only_a, only_b, exact):
    table = [[120, only_a], [only_b, 34]]  # both right, only the one, only the other, neither
    result = mcnemar(table, exact=exact)
    return f"statistic {result.statistic:.4g}, p {result.pvalue:.4g}"


print("equal runs, chi-square:", tested(0, 0, False))
print("equal runs, exact:", tested(0, 0, True))
print("5 against 5, chi-square:", tested(5, 5, False))
print("5 against 6, chi-square:", tested(5, 6, False))
PY
)
wanted="equal runs, chi-square: statistic inf, p 0
equal runs, exact: statistic 0, p 1
5 against 5, chi-square: statistic 0.1, p 0.7518
5 against 6, chi-square: statistic 0, p 1"
if [ "$seen" = "$wanted" ]; then
  echo "as found: problems that only one of two runs solves, and statsmodels' test of them"
  echo "$seen"
else
  echo "changed: statsmodels' McNemar test gives now:"
  echo "$seen"
  exit 1
fi
