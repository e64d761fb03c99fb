"""What the hub's REST API says of a record, and a key: the programs beside this one compare with it what their clients say."""

import json
import urllib.parse
import urllib.request


class Rest:
    """A session of `/api` at ADDRESS; the demo's password is the login."""

    def __init__(self, address, login="admin"):
        self.address = address
        self.session = self.post("/auth", {"login": login, "password": login})["session_id"]

    def post(self, path, params):
        headers = {"Content-Type": "application/json"} | ({"X-Openerp-Session-Id": self.session} if hasattr(self, "session") else {})
        request = urllib.request.Request(self.address + path, json.dumps({"params": params}).encode(), headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)["result"]

    def list(self, model, domain, query="{*}"):
        """All records of a model that a filter finds."""
        parameters = urllib.parse.urlencode({"filter": json.dumps(domain), "query": query})
        request = urllib.request.Request(f"{self.address}/api/{model}/?{parameters}", headers={"X-Openerp-Session-Id": self.session})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)["result"]

    def key(self):
        """A new API key of this user's."""
        return self.post("/object/res.users/action_new_api_key", {"args": ["conform", 1]})


def refused(call, kind, *words):
    """That a call is refused by this class of error, with these words; answers the error."""
    try:
        answer = call()
    except kind as error:
        assert all(word in str(error) for word in words), repr(error)
        return error
    raise AssertionError(f"not refused: {answer!r}")
