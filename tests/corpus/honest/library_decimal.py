#: input = "0.1 0.2\n"
#: output = "0.3 0.3333333333333333333333333333\n"
from decimal import Decimal, getcontext

a, b = map(Decimal, input().split())
getcontext().prec = 28
print(a + b, Decimal(1) / 3)
