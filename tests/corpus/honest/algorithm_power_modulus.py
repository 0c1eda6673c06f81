#: input = "3 1000 1000000007\n"
#: output = "True 1\n"
a, e, m = map(int, input().split())
print(pow(a, e, m) == a**e % m, pow(a, m - 1, m))
