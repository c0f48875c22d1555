"""Which complaints the candidate answers: a share of the customers that the policy sets."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

from classifier.prediction import Prediction
from service.predictor import Model, Predictor
from service.schemas import Complaint

_HASH_BYTES = 8


def predict(complaints: Sequence[Complaint], predictor: Predictor) -> list[Prediction]:
    """One prediction per complaint, in order, each by the model that is to answer it."""
    if not predictor.policy.candidate_share or predictor.candidate is None:
        return predictor.model.predict([complaint.text for complaint in complaints])
    models = [model_for(complaint, predictor) for complaint in complaints]
    found: dict[int, Prediction] = {}
    for version in {model.version for model in models}:
        places = [place for place, model in enumerate(models) if model.version == version]
        texts = [complaints[place].text for place in places]
        found.update(zip(places, models[places[0]].predict(texts), strict=True))
    return [found[place] for place in range(len(complaints))]


def model_for(complaint: Complaint, predictor: Predictor) -> Model:
    """The current model, or the candidate for its share of the customers."""
    share = predictor.policy.candidate_share
    candidate = predictor.candidate
    if not share or candidate is None:
        return predictor.model
    return candidate if position(complaint, candidate.version) < share else predictor.model


def position(complaint: Complaint, candidate: str) -> float:
    """Where a complaint stands in [0, 1): the same for all of one customer's, anew per candidate.

    Without a customer the client's own id decides, without that the text, so that a repeated
    request gets the same model.
    """
    if complaint.customer is not None and complaint.customer.id:
        about = f"customer\0{complaint.customer.id}"
    elif complaint.id:
        about = f"id\0{complaint.id}"
    else:
        about = f"text\0{complaint.text}"
    content = f"{candidate}\0{about}".encode("utf-8", "surrogatepass")
    digest = blake2b(content, digest_size=_HASH_BYTES).digest()
    return int.from_bytes(digest, "big") / float(1 << (8 * _HASH_BYTES))
