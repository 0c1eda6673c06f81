#: number = 38
#: denied = "cache, bytecode, site-packages, sitecustomize, usercustomize, pth, extension"
library = os.path.dirname(os.__file__)
packages = library + "/site-packages"


def write(path):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(b"import os\n")
    os.unlink(path)


attempt("cache", lambda: write(library + "/__pycache__/farmhostile.cpython-311.pyc"), *READONLY)
attempt("bytecode", lambda: write(library + "/farmhostile.pyc"), *READONLY)
attempt("site-packages", lambda: write(packages + "/farmhostile.py"), *READONLY)
attempt("sitecustomize", lambda: write(packages + "/farmhostile_sitecustomize.py"), *READONLY)
attempt("usercustomize", lambda: write(os.path.expanduser("~/.local/lib/farmhostile.py")), *READONLY)
attempt("pth", lambda: write(packages + "/farmhostile.pth"), *READONLY)
attempt("extension", lambda: write(library + "/lib-dynload/farmhostile.so"), *READONLY)
