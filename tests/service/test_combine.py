from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import pytest

from classifier.prediction import Prediction
from service.combine import MAX_CHARS, MAX_ITEMS, Combiner, Take
from tests.service.fakes import FakeTriage


def combiner_of(predict: Callable[[Sequence[str]], list[Prediction]]) -> Combiner:
    """Combines texts as the service does."""
    return Combiner(lambda take: predict(take()), stands_alone=lambda text: len(text) > MAX_CHARS)


class Slow:
    """A model that waits to be let go, and remembers which texts came together."""

    def __init__(self) -> None:
        self.model = FakeTriage("v1")
        self.batches: list[list[str]] = []
        self.entered, self.go_on = threading.Event(), threading.Event()

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        """Predictions, or an error when one text is bad."""
        self.batches.append(list(texts))
        self.entered.set()
        assert self.go_on.wait(10)
        if "坏" in texts:
            raise ValueError
        return self.model.predict(texts)


class Asking:
    """Threads that each ask for one text."""

    def __init__(self, combiner: Combiner) -> None:
        self.combiner = combiner
        self.found: dict[str, Prediction | Exception] = {}
        self.threads: list[threading.Thread] = []

    def ask(self, text: str) -> None:
        """Start asking."""
        thread = threading.Thread(target=self._run, args=(text,))
        thread.start()
        self.threads.append(thread)

    def ask_waiting(self, *texts: str) -> None:
        """Start asking and wait until all texts are in the queue."""
        wanted = len(self.combiner._waiting) + len(texts)
        for text in texts:
            self.ask(text)
        while len(self.combiner._waiting) < wanted:
            pass

    def _run(self, text: str) -> None:
        try:
            self.found[text] = self.combiner.result(text)
        except ValueError as error:
            self.found[text] = error

    def join(self) -> None:
        """Wait for all."""
        for thread in self.threads:
            thread.join(10)
            assert not thread.is_alive()


def test_a_text_that_comes_alone_is_predicted_alone() -> None:
    """It waits a moment for company and no longer."""
    slow = Slow()
    slow.go_on.set()
    assert combiner_of(slow.predict).result("服务太差").evidence[0].text == "服务"
    assert slow.batches == [["服务太差"]]


def test_texts_that_wait_are_predicted_together() -> None:
    """While one is at work the others gather, and each gets its own prediction."""
    slow = Slow()
    asking = Asking(combiner_of(slow.predict))
    asking.ask("甲一")
    assert slow.entered.wait(10)
    asking.ask_waiting("乙二", "丙三", "丁四")
    slow.go_on.set()
    asking.join()
    assert [sorted(batch) for batch in slow.batches] == [["甲一"], sorted(["乙二", "丙三", "丁四"])]
    assert {text: found.evidence[0].text for text, found in asking.found.items()} == {
        text: text for text in ("甲一", "乙二", "丙三", "丁四")
    }


def test_texts_that_come_until_the_work_is_ready_join_it() -> None:
    """What arrives before the work takes its items is done together with them."""
    slow = Slow()
    slow.go_on.set()

    def predict(take: Take[str]) -> list[Prediction]:
        asking.ask_waiting("乙二", "丙三")
        return slow.predict(take())

    asking = Asking(Combiner(predict))
    assert asking.combiner.result("甲一").evidence[0].text == "甲一"
    asking.join()
    assert sorted(slow.batches[0]) == sorted(["甲一", "乙二", "丙三"])


def test_a_text_that_fails_takes_no_other_with_it() -> None:
    """After a failed batch each text is predicted alone; only the bad one fails."""
    slow = Slow()
    asking = Asking(combiner_of(slow.predict))
    asking.ask("甲一")
    assert slow.entered.wait(10)
    asking.ask_waiting("坏", "丙三")
    slow.go_on.set()
    asking.join()
    assert isinstance(asking.found["坏"], ValueError)
    assert asking.found["丙三"].evidence[0].text == "丙三"
    assert asking.combiner.result("丁四").evidence[0].text == "丁四"


def test_a_long_text_keeps_nobody_waiting() -> None:
    """It is predicted by itself."""
    slow = Slow()
    slow.go_on.set()
    combiner = combiner_of(slow.predict)
    with pytest.raises(ValueError, match=r"^$"):
        combiner.result("坏")
    assert combiner.result("长" * (MAX_CHARS + 1)).chars_used == MAX_CHARS + 1


def test_many_threads_all_get_their_own_answer() -> None:
    """Sixty-four threads, two hundred texts each: none is lost, none is mixed up."""
    model = FakeTriage("v1")
    sizes: list[int] = []

    def predict(texts: Sequence[str]) -> list[Prediction]:
        sizes.append(len(texts))
        return model.predict(texts)

    combiner = combiner_of(predict)
    wrong: list[str] = []

    def ask(number: int) -> None:
        for turn in range(200):
            text = f"{chr(0x4E00 + number)}{chr(0x5E00 + turn)}"
            if combiner.result(text).evidence[0].text != text:
                wrong.append(text)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert wrong == []
    assert sum(sizes) == 64 * 200
    assert max(sizes) <= MAX_ITEMS


def test_no_result_is_a_result_too() -> None:
    """Work that answers None is not done twice."""
    calls: list[list[str]] = []

    def work(take: Take[str]) -> list[None]:
        calls.append(list(take()))
        return [None for _ in calls[-1]]

    assert Combiner(work).result("甲") is None
    assert calls == [["甲"]]


def test_work_that_fails_before_it_takes_anything_loses_nobody() -> None:
    """Each item is then worked on alone, the leader's too."""
    calls: list[list[str]] = []

    def work(take: Take[str]) -> list[str]:
        if not calls:
            calls.append([])
            raise ValueError
        calls.append(list(take()))
        return calls[-1]

    combiner = Combiner(work)
    assert combiner.result("甲") == "甲"
    assert calls == [[], ["甲"]]
    assert combiner._waiting == []
