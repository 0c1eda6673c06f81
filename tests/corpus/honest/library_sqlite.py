#: output = "6\n"
import sqlite3

base = sqlite3.connect(":memory:")
base.execute("create table t (n int)")
base.executemany("insert into t values (?)", [(1,), (2,), (3,)])
print(base.execute("select sum(n) from t").fetchone()[0])
