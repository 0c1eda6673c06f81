class Solution:
    def shout(self, word: str) -> str:
        return word.upper() + "!"
