// A client of the types that openapi-typescript made of the hub's document, by openapi-fetch: logs in, lists with a filter, reads
// an order, changes it. Usage: node client.js ADDRESS
import createClient from "openapi-fetch";
import type { paths } from "./hub.js";

const hub = createClient<paths>({ baseUrl: process.argv[2] });

function need<T>(answer: { data?: T; error?: unknown }): T {
    if (answer.data === undefined) throw new Error(JSON.stringify(answer.error));
    return answer.data;
}
function hold(is_so: boolean, what: unknown): void {
    if (!is_so) throw new Error(JSON.stringify(what));
}

const params = { login: "ekiclik", password: "ekiclik" };
const session = need(await hub.POST("/auth/", { body: { params } })).result?.session_id;
const headers = { "X-Openerp-Session-Id": session };

const query = { filter: '[["ek_state", "!=", "EK_CLIENT_ORDER_CANCELED"]]', query: "{id, name, partner_id{name}}", limit: 1 };
const page = need(await hub.GET("/api/sale.order/", { headers, params: { query } }));
const order = page.result[0];
hold(page.count === 1 && typeof order.partner_id === "object" && typeof order.partner_id.name === "string", page);
const path = { id: order.id ?? 0 };
const note = "changed by TypeScript";
const done = need(await hub.PUT("/api/sale.order/{id}", { headers, params: { path }, body: { params: { data: { note } } } }));
hold(done.result === true, done);
const read = need(await hub.GET("/api/sale.order/{id}", { headers, params: { path } }));
hold(read.id === order.id && read.name === order.name && read.note === note, read);
console.log("openapi-typescript with openapi-fetch");
