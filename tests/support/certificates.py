"""A certificate authority that no store has, and a server's certificate that it signed."""

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
