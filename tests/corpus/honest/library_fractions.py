#: output = "5/6 3.3333\n"
from fractions import Fraction

print(Fraction(1, 2) + Fraction(1, 3), f"{float(Fraction(10, 3)):.4f}")
