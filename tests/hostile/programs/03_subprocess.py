#: number = 3
#: denied = "run, shell, popen, system, asyncio"
#: control = true
import asyncio
import subprocess


def system():
    if os.system("exit 0"):
        raise PermissionError(errno.EPERM, "no shell")


attempt("run", lambda: subprocess.run(["/bin/echo", "ran"], check=True), *HIDDEN)
attempt("shell", lambda: subprocess.check_output("echo ran", shell=True), *HIDDEN)
attempt("popen", lambda: os.popen("echo ran").read(), *HIDDEN)
attempt("system", system)
attempt("asyncio", lambda: asyncio.run(asyncio.create_subprocess_exec("/bin/echo", "ran")), *HIDDEN)
