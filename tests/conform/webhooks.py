"""A bank's platform that checks what it is sent with the consumers' own library, standardwebhooks from PyPI."""

import http.server
import queue
import sys
import threading

import requests
from standardwebhooks import Webhook

HUB, SECRET = sys.argv[1], "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDazm/Jg5YzCM="
calls = queue.Queue()


class Platform(http.server.BaseHTTPRequestHandler):
    def do_PUT(self):
        calls.put((self.path, dict(self.headers), self.rfile.read(int(self.headers["content-length"]))))
        self.send_response(204)
        self.end_headers()

    do_POST = do_PUT

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Platform)
threading.Thread(target=server.serve_forever, daemon=True).start()
session = requests.Session()
session.post(f"{HUB}/auth/", json={"params": {"login": "admin", "password": "admin"}}).raise_for_status()
platform = {"name": "BNA", "base_url": f"http://127.0.0.1:{server.server_port}", "secret": SECRET}
session.post(f"{HUB}/api/ek.platform/", json={"params": {"data": platform}}).raise_for_status()
change = {"filter": [["manufacturer_ref", "=", "IRIS-TV55-G"]], "data": {"description": "Téléviseur à écran plat"}}
session.put(f"{HUB}/api/product.template/", json={"params": change}).raise_for_status()
path, headers, body = calls.get(timeout=30)
told = Webhook(SECRET).verify(body, headers)
assert path == "/api/odoo/products/configuration" and told["description"] == "Téléviseur à écran plat", (path, told)
try:
    Webhook(SECRET).verify(body.replace(b"plat", b"plan"), headers)
except Exception:
    print("standardwebhooks: genuine taken, forged refused")
else:
    sys.exit("a forged body was taken")
