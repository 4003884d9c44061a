"""A private php-fpm behind a private nginx: the reference that our superglobals and headers are compared with."""

import os
import shutil
import signal
import subprocess
import tempfile

from . import http, proc
from .daemon import BINARY, sanitizer_environment
from .ports import free_port
from .wait import SLOW, until

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
FPM = next((p for p in map(lambda n: shutil.which(n, path="/usr/sbin:/usr/local/sbin:/usr/bin"),
                           ("php-fpm8.2", "php-fpm8.3", "php-fpm8.4", "php-fpm")) if p), None)
ROOT = os.getuid() == 0


class Service:
    """A child process in the foreground with a folder of its own."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="rs-e2e-ref-")
        os.chmod(self.folder, 0o755)
        self.children = []

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, text):
        with open(self.path(name), "w") as f:
            f.write(text)
        return self.path(name)

    def spawn(self, *args, **environment):
        out = open(self.path("out.log"), "ab")
        self.children.append(subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                              start_new_session=True, env={**os.environ, **environment}))
        out.close()

    def log(self):
        text = ""
        for name in sorted(os.listdir(self.folder)):
            if name.endswith(".log"):
                with open(self.path(name), errors="replace") as f:
                    text += f"--- {name}\n{f.read()[-3000:]}"
        return text

    def check(self):
        for c in self.children:
            assert c.poll() is None, self.log()

    def listening(self):
        """At self.address."""
        self.check()
        try:
            http.Conn(self.address).close()
            return True
        except OSError:
            return False

    def stop(self):
        for c in self.children:
            c.send_signal(signal.SIGTERM)
        for c in self.children:
            try:
                c.wait(5 * SLOW)
            except subprocess.TimeoutExpired:
                for pid in proc.descendants(c.pid) + [c.pid]:
                    proc.kill(pid)
                c.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def nginx_conf(service, http_part):
    """A configuration that needs no file outside the service's folder but mime.types and fastcgi_params."""
    temp = "".join(f"{kind}_temp_path {service.path('temp_' + kind)};\n"
                   for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    return f"""{'user root;' if ROOT else ''}
worker_processes 1;
daemon off;
pid {service.path('nginx.pid')};
{service.main_part()}
error_log {service.path('nginx-error.log')} warn;
events {{ worker_connections 512; }}
http {{
    access_log off;
    include /etc/nginx/mime.types;
    {temp}
    {http_part}
}}
"""


class Nginx(Service):
    """nginx with any http{} content."""

    def __init__(self, make_http_part):
        super().__init__()
        self.port = free_port()
        self.address = ("127.0.0.1", self.port)
        try:
            conf = self.write("nginx.conf", nginx_conf(self, make_http_part(self)))
            self.spawn(NGINX, "-c", conf, "-p", self.folder, "-e", self.path("nginx-error.log"))
            until(self.listening, message="nginx listens")
        except BaseException:
            self.stop()
            raise

    def main_part(self):
        """What stands beside http{}."""
        return ""


class Fpm(Nginx):
    """The classic Laravel site: try_files to public/index.php, passed to php-fpm.

    php_values: directives instead of what the distribution's php.ini says. module: an extension that php.ini does not name.
    """

    def __init__(self, root, host="example.test", children=1, php_values=None, module=None):
        self.root, self.host, self.children_num = root, host, children
        self.options = ["-d", f"extension={module}"] if module else []
        self.environment = sanitizer_environment(BINARY) if module else {}
        self.php_values = php_values or {}
        super().__init__(self.site)

    def site(self, _):
        sock = self.path("fpm.sock")
        user = "user = root\ngroup = root\n" if ROOT else ""
        conf = self.write("fpm.conf", f"""[global]
error_log = {self.path('fpm.log')}
daemonize = no
pid = {self.path('fpm.pid')}
[www]
{user}listen = {sock}
pm = static
pm.max_children = {self.children_num}
catch_workers_output = yes
{chr(10).join(f'php_admin_value[{k}] = {v}' for k, v in self.php_values.items())}
""")
        self.spawn(FPM, "-F", "-y", conf, *self.options, *(["-R"] if ROOT else []), **self.environment)
        until(lambda: self.check() or os.path.exists(sock), message="php-fpm listens")
        return f"""
    server {{
        listen 127.0.0.1:{self.port};
        server_name {self.host};
        root {self.root};
        keepalive_requests 100000000;
        client_max_body_size 64m;
        large_client_header_buffers 8 64k;
        location / {{ try_files $uri /index.php?$query_string; }}
        location ~ \\.php$ {{
            include /etc/nginx/fastcgi_params;
            fastcgi_param HTTP_HOST $http_host;
            fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
            fastcgi_pass unix:{sock};
        }}
    }}"""
