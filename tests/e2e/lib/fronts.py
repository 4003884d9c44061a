"""Web servers in front of a daemon: the packaged samples as they are shipped, with only addresses, root and logs replaced.

upstream: (host, port), or the path of a Unix socket.
"""

import csv
import os
import re
import shutil
import socket

from .daemon import TREE, run
from .fpm import NGINX, ROOT, Nginx, Service
from .ports import free_port
from .wait import until

APACHE = shutil.which("apache2", path="/usr/sbin:/usr/bin")
HAPROXY = shutil.which("haproxy", path="/usr/sbin:/usr/bin")
MODULES = "/usr/lib/apache2/modules"
STREAM = "/usr/lib/nginx/modules/ngx_stream_module.so"
KINDS = [k for k, there in (("nginx", NGINX), ("apache", APACHE)) if there]


def sample(*names):
    with open(os.path.join(TREE, "packaging", *names)) as f:
        return f.read()


def replaced(text, pattern, new, times=1):
    """The sample says it so often, no more and no less."""
    text, n = re.subn(pattern, lambda _: new, text)
    assert n == times, f"{n} times {pattern}, expected {times}"
    return text


# ---- nginx -----------------------------------------------------------------------------------------------

def nginx_sample(service, upstream, root, unbuffered=False):
    text = sample("nginx", "rserverd.conf")
    if isinstance(upstream, str):
        text = replaced(text, r"\n\s*server 127\.0\.0\.1:5200;", "")
        text = replaced(text, r"#server unix:/run/rserverd/http\.sock;", f"server unix:{upstream};")
    else:
        text = replaced(text, r"server 127\.0\.0\.1:5200;", f"server {upstream[0]}:{upstream[1]};")
    text = replaced(text, r"\n\s*listen 80;", f"\n\tlisten 127.0.0.1:{service.port};")
    text = replaced(text, r"\n\s*listen \[::\]:80;", "")
    text = replaced(text, r"root /var/www/app/public;", f"root {root};")
    if unbuffered:
        text = replaced(text, r"#proxy_request_buffering off;", "proxy_request_buffering off;")
    return text


class Balancer(Nginx):
    """nginx's stream module: PROXY protocol in front of every connection."""

    def __init__(self, upstream):
        self.upstream = f"unix:{upstream}" if isinstance(upstream, str) else "%s:%d" % upstream
        super().__init__(lambda service: "")

    def main_part(self):
        return f"""load_module {STREAM};
stream {{
    server {{
        listen 127.0.0.1:{self.port};
        proxy_pass {self.upstream};
        proxy_protocol on;
    }}
}}
"""


# ---- Apache ------------------------------------------------------------------------------------------------

def apache_sample(service, upstream, root, unbuffered=False):
    text = sample("apache", "rserverd.conf")
    if isinstance(upstream, str):
        text = replaced(text, r"\nDefine RSERVERD http://127\.0\.0\.1:5200", "")
        text = replaced(text, r"#Define RSERVERD unix:/run/rserverd/http\.sock\|", f"Define RSERVERD unix:{upstream}|")
    else:
        text = replaced(text, r"http://127\.0\.0\.1:5200", "http://%s:%d" % upstream)
    text = replaced(text, r"<VirtualHost \*:80>", f"<VirtualHost 127.0.0.1:{service.port}>")
    text = replaced(text, r"/var/www/app/public", root, 2)
    return text.replace("${APACHE_LOG_DIR}", service.folder)


class Apache(Service):
    """Apache with a virtual host and the modules that the sample names, and what every Apache has."""

    def __init__(self, make_host, modules=()):
        super().__init__()
        self.port = free_port()
        self.address = ("127.0.0.1", self.port)
        loaded = "".join(f"LoadModule {m}_module {MODULES}/mod_{m}.so\n" for m in (
            "mpm_event", "authz_core", "dir", "mime", "proxy", "proxy_http", "rewrite", "headers", *modules))
        self.conf = self.write("apache.conf", f"""ServerRoot {self.folder}
ServerName localhost
{loaded}
PidFile {self.path('apache.pid')}
ErrorLog {self.path('error.log')}
TypesConfig /etc/mime.types
{'User www-data' if ROOT else ''}
{'Group www-data' if ROOT else ''}
StartServers 1
Listen 127.0.0.1:{self.port}
{make_host(self)}
""")
        try:
            self.spawn(APACHE, "-f", self.conf, "-D", "FOREGROUND")
            until(self.listening, message="Apache listens")
        except BaseException:
            self.stop()
            raise

    def judge(self):
        """What its own check says of the configuration: the whole output."""
        return run(APACHE, "-f", self.conf, "-t").stderr


def judge_nginx(n):
    result = run(NGINX, "-t", "-c", n.path("nginx.conf"), "-p", n.folder, "-e", n.path("nginx-error.log"))
    return result.stderr


# ---- haproxy -----------------------------------------------------------------------------------------------

def at_haproxy(upstream):
    return f"unix@{upstream}" if isinstance(upstream, str) else "%s:%d" % upstream


class Haproxy(Service):
    """haproxy with any sections: make_sections(service), where service.port is a free one for its first address."""

    def __init__(self, make_sections):
        super().__init__()
        self.port = free_port()
        self.address = ("127.0.0.1", self.port)
        try:
            conf = self.write("haproxy.cfg", f"""global
    stats socket {self.path('stats.sock')}
    log stdout format raw daemon
defaults
    timeout connect 10s
    timeout client 60s
    timeout server 60s
{make_sections(self)}
""")
            self.spawn(HAPROXY, "-db", "-f", conf)
            until(self.listening, message="haproxy listens")
        except BaseException:
            self.stop()
            raise

    def listening(self):
        self.check()
        try:
            return os.path.exists(self.path("stats.sock")) and self.servers()
        except ConnectionRefusedError:      # bound, and does not listen yet
            return False

    def servers(self):
        """{name: what it knows of that server}: status, check_status, check_code, last_chk ..."""
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(self.path("stats.sock"))
            s.sendall(b"show stat\n")
            text = b""
            while piece := s.recv(65536):
                text += piece
        rows = csv.DictReader(text.decode().removeprefix("# ").splitlines())
        return {r["svname"]: r for r in rows if r["svname"] not in ("FRONTEND", "BACKEND")}


def haproxy_site(service, upstream):
    """A site of plain HTTP that says who asks."""
    return f"""
listen site
    mode http
    bind 127.0.0.1:{service.port}
    http-request set-header X-Real-IP %[src]
    http-request set-header X-Real-Port %[src_port]
    http-request set-header Scheme http
    timeout tunnel 60s
    server d {at_haproxy(upstream)}
"""


def front(kind, upstream, root, unbuffered=False):
    if kind == "haproxy":
        return Haproxy(lambda service: haproxy_site(service, upstream))
    if kind == "nginx":
        return Nginx(lambda service: nginx_sample(service, upstream, root, unbuffered))
    return Apache(lambda service: apache_sample(service, upstream, root, unbuffered))
