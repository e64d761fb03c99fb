"""Odoo's own client library, against the hub at ADDRESS: XML-RPC, JSON-RPC, JSON-2. Usage: with_odoolib.py ADDRESS"""

import sys
import xmlrpc.client
from urllib.parse import urlsplit

import odoolib
from odoolib.tools import AuthenticationError, JsonRPCException

from rest import Rest, refused

address = sys.argv[1]
rest, place = Rest(address), urlsplit(address)


def connect(protocol, login="admin", password=None):
    password = password or (Rest(address, login).key() if protocol == "json2" else login)
    return odoolib.get_connection(hostname=place.hostname, port=place.port, protocol=protocol, database="echange", login=login, password=password)


def name_of(error):
    """Odoo's name of an error, as each protocol tells it."""
    if isinstance(error, xmlrpc.client.Fault):
        return error.faultCode
    return error.error["data"]["name"] if isinstance(error, JsonRPCException) else str(error)


for protocol in ["xmlrpc", "jsonrpc", "json2"]:
    hub = connect(protocol)
    if protocol == "json2":
        assert hub.check_login() and not connect(protocol, password="wrong").check_login()
    else:
        hub.check_login()
        refused(connect(protocol, password="wrong").check_login, AuthenticationError)
    assert hub.get_user_context()["lang"] == "fr_FR"

    # Reads: many2one pairs, what is unset, counts, the same as REST has
    [product] = hub.get_model("product.product").search_read([["categ_id", "!=", False]], ["name", "categ_id", "create_date", "barcode"], 0, 1, "id")
    [same] = rest.list("product.product", [["id", "=", product["id"]]], "{name, categ_id{id, name}}")
    assert product["name"] == same["name"] and product["categ_id"] == [same["categ_id"]["id"], same["categ_id"]["name"]], (product, same)
    assert len(product["create_date"]) == len("2026-11-23 17:40:39"), product
    categories = hub.get_model("product.category")
    assert categories.search_count([]) == len(rest.list("product.category", []))

    # A record made, read, changed and removed. JSON-2 answers records as lists
    made = lambda values: (lambda answer: answer[0] if protocol == "json2" else answer)(categories.create([values] if protocol == "json2" else values))
    top = made({"name": "odoolib <é&>"})
    below = made({"name": "odoolib below", "parent_id": top})
    read = lambda id: (lambda answer: answer[0] if isinstance(answer, list) else answer)(categories.read([id], ["name", "parent_id"]))
    assert read(top) == {"id": top, "name": "odoolib <é&>", "parent_id": False}
    assert read(below) == {"id": below, "name": "odoolib below", "parent_id": [top, "odoolib <é&>"]}
    assert categories.write([below], {"name": "odoolib changed"}) is True
    assert [one["name"] for one in rest.list("product.category", [["id", "=", below]])] == ["odoolib changed"]
    assert sorted(categories.search([["id", "in", [top, below]]])) == [top, below]
    assert categories.unlink([below, top]) is True
    assert rest.list("product.category", [["id", "in", [top, below]]]) == []

    # Refusals, by Odoo's names
    kind = {"xmlrpc": xmlrpc.client.Fault, "jsonrpc": JsonRPCException, "json2": ValueError}[protocol]
    assert "MissingError" in name_of(refused(lambda: categories.write([top], {"name": "x"}), kind))
    assert "Invalid field 'nosuch'" in str(refused(lambda: made({"nosuch": 1}), kind))
    no = lambda: connect(protocol, "bna").get_model("product.brand").create([{"name": "No"}])
    assert "AccessError" in name_of(refused(no, kind))
    print(f"odoo-client-lib: {protocol}")
