"""Real proxies with the configurations we ship: only name, ports and paths are put in, so what is shipped is tested."""

import ipaddress
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hauspost.ground import clock
from tests.doors._running import REPOSITORY, free_port, is_open, until

DEPLOY = REPOSITORY / "deploy"
APACHE_MODULES = Path("/usr/lib/apache2/modules")


@dataclass(frozen=True)
class Front:
    """What a proxy is set up with: its folder, its own port, the port of Hauspost, whether below a path."""

    folder: Path
    port: int
    behind: int
    is_below: bool

    @property
    def address(self) -> str:
        return f"https://localhost:{self.port}" + ("/hilfe" if self.is_below else "")


def needed(program: str) -> str:
    """The program's path. Missing, the test fails where it could be installed, and says so in words elsewhere."""
    path = shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if path:
        return path
    words = f"{program} is missing: apt-get install --no-install-recommends nginx-light apache2-bin caddy"
    if os.environ.get("CI") or os.geteuid() == 0:
        pytest.fail(words)
    pytest.skip(words)


def make_certificate(folder: Path) -> Path:
    """A certificate for localhost that signs itself, and its key: fullchain.pem, privkey.pem."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(clock.now() - timedelta(days=1))
        .not_valid_after(clock.now() + timedelta(days=10))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "fullchain.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (folder / "privkey.pem").write_bytes(pem)
    return folder / "fullchain.pem"


@contextmanager
def running(kind: str, front: Front, instead: str = "") -> Iterator[None]:
    """One of PROXIES with its shipped configuration, until the block ends; `instead`: Apache, with these lines."""
    arguments = _apache(front, instead) if instead else PROXIES[kind](front)
    variables = {**os.environ, "XDG_DATA_HOME": str(front.folder), "XDG_CONFIG_HOME": str(front.folder)}
    log = (front.folder / f"{kind}.log").open("w")
    process = subprocess.Popen(arguments, env=variables, stdout=log, stderr=log, start_new_session=True)
    try:
        until(lambda: is_open(front.port) or process.poll() is not None, f"{kind} to listen")
        assert process.poll() is None, (front.folder / f"{kind}.log").read_text()
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        log.close()


def shipped(path: str, front: Front, *more: tuple[str, str]) -> str:
    """A file of deploy/ with the values of this run; each must be found, so that a renamed one is noticed."""
    text = (DEPLOY / path).read_text()
    for old, new in more:
        assert old in text, f"{path} no longer holds {old!r}"
        text = text.replace(old, new)
    return text.replace("/etc/ssl/hauspost", str(front.folder)).replace("127.0.0.1:8000", f"127.0.0.1:{front.behind}")


def _nginx(front: Front) -> list[str]:
    folder = front.folder
    (folder / "hauspost-proxy.conf").write_text(shipped("nginx/hauspost-proxy.conf", front))
    ours = ("/etc/nginx/hauspost-proxy.conf", str(folder / "hauspost-proxy.conf"))
    if front.is_below:
        (folder / "subpath.conf").write_text(shipped("nginx/hauspost-subpath.conf", front, ours))
        site = f"""server {{
            listen 127.0.0.1:{front.port} ssl;
            server_name localhost;
            ssl_certificate {folder}/fullchain.pem;
            ssl_certificate_key {folder}/privkey.pem;
            location / {{ return 200 "another site"; }}
            include {folder}/subpath.conf;
        }}"""
    else:
        site = shipped(
            "nginx/hauspost.conf", front, ours,
            ("listen [::]:443 ssl http2;", ""), ("listen [::]:80;", ""),
            ("listen 443 ", f"listen 127.0.0.1:{front.port} "), ("listen 80;", f"listen 127.0.0.1:{free_port()};"),
            ("https://help.firma.example", front.address), ("help.firma.example", "localhost"),
        )  # fmt: skip
    kept = "\n".join(
        f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user} daemon off; pid {folder}/nginx.pid; error_log stderr; events {{}}\n"
        f"http {{ include /etc/nginx/mime.types; access_log off; {kept}\n{site}\n}}"
    )
    return [needed("nginx"), "-e", "stderr", "-c", str(folder / "nginx.conf")]


def _apache(front: Front, instead: str = "") -> list[str]:
    folder = front.folder
    if front.is_below or instead:
        inside = instead or shipped("apache/hauspost-subpath.conf", front)
        site = f"""<VirtualHost *:{front.port}>
            ServerName localhost
            SSLEngine on
            SSLCertificateFile {folder}/fullchain.pem
            SSLCertificateKeyFile {folder}/privkey.pem
            {inside}
        </VirtualHost>"""
    else:
        site = shipped(
            "apache/hauspost.conf", front,
            ("<VirtualHost *:443>", f"<VirtualHost *:{front.port}>"), ("<VirtualHost *:80>", "<VirtualHost *:1>"),
            ("https://help.firma.example", front.address), ("help.firma.example", "localhost"),
        )  # fmt: skip
    # What Debian loads by itself, and what the file names for a2enmod.
    named = (
        "mpm_event",
        "authz_core",
        "ssl",
        "proxy",
        "proxy_http",
        "headers",
        "alias",
        "deflate",
        "filter",
        "env",
        "rewrite",
    )
    loaded = [f"LoadModule {name}_module {APACHE_MODULES}/mod_{name}.so" for name in named]
    account = ["User www-data", "Group www-data"] if os.geteuid() == 0 else []
    head = [
        f"ServerRoot {folder}", f"PidFile {folder}/apache.pid", f"DefaultRuntimeDir {folder}", "ErrorLog /dev/stderr",
        "ServerName localhost", f"Listen 127.0.0.1:{front.port}", f"DocumentRoot {folder}/empty", *loaded,
        # As Debian has it.
        "AddOutputFilterByType DEFLATE text/html text/css", *account,
    ]  # fmt: skip
    (folder / "empty").mkdir(exist_ok=True)
    (folder / "apache.conf").write_text("\n".join([*head, site]) + "\n")
    return [needed("apache2"), "-D", "FOREGROUND", "-f", str(folder / "apache.conf")]


def _caddy(front: Front) -> list[str]:
    folder = front.folder
    ours = f"tls {folder}/fullchain.pem {folder}/privkey.pem"
    if front.is_below:
        (folder / "subpath.caddy").write_text(shipped("caddy/hauspost-subpath.caddy", front))
        site = f"""https://localhost:{front.port} {{
            {ours}
            import {folder}/subpath.caddy
            respond "another site"
        }}"""
    else:
        site = shipped(
            "caddy/Caddyfile", front,
            ("# Your own certificate instead: tls", "tls"), ("help.firma.example {", f"{front.address} {{"),
        )  # fmt: skip
    options = f"{{\nadmin off\nauto_https disable_redirects\nskip_install_trust\nhttp_port {free_port()}\n}}\n"
    (folder / "Caddyfile").write_text(options + site)
    return [needed("caddy"), "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


PROXIES: dict[str, Callable[[Front], list[str]]] = {"nginx": _nginx, "apache": _apache, "caddy": _caddy}
