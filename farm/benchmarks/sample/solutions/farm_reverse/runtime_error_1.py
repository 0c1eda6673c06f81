class Solution:
    def reverseWord(self, word: str) -> str:
        return "".join(word[i] for i in range(len(word), -1, -1))
