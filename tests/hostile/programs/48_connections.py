#: number = 48
#: denied = "redis, metadata, dns, getaddrinfo, http, asyncio, server, docker, connect a pair, bind a pair"
import asyncio
import socket
import urllib.request


def looked_up():
    try:
        return socket.getaddrinfo("example.com", 80)
    except socket.gaierror as error:
        raise PermissionError(errno.EPERM, str(error)) from None


def fetched():
    try:
        return urllib.request.urlopen("http://169.254.169.254/latest/meta-data/", timeout=1).read()
    except urllib.error.URLError as error:
        raise error.reason from None


async def connected():
    return await asyncio.open_connection("127.0.0.1", 6379)


pair = socket.socketpair()

attempt("redis", lambda: socket.create_connection(("127.0.0.1", 6379), timeout=1))
attempt("metadata", lambda: socket.create_connection(("169.254.169.254", 80), timeout=1))
attempt("dns", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"?", ("8.8.8.8", 53)))
attempt("getaddrinfo", looked_up)
attempt("http", fetched)
attempt("asyncio", lambda: asyncio.run(connected()))
attempt("server", lambda: socket.create_server(("127.0.0.1", 0)))
attempt("docker", lambda: pair[0].connect("/var/run/docker.sock"))
attempt("connect a pair", lambda: pair[0].connect("\0farm"))
attempt("bind a pair", lambda: pair[0].bind("\0farm-hostile"))
