"""The number of threads that torch computes with is put back, whoever changes it at the same time."""

import threading

import pytest
import torch

from skgenre._torch_threads import torch_threads


@pytest.fixture
def two_threads():
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(1)


def in_a_thread(function):
    """Return what a function gives in a thread of its own, which sees the number that is set for new ones."""
    answers = []
    thread = threading.Thread(target=lambda: answers.append(function()))
    thread.start()
    thread.join()
    return answers[0]


def test_it_is_put_back_where_two_threads_overlap(two_threads):
    first_is_inside, second_is_inside, first_is_out = (threading.Event() for _ in range(3))

    def first():
        with torch_threads(1):
            first_is_inside.set()
            assert second_is_inside.wait(10)
        first_is_out.set()

    def second():
        assert first_is_inside.wait(10)
        with torch_threads(1):
            second_is_inside.set()
            assert first_is_out.wait(10)
            return torch.get_num_threads()

    other = threading.Thread(target=first)
    other.start()
    assert in_a_thread(second) == 1
    other.join()
    assert (torch.get_num_threads(), in_a_thread(torch.get_num_threads)) == (2, 2)


def test_inside_of_another_it_puts_back_what_that_one_set(two_threads):
    with torch_threads(1):
        with torch_threads(2):
            assert torch.get_num_threads() == 2
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 2


def test_it_is_put_back_after_an_error(two_threads):
    with pytest.raises(KeyError), torch_threads(1):
        raise KeyError
    assert (torch.get_num_threads(), in_a_thread(torch.get_num_threads)) == (2, 2)
