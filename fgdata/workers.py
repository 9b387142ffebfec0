"""Work in several processes, accounted for in order. Ctrl-C, an error and kill -9 leave no process behind and none waiting.

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

Job = Callable[[Any], tuple[Any, Callable[[Any], None]]]
"""Makes of a job what its starter is told, and what is to be called with the starter's answer."""


def processors(most: int = 8) -> int:
    """How many processors this process may use, `most` at most."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, most)


@contextlib.contextmanager
def in_order(
    jobs: Sequence[Any], workers: int, prepare: Callable[..., Job], *arguments: Any
) -> Iterator[Callable[[Callable[[Any], Any]], Iterator[int]]]:
    """Does the jobs in several processes, which end with the block.

    The block gets a function. Given `answer`, called with what was told of each job, in the jobs' order, it yields after each call
    for how many of the first jobs the answer has been dealt with; the last time that is all.

    Args:
        workers: processes at most; the first one has jobs 0, workers, 2 * workers and so on.
        prepare: called once in each process, for what does a job. On Linux processes are forked and share
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
        yield lambda answer: _exchanged(ours, len(jobs), answer)
    finally:
        for process in processes:
            process.kill()  # nothing of theirs is worth a goodbye
        for process in processes:
            process.join()
        for connection in ours:
            connection.close()


def _exchanged(connections: Sequence[Connection], n: int, answer: Callable[[Any], Any]) -> Iterator[int]:
    count = len(connections)
    for number in range(n):
        worker = connections[number % count]
        reply = answer(_received(worker))
        with contextlib.suppress(OSError):  # one that has ended has said why, or its silence will be heard
            worker.send(reply)
        # A worker deals with the answer to a job after it has told of its next one, and before the one after that.
        yield max(0, number + 1 - 2 * count)
    for worker in connections:
        _received(worker)
    yield n


def _received(connection: Connection) -> Any:
    try:
        result = connection.recv()
    except (EOFError, OSError):
        raise ChildProcessError("a worker process ended before its work was done") from None
    if isinstance(result, BaseException):
        raise result
    return result


def _work(
    far: Connection,
    inherited: Sequence[Connection],
    jobs: Sequence[Any],
    prepare: Callable[..., Job],
    arguments: Sequence[Any],
) -> None:
    """A worker's life. It ends at the first message that nobody takes: whoever started it is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for connection in inherited:
        connection.close()  # else a worker would hold open the pipe whose end tells it or another to go
    with contextlib.suppress(_StarterGone):
        try:
            do = prepare(*arguments)
            waiting: Callable[[Any], None] | None = None
            for job in jobs:
                told, finish = do(job)
                _tell(far, told)
                if waiting is not None:
                    waiting(_answer(far))
                waiting = finish
            if waiting is not None:
                waiting(_answer(far))
            _tell(far, None)
        except Exception as error:
            _tell(far, error)
    os._exit(0)  # no clean-up: locks that other threads held at the fork stay locked here for ever


class _StarterGone(BaseException):
    """The process that started this one has ended."""


def _tell(far: Connection, what: Any) -> None:
    try:
        far.send(what)
    except OSError:
        raise _StarterGone from None


def _answer(far: Connection) -> Any:
    try:
        return far.recv()
    except (EOFError, OSError):
        raise _StarterGone from None


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
