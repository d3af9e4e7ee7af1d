"""Starting is quick: the server within a second, a new warehouse's first result within 150 ms.

Both are targets on a quiet machine (`make bench` measures them). Here others may be compiling beside us: the best of
a few tries counts, and the limit grows with the load for each core.
"""

import os
import time

START_S = 1.0
FIRST_RESULT_S = 0.150
TRIES = 5


def patience() -> float:
    """How many times longer than on a quiet machine something may take: at least 2, for unoptimised builds."""
    return 2 * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def test_the_server_listens_within_a_second(make_server):
    times = []
    for _ in range(TRIES):
        begin = time.monotonic()
        server = make_server("--ephemeral")
        times.append(time.monotonic() - begin)
        server.stop()
    assert min(times) <= START_S * patience(), times


def test_a_new_warehouse_answers_within_150_ms(workspace, sql):
    times = []
    for i in range(TRIES):
        sql("SELECT 1")  # connections are open, and the pool has had time to warm a driver
        begin = time.monotonic()
        made = workspace.warehouses.create(name=f"quick {i}", cluster_size="2X-Small")
        answer = workspace.statement_execution.execute_statement("SELECT 40 + 2", warehouse_id=made.response.id)
        times.append(time.monotonic() - begin)
        assert answer.result.data_array == [["42"]]
        workspace.warehouses.delete(made.response.id)
    assert min(times) <= FIRST_RESULT_S * patience(), times
