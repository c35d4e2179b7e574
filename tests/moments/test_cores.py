"""Work shared out over cores: each item once, and what goes wrong in a thread comes out."""

import threading

import pytest

from tf_gd.moments.threads import on_all_cores


@pytest.mark.parametrize(("cores", "threads"), [(1, 1), (2, 2), (8, 5)])
def test_each_item_is_taken_once_with_as_many_calls_as_pay(monkeypatch, cores, threads):
    monkeypatch.setattr("tf_gd.moments.threads.usable_cores", lambda: cores)
    taken, calls = [], []

    def work(todo):
        calls.append(threading.get_ident())
        taken.extend(todo)

    on_all_cores(work, range(11), worth_a_thread=2)
    assert sorted(taken) == list(range(11))
    assert len(calls) == threads
    assert (threading.get_ident() in calls) == (cores == 1)


def test_an_error_in_a_thread_is_raised_and_no_thread_stays(monkeypatch):
    monkeypatch.setattr("tf_gd.moments.threads.usable_cores", lambda: 3)
    threads = threading.active_count()

    def work(todo):
        for item in todo:
            _ = 1 / (item - 20)

    with pytest.raises(ZeroDivisionError):
        on_all_cores(work, range(40), worth_a_thread=1)
    assert threading.active_count() == threads
