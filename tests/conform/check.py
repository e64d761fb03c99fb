"""Checks what the seed's examples print: all users with all fields, then all products with their id and name."""
import json
import sys

users, products = (json.loads(line) for line in sys.stdin.read().splitlines())
for answer in (users, products):
    assert list(answer) == ["count", "prev", "current", "next", "total_pages", "result"], list(answer)
    assert answer["count"] == len(answer["result"]) > 0
assert {"id", "name", "login", "role", "create_date"} <= set(users["result"][0]), users["result"][0]
assert all(list(product) == ["id", "name"] for product in products["result"]), products["result"]
