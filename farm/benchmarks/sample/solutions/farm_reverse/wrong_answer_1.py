class Solution:
    def reverseWord(self, word: str) -> str:
        return "".join(sorted(word, reverse=True))
