class Solution:
    def countMirrors(self, song: str) -> int:
        total = 0
        for i in range(len(song)):
            radius = 0
            while i - radius >= 0 and i + radius < len(song) and song[i - radius] == song[i + radius]:
                radius += 1
            total += radius
        return total
