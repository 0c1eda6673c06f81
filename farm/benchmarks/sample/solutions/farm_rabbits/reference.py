n, p, q = map(int, input().split())
MOD = 1000000007


def times(a, b):
    return (
        (a[0] * b[0] + a[1] * b[2]) % MOD,
        (a[0] * b[1] + a[1] * b[3]) % MOD,
        (a[2] * b[0] + a[3] * b[2]) % MOD,
        (a[2] * b[1] + a[3] * b[3]) % MOD,
    )


power, base = (1, 0, 0, 1), (p, q, 1, 0)
while n:
    if n & 1:
        power = times(power, base)
    base = times(base, base)
    n >>= 1
print((power[2] + power[3]) % MOD)
