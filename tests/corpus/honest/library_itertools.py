#: output = "6 [('a', 'b'), ('a', 'c'), ('b', 'c')] [1, 3, 6]\n"
import itertools

pairs = list(itertools.combinations("abc", 2))
print(len(list(itertools.permutations("abc"))), pairs, list(itertools.accumulate([1, 2, 3])))
