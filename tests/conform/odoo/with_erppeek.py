"""ERPpeek, against the hub at ADDRESS: by XML-RPC of the first version and by /jsonrpc. Usage: with_erppeek.py ADDRESS"""

import sys
from xmlrpc.client import Fault

import erppeek

from rest import Rest, refused

address = sys.argv[1]
rest = Rest(address)
for server in [address, f"{address}/jsonrpc"]:
    connect = lambda login="admin", password=None: erppeek.Client(server, "echange", login, password or login)
    client = connect()
    assert client.server_version == "16.0" and client.db.list() == ["echange"]
    refused(lambda: connect(password="wrong"), erppeek.Error, "Invalid username or password")
    refused(lambda: erppeek.Client(server, "nodb", "admin", "admin"), erppeek.Error, "Database 'nodb' does not exist")
    assert "ProductCategory" in client.models("product") and client.models("no.such") == {}

    # Reads: many2one pairs, what is unset, counts, the same as REST has
    [product] = client.read("product.product", ["categ_id != False"], ["name", "categ_id", "create_date"], limit=1, order="id")
    [same] = rest.list("product.product", [["id", "=", product["id"]]], "{name, categ_id{id, name}}")
    assert product["name"] == same["name"] and product["categ_id"] == [same["categ_id"]["id"], same["categ_id"]["name"]], (product, same)
    assert len(product["create_date"]) == len("2026-11-23 17:40:39"), product
    assert client.count("product.category") == len(rest.list("product.category", []))

    # A record made, read, changed and removed by its proxy
    Category = client.model("product.category")
    top = Category.create({"name": "ERPpeek <é&>"})
    below = Category.create({"name": "ERPpeek below", "parent_id": top.id})
    assert below.parent_id.id == top.id and below.parent_id.name == "ERPpeek <é&>" and not top.parent_id
    assert client.read("product.category", top.id, ["name", "parent_id"]) == {"id": top.id, "name": "ERPpeek <é&>", "parent_id": False}
    below.name = "ERPpeek changed"
    assert [one["name"] for one in rest.list("product.category", [["id", "=", below.id]])] == ["ERPpeek changed"]
    assert sorted(client.search("product.category", [("id", "in", [top.id, below.id])])) == [top.id, below.id]
    assert client.access("product.brand", "create")
    assert Category.browse([below.id, top.id]).unlink()
    assert rest.list("product.category", [["id", "in", [top.id, below.id]]]) == []

    # Refusals, by Odoo's names
    is_xml = "jsonrpc" not in server
    assert not is_xml or not connect("bna").access("product.brand", "create")
    for call, name in [
        (lambda: client.write("product.category", [top.id], {"name": "x"}), "MissingError"),
        (lambda: client.create("product.category", {"nosuch": 1}), "Invalid field 'nosuch'" if is_xml else "ValueError"),
        (lambda: connect("bna").create("product.brand", {"name": "No"}), "AccessError"),
    ]:
        error = refused(call, Fault if is_xml else erppeek.ServerError)
        told = error.faultCode if is_xml else error.args[0]["data"]["name"]
        assert name in told, error
    print(f"ERPpeek: {'jsonrpc' if not is_xml else 'xmlrpc'}")
