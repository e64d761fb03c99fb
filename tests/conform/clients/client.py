"""A client that openapi-python-client made of the hub's document: logs in, lists with a filter, reads an order, changes it.

Usage: client.py ADDRESS, with the package `hub` on the path."""

import sys

from hub import AuthenticatedClient, Client
from hub.api.crm import sale_order_list, sale_order_read, sale_order_write_one
from hub.api.sessions import auth
from hub.models import AuthBody, AuthBodyParams, SaleOrderWrite, SaleOrderWriteOneBody, SaleOrderWriteOneBodyParams

address = sys.argv[1]
session = auth.sync(client=Client(address), body=AuthBody(AuthBodyParams(login="ekiclik", password="ekiclik"))).result.session_id
# The document lets a client choose: the session's header is one of three
hub = AuthenticatedClient(address, token=session, prefix="", auth_header_name="X-Openerp-Session-Id", raise_on_unexpected_status=True)

page = sale_order_list.sync(client=hub, filter_='[["ek_state", "!=", "EK_CLIENT_ORDER_CANCELED"]]', query="{id, name, partner_id{name}, order_line}", limit=1)
[order] = page.result
assert page.count == 1 and order.partner_id.name and all(isinstance(line, int) for line in order.order_line), page
note = "changed by Python"
body = SaleOrderWriteOneBody(SaleOrderWriteOneBodyParams(data=SaleOrderWrite(note=note)))
assert sale_order_write_one.sync(order.id, client=hub, body=body).result is True
read = sale_order_read.sync(order.id, client=hub)
assert (read.id, read.name, read.note) == (order.id, order.name, note), read
print("openapi-python-client")
