"""Work shared out over the cores that this process may use."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from tf_gd.summation.order import usable_cores

Item = TypeVar("Item")


def on_all_cores(work: Callable[[Iterator[Item]], object], items: Sequence[Item], worth_a_thread: int) -> None:
    """Let each core work through one list of items, for as long as there are any.

    Args:
        work: called once a thread, with an iterator that all share; return values are ignored, so it stores its
            results.
        items: what there is to do.
        worth_a_thread: so many items make up for starting a thread.

    Example:
        >>> squares = [0] * 4
        >>> def work(todo):
        ...     for item in todo:
        ...         squares[item] = item * item
        >>> on_all_cores(work, range(4), 1)
        >>> squares
        [0, 1, 4, 9]
    """
    todo = iter(items)
    workers = min(usable_cores(), len(items) // worth_a_thread)
    if workers < 2:
        work(todo)
        return
    ready = Barrier(workers).wait  # or Linux may put the second thread on the first one's core, and leave it there
    with ThreadPoolExecutor(workers, initializer=ready) as pool:
        for done in [pool.submit(work, todo) for _ in range(workers)]:
            done.result()
