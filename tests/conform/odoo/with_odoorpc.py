"""OdooRPC, against the hub at ADDRESS. Usage: with_odoorpc.py ADDRESS"""

import sys
from urllib.parse import urlsplit

import odoorpc

from rest import Rest, refused

address = sys.argv[1]
rest, place = Rest(address), urlsplit(address)
odoo = odoorpc.ODOO(place.hostname, protocol="jsonrpc", port=place.port)
assert odoo.version == "16.0" and odoo.db.list() == ["echange"], (odoo.version, odoo.db.list())
refused(lambda: odoo.login("echange", "admin", "wrong"), odoorpc.error.RPCError, "Wrong login ID or password")
odoo.login("echange", "admin", "admin")
assert odoo.env.user.login == "admin" and odoo.env.context["lang"] == "fr_FR" and "res.partner" in odoo.env and "no.such" not in odoo.env

# Reads: many2one pairs, what is unset, counts, the same as REST has
[product] = odoo.execute_kw("product.product", "search_read", [[["categ_id", "!=", False]], ["name", "categ_id", "create_date"]], {"limit": 1, "order": "id"})
[same] = rest.list("product.product", [["id", "=", product["id"]]], "{name, categ_id{id, name}}")
assert product["name"] == same["name"] and product["categ_id"] == [same["categ_id"]["id"], same["categ_id"]["name"]], (product, same)
assert len(product["create_date"]) == len("2026-11-23 17:40:39"), product
Category = odoo.env["product.category"]
assert Category.search_count([]) == len(rest.list("product.category", []))

# A record made, read, changed and removed by its proxy
top = Category.create({"name": "OdooRPC <é&>"})
below = Category.create({"name": "OdooRPC below", "parent_id": top})
record = Category.browse(below)
assert record.parent_id.id == top and record.parent_id.name == "OdooRPC <é&>" and not Category.browse(top).parent_id
assert Category.read([top], ["name", "parent_id"]) == [{"id": top, "name": "OdooRPC <é&>", "parent_id": False}]
record.name = "OdooRPC changed"
assert [one["name"] for one in rest.list("product.category", [["id", "=", below]])] == ["OdooRPC changed"]
Category.write([below], {"parent_id": False})
assert rest.list("product.category", [["id", "=", below]])[0]["parent_id"] in (False, None)
assert sorted(Category.search([("id", "in", [top, below])])) == [top, below]
Category.unlink([top, below])
assert rest.list("product.category", [["id", "in", [top, below]]]) == []

# Refusals, by Odoo's names
for call, name in [
    (lambda: Category.write([top], {"name": "x"}), "odoo.exceptions.MissingError"),
    (lambda: Category.create({"nosuch": 1}), "builtins.ValueError"),
    (lambda: odoo.execute("no.such", "search", []), "odoo.exceptions.UserError"),
    (lambda: odoo.execute("res.partner", "nosuch"), "builtins.AttributeError"),
]:
    error = refused(call, odoorpc.error.RPCError)
    assert error.info["data"]["name"] == name and error.info["data"]["debug"] == "", error.info
bank = odoorpc.ODOO(place.hostname, protocol="jsonrpc", port=place.port)
bank.login("echange", "bna", "bna")
error = refused(lambda: bank.env["product.brand"].create({"name": "No"}), odoorpc.error.RPCError)
assert error.info["data"]["name"] == "odoo.exceptions.AccessError", error.info
assert odoo.logout()
print("OdooRPC: jsonrpc")
