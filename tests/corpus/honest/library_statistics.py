#: output = "2.5 3 1.5\n"
import statistics

print(statistics.mean([1, 2, 3, 4]), statistics.median([5, 3, 1]), statistics.pvariance([1, 2, 4, 4]) - 0.1875)
