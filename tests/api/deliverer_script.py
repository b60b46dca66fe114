"""Delivers to webhooks on loopback until its standard input ends: `deliverer_script.py DATABASE_URL LEASE_SECONDS`."""

import sys

from api.webhooks.addresses import Addresses, system_addresses
from api.webhooks.delivering import Delivering
from store.database.engine import Database

database = Database(sys.argv[1])
allowed = Addresses(["127.0.0.0/8"], resolve=system_addresses)
with Delivering(database, allowed, lease_seconds=float(sys.argv[2]), poll_seconds=0.05):
    print("delivering", flush=True)
    sys.stdin.read()
database.dispose()
