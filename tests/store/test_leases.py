"""Leases: one process at a time, the next when it is silent or gives its lease back."""

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from sqlalchemy import func, select

from store import leases
from store.database.engine import Database, Session
from store.database.tables import LeaseRow
from store.leases import Lease


def later(db: Database, seconds: float) -> Database:
    """The same database, some time later."""
    return Database(db.url, clock_offset=seconds)


def test_one_holds_a_lease_and_keeps_it_by_asking(db: Database) -> None:
    one, other = Lease(db, "mirror", seconds=30), Lease(db, "mirror", seconds=30)
    assert one.held()
    assert one.held()
    assert not other.held()
    assert Lease(db, "another work", seconds=30).held()


def test_a_renewed_lease_lasts_from_its_renewal(db: Database) -> None:
    one = Lease(db, "mirror", seconds=30)
    assert one.held()
    soon, late = later(db, 20), later(db, 40)
    with soon.read() as session:
        assert leases.held_by_another(session, "mirror", "h_other")
    assert soon.write(partial(leases.take, name="mirror", holder=one.holder, seconds=30))
    assert not Lease(late, "mirror", seconds=30).held()
    soon.dispose()
    late.dispose()


def test_a_silent_holder_is_replaced_and_finds_out(db: Database) -> None:
    one = Lease(db, "mirror", seconds=30)
    assert one.held()
    late = later(db, 31)
    other = Lease(late, "mirror", seconds=30)
    assert other.held()
    assert not one.held()
    one.release()
    assert other.held()
    late.dispose()


def test_a_lease_that_ran_out_is_still_its_holders_where_nobody_took_it(db: Database) -> None:
    one = Lease(db, "mirror", seconds=30)
    assert one.held()
    late = later(db, 300)
    assert late.write(partial(leases.take, name="mirror", holder=one.holder, seconds=30))
    late.dispose()


def test_a_lease_given_back_is_free_at_once(db: Database) -> None:
    one, other = Lease(db, "mirror", seconds=30), Lease(db, "mirror", seconds=30)
    assert one.held()
    one.release()
    one.release()
    assert other.held()


def test_of_many_that_ask_at_once_one_gets_it(db: Database) -> None:
    start = threading.Barrier(8)

    def ask(_: int) -> bool:
        start.wait()
        return Lease(db, "mirror", seconds=30).held()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(ask, range(8))) == 1
    with db.read() as session:
        assert session.scalar(select(func.count()).select_from(LeaseRow)) == 1


def test_what_is_written_beside_a_lease_is_its_holders(db: Database) -> None:
    """Nobody takes over between a holder's check and the commit of what it wrote: the row is locked so long."""
    one = Lease(db, "mirror", seconds=30)
    assert one.held()
    asked, order = threading.Event(), list[str]()

    def take_over() -> None:
        asked.set()
        late = later(db, 31)
        assert late.write(partial(leases.take, name="mirror", holder="h_other", seconds=30))
        order.append("other")
        late.dispose()

    thread = threading.Thread(target=take_over)

    def work(session: Session) -> None:
        assert leases.take(session, name="mirror", holder=one.holder, seconds=0)
        thread.start()
        asked.wait()
        thread.join(timeout=0.2)
        order.append("holder")

    db.write(work)
    thread.join()
    assert order == ["holder", "other"]
