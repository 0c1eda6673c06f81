#: input = "a=1, bb=22, c=x\n"
#: output = "{'a': 1, 'bb': 22}\n"
import re

print({name: int(value) for name, value in re.findall(r"(\w+)=(\d+)", input())})
