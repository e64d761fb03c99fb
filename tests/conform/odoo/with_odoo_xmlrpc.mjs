// odoo-xmlrpc, against the hub at ADDRESS. Usage: with_odoo_xmlrpc.mjs ADDRESS
import assert from "node:assert/strict";
import { promisify } from "node:util";
import Odoo from "odoo-xmlrpc";
import { Rest } from "./rest.mjs";

const address = process.argv[2];
const rest = await Rest.of(address);
async function connected(username, password = username) {
    const odoo = new Odoo({ url: address, db: "echange", username, password });
    const uid = await promisify(odoo.connect.bind(odoo))();
    assert.equal(typeof uid, "number");
    return (model, method, args, kwargs = {}) => promisify(odoo.execute_kw.bind(odoo))(model, method, [args, kwargs]);
}
const call = await connected("admin");
await assert.rejects(connected("admin", "wrong"), { message: "No UID returned from authentication." });

// Reads: many2one pairs, what is unset, counts, the same as REST has
const [product] = await call("product.product", "search_read", [[["categ_id", "!=", false]]], { fields: ["name", "categ_id", "create_date"], limit: 1, order: "id" });
const [same] = await rest.list("product.product", [["id", "=", product.id]], "{name, categ_id{id, name}}");
assert.deepEqual([product.name, product.categ_id], [same.name, [same.categ_id.id, same.categ_id.name]]);
assert.equal(product.create_date.length, "2026-11-23 17:40:39".length);
assert.equal(await call("product.category", "search_count", [[]]), (await rest.list("product.category", [])).length);

// A record made, read, changed and removed
const top = await call("product.category", "create", [{ name: "odoo-xmlrpc <é&>" }]);
const below = await call("product.category", "create", [{ name: "odoo-xmlrpc below", parent_id: top }]);
assert.deepEqual(await call("product.category", "read", [[top], ["name", "parent_id"]]), [{ id: top, name: "odoo-xmlrpc <é&>", parent_id: false }]);
assert.deepEqual(await call("product.category", "read", [[below], ["parent_id"]]), [{ id: below, parent_id: [top, "odoo-xmlrpc <é&>"] }]);
assert.equal(await call("product.category", "write", [[below], { name: "odoo-xmlrpc changed" }]), true);
assert.deepEqual((await rest.list("product.category", [["id", "=", below]])).map((one) => one.name), ["odoo-xmlrpc changed"]);
assert.deepEqual(await call("product.category", "search", [[["id", "in", [top, below]]]], { order: "id" }), [top, below]);
assert.equal(await call("product.category", "unlink", [[below, top]]), true);
assert.deepEqual(await rest.list("product.category", [["id", "in", [top, below]]]), []);

// Refusals, by their numbers
await assert.rejects(call("product.category", "write", [[top], { name: "x" }]), { faultCode: 2, faultString: /Record does not exist or has been deleted/ });
await assert.rejects(call("product.category", "create", [{ nosuch: 1 }]), { faultCode: 1, faultString: /Invalid field 'nosuch'/ });
const bank = await connected("bna");
await assert.rejects(bank("product.brand", "create", [{ name: "No" }]), { faultCode: 4 });
console.log("odoo-xmlrpc: xmlrpc");
