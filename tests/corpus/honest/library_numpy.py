#: output = "[5 7 9] 32 2.0\n"
#: needs = "numpy"
import numpy as np

a, b = np.array([1, 2, 3]), np.array([4, 5, 6])
print(a + b, a @ b, np.linalg.det(np.array([[2.0, 0.0], [0.0, 1.0]])))
