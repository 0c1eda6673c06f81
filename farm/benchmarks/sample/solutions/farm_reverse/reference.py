class Solution:
    def reverseWord(self, word: str) -> str:
        return word[::-1]
