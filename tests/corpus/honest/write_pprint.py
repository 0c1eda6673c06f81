#: output = "{'a': [1, 2], 'b': {'c': 3}}\n"
from pprint import pprint

pprint({"b": {"c": 3}, "a": [1, 2]})
