"""The last key that may make keys."""

import threading
from concurrent.futures import ThreadPoolExecutor

from store import keys
from store.database import Database
from store.errors import Conflict


def test_two_admins_cannot_revoke_each_other_at_once(db: Database) -> None:
    made = [keys.create(db, name=name, scopes=["admin"])[0].id for name in ("a", "b")]
    barrier = threading.Barrier(2)

    def revoke(key_id: str) -> bool:
        barrier.wait(10)
        try:
            keys.revoke(db, key_id, keep_admin=True)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(revoke, made)) == [False, True]
    assert keys.any_keys(db)
