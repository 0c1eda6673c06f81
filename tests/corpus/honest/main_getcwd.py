#: output = "True True\n"
import os

print(os.path.isabs(os.getcwd()), os.path.abspath("x").endswith("/x"))
