class Solution:
    def wordLength(self, word: str) -> int:
        return len(word)
