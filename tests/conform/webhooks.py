"""Two banks' platforms: one checks what it is sent with the consumers' own library, standardwebhooks from PyPI, the other is
the receiver of docs/platforms.md. Usage: webhooks.py HUB RECEIVER"""

import datetime
import http.server
import os
import queue
import socket
import subprocess
import sys
import threading

import requests
from standardwebhooks import Webhook

HUB, RECEIVER = sys.argv[1:]
SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDazm/Jg5YzCM="
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
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
environment = os.environ | {"SECRET": SECRET}
receiver = subprocess.Popen(
    [sys.executable, RECEIVER, str(port)], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
)
try:
    session = requests.Session()
    session.post(f"{HUB}/auth/", json={"params": {"login": "admin", "password": "admin"}}).raise_for_status()
    for bank, at in [("BNA", server.server_port), ("Alsalam", port)]:
        platform = {"name": bank, "base_url": f"http://127.0.0.1:{at}", "secret": SECRET}
        session.post(f"{HUB}/api/ek.platform/", json={"params": {"data": platform}}).raise_for_status()
    change = {"filter": [["manufacturer_ref", "=", "IRIS-TV55-G"]], "data": {"description": "Téléviseur à écran plat"}}
    session.put(f"{HUB}/api/product.template/", json={"params": change}).raise_for_status()

    path, headers, body = calls.get(timeout=30)
    told = Webhook(SECRET).verify(body, headers)
    # A platform that was never told the product hears of it first, with its configurations
    descriptions = [one["description"] for one in told["configurations"]]
    assert path == "/api/odoo/products" and "Téléviseur à écran plat" in descriptions, (path, told)
    try:
        Webhook(SECRET).verify(body.replace(b"plat", b"plan"), headers)
    except Exception:
        print("standardwebhooks: genuine taken, forged refused")
    else:
        sys.exit("a forged body was taken")

    line = receiver.stdout.readline()
    assert line.startswith("POST /api/odoo/products {") and "Téléviseur à écran plat" in line, line
    now = datetime.datetime.now(datetime.timezone.utc)

    def sent(moment, text, signed):
        headers = {"webhook-id": "msg_1", "webhook-timestamp": str(int(moment.timestamp()))}
        headers["webhook-signature"] = Webhook(SECRET).sign("msg_1", moment, signed)
        return requests.post(f"http://127.0.0.1:{port}/api/odoo/products", data=text, headers=headers).status_code

    def raw(*lines):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(b"\r\n".join([b"POST /api/odoo/products HTTP/1.1", b"Host: x", *lines, b"", b"{}"]))
            return connection.recv(4096).split(b" ")[1]

    moment = str(int(now.timestamp())).encode()
    signed, length = b"webhook-signature: v1,\xe9", b"content-length: 2"
    wrong = [b"webhook-timestamp: " + wrong for wrong in ("²".encode(), "²".encode("latin-1"), b"", b"-1", b"9" * 5000, b"1_0")]
    answers = [raw(b"webhook-id: msg_2", of, signed, length) for of in [b"webhook-timestamp: " + moment, *wrong]]
    assert set(answers) == {b"401"}, answers
    answers = [raw(b"webhook-id: msg_2", b"content-length: " + of) for of in (b"two", b"-1", "²".encode(), b"1_0", b"9" * 50)]
    assert set(answers) == {b"400"}, answers
    answers = [sent(now, "{}", "{}"), sent(now, "{}", "{}"), sent(now, "{ }", "{}"), sent(now - datetime.timedelta(hours=1), "{}", "{}")]
    assert answers == [204, 204, 401, 401], answers
    receiver.terminate()
    assert receiver.stdout.read() == "POST /api/odoo/products {}\n", "a repeat is stored once"
    print("docs/platforms.md: genuine taken once, forged, old and unreadable refused")
finally:
    receiver.kill()
