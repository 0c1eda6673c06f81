class Solution:
    def countMirrors(self, song: str) -> int:
        text = "|" + "|".join(song) + "|"
        reach = [0] * len(text)
        centre = right = total = 0
        for i in range(len(text)):
            radius = min(reach[2 * centre - i], right - i) if i < right else 0
            while radius < i and i + radius + 1 < len(text) and text[i - radius - 1] == text[i + radius + 1]:
                radius += 1
            reach[i] = radius
            if i + radius > right:
                centre, right = i, i + radius
            total += (radius + 1) // 2
        return total
