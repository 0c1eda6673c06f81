class Solution:
    def countMirrors(self, song: str) -> int:
        n = len(song)
        mirror = [bytearray(n) for _ in range(n)]
        for row in mirror:
            row[:] = b"\0" * n
        total = 0
        for left in range(n - 1, -1, -1):
            for right in range(left, n):
                if song[left] == song[right] and (right - left < 2 or mirror[left + 1][right - 1]):
                    mirror[left][right] = 1
                    total += 1
        return total
