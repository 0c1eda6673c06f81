<<<<<<< HEAD
"""A certificate authority that nobody knows, and a server's certificate that it signed."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Certificates:
    """PEM files: the authority, and what a server shows of itself."""

    authority: Path
    certificate: Path
    key: Path


def certificates(folder: Path, name: str = "IP:127.0.0.1") -> Certificates:
    """Made by openssl, valid for one day; `name` is whom the certificate is for, as `DNS:host`."""
    made = Certificates(folder / "ca.pem", folder / "server.pem", folder / "server.key")
    request, extension, ca_key = folder / "server.csr", folder / "server.ext", folder / "ca.key"
    extension.write_text(f"subjectAltName={name}\nauthorityKeyIdentifier=keyid\n")
    _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
             "-subj", "/CN=farm test authority", "-addext", "keyUsage=critical,keyCertSign", "-keyout", ca_key,
             "-out", made.authority)  # fmt: skip
    _openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-subj", "/CN=farm test server", "-keyout", made.key, "-out", request)  # fmt: skip
    _openssl("x509", "-req", "-in", request, "-CA", made.authority, "-CAkey", ca_key, "-CAcreateserial",
             "-days", "1", "-extfile", extension, "-out", made.certificate)  # fmt: skip
    return made


def _openssl(*arguments: object) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)
=======
"""An authority and what it signed, made by openssl."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest


def made_certificates(folder: Path, names: str) -> Path:
    """An authority, a server's certificate for `names`, a client's; and an authority of somebody else.

    `names` are as in subjectAltName: DNS:localhost,IP:127.0.0.1.
    """
    if shutil.which("openssl") is None:
        pytest.skip("no openssl on this machine")
    new_key = ("-newkey", "rsa:2048", "-nodes")
    for name in ("ca", "other"):
        files = ("-keyout", f"{name}.key", "-out", f"{name}.crt")
        usage = ("-addext", "keyUsage=critical,keyCertSign")
        _run("openssl", "req", "-x509", *new_key, "-days", "2", "-subj", f"/CN={name}", *files, *usage, cwd=folder)
    for name in ("server", "client"):
        (folder / f"{name}.ext").write_text(f"subjectAltName={names}\nauthorityKeyIdentifier=keyid\n")
        files = ("-keyout", f"{name}.key", "-out", f"{name}.csr")
        _run("openssl", "req", *new_key, "-subj", f"/CN={name}", *files, cwd=folder)
        by = ("-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", f"{name}.ext")
        _run("openssl", "x509", "-req", "-in", f"{name}.csr", *by, "-out", f"{name}.crt", cwd=folder)
    return folder


def _run(*words: str, cwd: Path) -> None:
    subprocess.run(words, cwd=cwd, check=True, capture_output=True, timeout=60)
>>>>>>> cd51513 (Workers wait while Redis refuses writes, Redis Sentinel is a way to run, and a late reply does no work twice)
