class Solution:
    def wordLength(self, word: str) -> int:
        i = 0
        while i < len(word):
            if word[i] == " ":
                i += 1
        return i
