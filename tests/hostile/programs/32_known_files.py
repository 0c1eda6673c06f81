#: number = 32
#: denied = "passwd, shadow, hosts, home, source, canary, canary by O_PATH, docker, environment file, cgroup, dotdot"
#: control = true
known = facts()


def read(path):
    with open(path, "rb") as file:
        return file.read(100)


def read_through_o_path(path):
    fd = os.open(path, os.O_PATH)
    return read(f"/proc/self/fd/{fd}")


attempt("passwd", lambda: read("/etc/passwd"), *HIDDEN)
attempt("shadow", lambda: read("/etc/shadow"), *HIDDEN)
attempt("hosts", lambda: read("/etc/hosts"), *HIDDEN)
attempt("home", lambda: os.listdir("/root"), *HIDDEN)
attempt("source", lambda: read(known["source"]), *HIDDEN)
attempt("canary", lambda: read(known["canary"]), *HIDDEN)
attempt("canary by O_PATH", lambda: read_through_o_path(known["canary"]), *HIDDEN)
attempt("docker", lambda: read("/var/run/docker.sock"), *HIDDEN, "ENXIO")
attempt("environment file", lambda: read("/etc/environment"), *HIDDEN)
attempt("cgroup", lambda: os.listdir("/sys/fs/cgroup"), *HIDDEN)
attempt("dotdot", lambda: read(os.path.dirname(os.__file__) + "/../../../../../../../etc/passwd"), *HIDDEN)
