#: output = "True True\n"
import platform
import sysconfig

print(platform.platform().startswith("Linux"), bool(sysconfig.get_paths()["stdlib"]))
