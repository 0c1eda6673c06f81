#: output = "Linux True True\n"
import os
import platform
import sys

print(platform.system(), platform.python_version_tuple()[0] == "3", os.cpu_count() > 0 and sys.platform == "linux")
