"""Which model answers whom."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from classifier.errors import PolicyError
from classifier.policy_file import load_policy, packaged_path, parse_policy
from service.predictor import Predictor
from service.schemas import Complaint, Customer
from service.shadow.arms import model_for, position, predict
from tests.service.fakes import load_fake, make_model


@pytest.fixture
def predictor(tmp_path: Path) -> Predictor:
    """Serves v1 beside the candidate calm2, which the policy gives three customers in ten."""
    make_model(tmp_path, "v1")
    make_model(tmp_path, "calm2", pointer="SHADOW")
    return Predictor(tmp_path, load_fake, replace(load_policy(), candidate_share=0.3))


def of(customer: int, text: str = "等了很久") -> Complaint:
    """A complaint of a numbered customer."""
    return Complaint(text=text, customer=Customer(id=f"c{customer}"))


def test_the_candidate_answers_its_share_of_the_customers(predictor: Predictor) -> None:
    """Of 2,000 customers 600 are expected; 82 are four standard deviations."""
    versions = [model_for(of(number), predictor).version for number in range(2000)]
    assert 518 <= versions.count("calm2") <= 682


def test_a_customer_keeps_the_model_whatever_they_write(predictor: Predictor) -> None:
    """All complaints of one customer are answered by one model."""
    for number in range(50):
        texts = ("等了很久", "还没退款", "算了")
        assert len({model_for(of(number, text), predictor).version for text in texts}) == 1


def test_another_candidate_gets_other_customers() -> None:
    """Places are dealt anew for each candidate, so that no customer is always the one tried on."""
    assert position(of(1), "calm2") != position(of(1), "calm3")


def test_without_customer_or_id_the_text_decides() -> None:
    """The same request again gets the same model."""
    one, other = Complaint(text="等了很久"), Complaint(text="等了太久")
    assert position(one, "v2") == position(Complaint(text="等了很久"), "v2")
    assert position(one, "v2") != position(other, "v2")
    assert position(Complaint(text="甲", id="7"), "v2") == position(
        Complaint(text="乙", id="7"), "v2"
    )


def test_a_mixed_batch_keeps_its_order(predictor: Predictor) -> None:
    """Each complaint is answered by the model of its customer, in the order asked."""
    complaints = [of(number) for number in range(40)]
    found = [prediction.model_version for prediction in predict(complaints, predictor)]
    assert found == [model_for(complaint, predictor).version for complaint in complaints]
    assert set(found) == {"v1", "calm2"}


@pytest.mark.parametrize("share", ["-0.1", "0.51", "true", '"0.1"'])
def test_a_share_outside_of_its_range_is_refused(share: str) -> None:
    """What answers most is the current model; the mistake names the place."""
    content = packaged_path().read_text(encoding="utf-8")
    content += f"\n[experiment]\ncandidate_share = {share}\n"
    with pytest.raises(PolicyError, match=r"experiment\.candidate_share"):
        parse_policy(content.encode())


def test_the_policy_sets_the_share() -> None:
    """A policy without the section lets no candidate answer."""
    content = packaged_path().read_text(encoding="utf-8")
    assert parse_policy(content.encode()).candidate_share == 0
    content += "\n[experiment]\ncandidate_share = 0.1\n"
    assert parse_policy(content.encode()).candidate_share == 0.1
