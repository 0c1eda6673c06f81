class Solution:
    def countMirrors(self, song: str) -> int:
        total = 0
        for centre in range(2 * len(song)):
            left, right = centre // 2, (centre + 1) // 2
            while left >= 0 and right < len(song) and song[left] == song[right]:
                total += 1
                left -= 1
                right += 1
        return total
