#: input = "100000\n"
#: output = "5000050000\n"
import sys

sys.setrecursionlimit(10**7)
n = int(input())
graph = [[] for _ in range(n + 1)]
for v in range(2, n + 1):
    graph[v - 1].append(v)


def search(v, level):
    return level + sum(search(w, level + 1) for w in graph[v]) if len(graph[v]) != 1 else level + search(graph[v][0], level + 1)


print(search(1, 1))
