"""Prints the hub's document, and makes the order of its own example, for the clients to find. Usage: prepare.py ADDRESS"""

import json
import sys
import urllib.request

address = sys.argv[1]
text = urllib.request.urlopen(f"{address}/openapi.json").read().decode()


def post(path, body, headers={}):
    request = urllib.request.Request(address + path, json.dumps(body).encode(), {"Content-Type": "application/json", **headers})
    return json.load(urllib.request.urlopen(request))["result"]


session = post("/auth/", {"params": {"login": "ekiclik", "password": "ekiclik"}})["session_id"]
lead = json.loads(text)["paths"]["/api/crm.lead/"]["post"]["requestBody"]["content"]["application/json"]["example"]
post("/api/crm.lead/", lead, {"X-Openerp-Session-Id": session})
print(text)
