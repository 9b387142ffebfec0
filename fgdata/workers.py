"""Work in several processes, its results in order. Ctrl-C, an error and kill -9 leave no process behind and none waiting.

Each worker has a pipe of its own to the process that started it, and nothing is shared: `multiprocessing.Pool` and
`ProcessPoolExecutor` pass work through queues whose locks a stopped process can take with it, and then wait for ever.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection
from typing import Any


@contextlib.contextmanager
def in_order(
    jobs: Sequence[Any], workers: int, prepare: Callable[..., Callable[[Any], Any]], *arguments: Any
) -> Iterator[Iterator[Any]]:
    """What `prepare(*arguments)` makes of each job, in the jobs' order; the processes end with the block.

    Args:
        workers: processes at most; the first one has jobs 0, workers, 2 * workers and so on.
        prepare: called once in each process, for what makes a result of a job. On Linux processes are forked and share
            what it holds; elsewhere it, its arguments and the jobs must pickle.

    Raises: ChildProcessError while iterating if a process ends before its work is done; what a job raises.
    """
    context: Any = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    count = min(workers, len(jobs))
    ours: list[Connection] = []
    processes = []
    try:
        # Ctrl-C goes to all processes; the workers leave it to the one that started them.
        with _interrupts_held():
            for number in range(count):
                near, far = context.Pipe()
                own = jobs[number::count]
                process = context.Process(
                    target=_work, args=(far, (*ours, near), own, prepare, arguments), daemon=True
                )
                process.start()
                far.close()
                ours.append(near)
                processes.append(process)
        yield _received(ours, len(jobs))
    finally:
        for process in processes:
            process.kill()  # nothing of theirs is worth a goodbye
        for process in processes:
            process.join()
        for connection in ours:
            connection.close()


def _received(connections: Sequence[Connection], n: int) -> Iterator[Any]:
    for number in range(n):
        try:
            result = connections[number % len(connections)].recv()
        except EOFError:
            raise ChildProcessError("a worker process ended before its work was done") from None
        if isinstance(result, BaseException):
            raise result
        yield result


def _work(
    far: Connection,
    inherited: Sequence[Connection],
    jobs: Sequence[Any],
    prepare: Callable[..., Callable[[Any], Any]],
    arguments: Sequence[Any],
) -> None:
    """A worker's life. It ends at the first result that nobody takes: whoever started it is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for connection in inherited:
        connection.close()  # else a worker would hold open the pipe whose end tells it or another to go
    try:
        make = prepare(*arguments)
        for job in jobs:
            far.send(make(job))
    except OSError:
        pass
    except Exception as error:
        with contextlib.suppress(OSError):
            far.send(error)
    os._exit(0)  # no clean-up: locks that other threads held at the fork stay locked here for ever


@contextlib.contextmanager
def _interrupts_held() -> Iterator[None]:
    """A block whose child processes begin with Ctrl-C blocked: none dies of it before it can ignore it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
