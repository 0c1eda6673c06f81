class Solution:
    def upperCase(self, word: str) -> str:
        return word.uppercase()
