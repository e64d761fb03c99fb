"""Odooly, against the hub at ADDRESS: by /jsonrpc, by the web client's API, by JSON-2 with a key. Usage: with_odooly.py ADDRESS"""

import sys

import odooly

from rest import Rest, refused

address = sys.argv[1]
rest = Rest(address)


def by_jsonrpc(login="admin"):
    return odooly.Client(f"{address}/jsonrpc", "echange", login, login)


def by_the_web(login="admin"):
    return odooly.Client(address, "echange", login, login)


def by_json2(login="admin"):
    client = odooly.Client(address, "echange")
    # The hub speaks as a 16 and has JSON-2 beside that: Odooly uses it from 19 on
    client.version_info = 19.0
    client.login(login, api_key=Rest(address, login).key())
    return client


for mode, protocol in [(by_jsonrpc, "JSON-RPC"), (by_the_web, "Web API"), (by_json2, "JSON-2")]:
    # It keeps whom it has logged in as by the hub's address, whatever the protocol
    odooly.Env._cache.clear()
    client = mode()
    env = client.env
    assert env._execute_kw._protocol_name == protocol and env.user.login == "admin" and env.context["lang"] == "fr_FR"
    assert "product.category" in env.models() and "no.such" not in env.models()

    # Reads: many2one pairs, what is unset, counts, the same as REST has
    [product] = env["product.product"].search([("categ_id", "!=", False)], limit=1, order="id")
    [same] = rest.list("product.product", [["id", "=", product.id]], "{name, categ_id{id, name}}")
    assert (product.name, product.categ_id.id, product.categ_id.name) == (same["name"], same["categ_id"]["id"], same["categ_id"]["name"])
    assert len(product.create_date) == len("2026-11-23 17:40:39"), product.create_date
    Category = env["product.category"]
    assert Category.search_count([]) == len(rest.list("product.category", []))

    # A record made, read, changed and removed by its proxy
    # JSON-2 answers records as lists
    made = lambda values: (lambda record: record[0] if isinstance(record, odooly.RecordList) else record)(Category.create(values))
    top = made({"name": "Odooly <é&>"})
    below = made({"name": "Odooly below", "parent_id": top.id})
    assert below.parent_id == top and not top.parent_id and top.read("name parent_id") == {"id": top.id, "name": "Odooly <é&>", "parent_id": False}
    assert env.execute("product.category", "read", [below.id], ["parent_id"]) == [{"id": below.id, "parent_id": [top.id, "Odooly <é&>"]}]
    below.name = "Odooly changed"
    assert [one["name"] for one in rest.list("product.category", [["id", "=", below.id]])] == ["Odooly changed"]
    assert Category.search([f"id in {[top.id, below.id]}"]).ids == sorted([top.id, below.id])
    assert (top + below).unlink()
    assert rest.list("product.category", [["id", "in", [top.id, below.id]]]) == []

    # Refusals, by Odoo's names
    for call, name in [
        (lambda: env.execute("product.category", "write", [top.id], {"name": "x"}), "odoo.exceptions.MissingError"),
        (lambda: env.execute("product.category", "create", {"nosuch": 1}), "builtins.ValueError"),
        (lambda: env.execute("res.partner", "nosuch", []), "builtins.AttributeError"),
    ]:
        error = refused(call, odooly.ServerError).args[0]
        assert error["data"]["name"] == name, error
    odooly.Env._cache.clear()
    bank = mode("bna")
    error = refused(lambda: bank.env.execute("product.brand", "create", {"name": "No"}), odooly.ServerError).args[0]
    assert error["data"]["name"] == "odoo.exceptions.AccessError", error
    print(f"Odooly: {protocol}")
refused(lambda: odooly.Client(f"{address}/jsonrpc", "echange", "admin", "wrong"), odooly.Error, "Invalid username or password")
refused(lambda: odooly.Client(address, "echange", "admin", "wrong"), odooly.Error, "Invalid username or password")
