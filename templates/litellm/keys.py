"""Gives each client of models a virtual key whose value is the client's own secret. May run again.

Written by aiplat. A key is looked up by its hash, so that none stands in a log of requests.
"""

import hashlib
import json
import os
import sys
import urllib.error
import urllib.request

ADDRESS = sys.argv[1]


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read().strip()


MASTER_KEY = read(os.environ["LITELLM_MASTER_KEY_FILE"])
CLIENTS = json.loads(read(os.path.join(os.path.dirname(__file__), "clients.json")))


def ask(method, path, body=None):
    request = urllib.request.Request(
        ADDRESS + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": "Bearer " + MASTER_KEY, "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, {}
    except (urllib.error.URLError, ValueError) as error:
        raise SystemExit(f"{method} {path.split('?')[0]}: {error}") from None


def require(status, accepted, path, client):
    if status not in accepted:
        raise SystemExit(f"{path} answered {status} for the key of {client}")


def has_key(alias, key):
    status, found = ask("GET", "/key/info?key=" + hashlib.sha256(key.encode()).hexdigest())
    return status == 200 and found.get("info", {}).get("key_alias") == alias


for client, key in CLIENTS.items():
    alias = "aiplat-" + client
    if key is not None and has_key(alias, key):
        continue
    # An alias is there once: an earlier key of this client, or of one that is switched off, goes first.
    status, _ = ask("POST", "/key/delete", {"key_aliases": [alias]})
    require(status, (200, 404), "/key/delete", client)
    if key is not None:
        status, _ = ask("POST", "/key/generate", {"key": key, "key_alias": alias})
        require(status, (200,), "/key/generate", client)
