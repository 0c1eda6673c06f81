#: input = "name,score\nann,3\n\"b,ob\",4\n"
#: output = "ann=3 b,ob=4\n"
import csv
import sys

rows = list(csv.reader(sys.stdin))
print(*("=".join(row) for row in rows[1:]))
