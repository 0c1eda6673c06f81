class Solution:
    def shout(self, word: str) -> str:
        if word[-1] == "!":
            return word + "!"
        return word[:-1] + word[-1] + "!"
