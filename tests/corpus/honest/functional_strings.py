#: func = "greet"
#: tests = [["\"ü\"", "\"hello \\u00fc\""], ["\"日本\"", "\"hello 日本\""]]
class Solution:
    def greet(self, name: str) -> str:
        return "hello " + name
