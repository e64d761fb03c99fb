// odoo-await, against the hub at ADDRESS. Usage: with_odoo_await.mjs ADDRESS
import assert from "node:assert/strict";
import OdooAwait from "odoo-await";
import { Rest } from "./rest.mjs";

const address = process.argv[2];
const rest = await Rest.of(address);
const client = (username, password = username) => new OdooAwait({ baseUrl: address, db: "echange", username, password });
const odoo = client("admin");
assert.equal(typeof (await odoo.connect()), "number");
await assert.rejects(async () => { await client("admin", "wrong").connect().catch((reason) => { throw new Error(reason); }); }, /invalid credentials/);

// Reads: many2one pairs, what is unset, counts, the same as REST has
const [product] = await odoo.searchRead("product.product", ["categ_id", "!=", false], ["name", "categ_id", "create_date"], { limit: 1, order: "id" });
const [same] = await rest.list("product.product", [["id", "=", product.id]], "{name, categ_id{id, name}}");
assert.deepEqual([product.name, product.categ_id], [same.name, [same.categ_id.id, same.categ_id.name]]);
assert.equal(product.create_date.length, "2026-11-23 17:40:39".length);
const all = await odoo.search("product.category");
assert.equal(all.length, (await rest.list("product.category", [])).length);
assert.equal(await odoo.execute_kw("product.category", "search_count", [[[]]]), all.length);
const fields = await odoo.getFields("product.category", ["type", "string"]);
assert.equal(fields.parent_id.type, "many2one");

// A record made, read, changed and removed
const top = await odoo.create("product.category", { name: "odoo-await <é&>" });
const below = await odoo.create("product.category", { name: "odoo-await below", parent_id: top });
assert.deepEqual(await odoo.read("product.category", [top], ["name", "parent_id"]), [{ id: top, name: "odoo-await <é&>", parent_id: false }]);
assert.deepEqual(await odoo.searchRead("product.category", { parent_id: top }, ["parent_id"]), [{ id: below, parent_id: [top, "odoo-await <é&>"] }]);
assert.equal(await odoo.update("product.category", below, { name: "odoo-await changed" }), true);
assert.deepEqual((await rest.list("product.category", [["id", "=", below]])).map((one) => one.name), ["odoo-await changed"]);
assert.equal(await odoo.delete("product.category", [below, top]), true);
assert.deepEqual(await rest.list("product.category", [["id", "in", [top, below]]]), []);

// Refusals, by their numbers
await assert.rejects(odoo.update("product.category", top, { name: "x" }), { faultCode: 2, faultString: /Record does not exist or has been deleted/ });
await assert.rejects(odoo.create("product.category", { nosuch: 1 }), { faultCode: 1, faultString: /Invalid field 'nosuch'/ });
const bank = client("bna");
await bank.connect();
await assert.rejects(bank.create("product.brand", { name: "No" }), { faultCode: 4 });
console.log("odoo-await: xmlrpc");
