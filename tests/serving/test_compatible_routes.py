"""Clients that exist already work: those of text-embeddings-inference, of the Hugging Face hub, of Open Inference."""

import socket
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest
import uvicorn
from fastapi.testclient import TestClient
from huggingface_hub import InferenceClient
from open_inference.openapi.client import InferenceRequest, NotFoundError, OpenInferenceClient

from recontact import CauseClassifier
from recontact_serving.app import create_app
from recontact_serving.settings import Settings

TEXTS = ["they never called back", "friendly and quick!!", "køen var for lang 😡"]


@pytest.fixture(scope="module")
def address(classifier: CauseClassifier) -> Iterator[str]:
    """A real server on a port of its own."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(Settings(), classifier), log_level="error"))
    thread = threading.Thread(target=lambda: server.run(sockets=[listening]))
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def client(classifier: CauseClassifier) -> TestClient:
    """A client inside this process."""
    return TestClient(create_app(Settings(), classifier))


def best_first(classifier: CauseClassifier, text: str) -> list[dict[str, object]]:
    (row,) = classifier.predict_proba([text])
    order = np.argsort(-row, kind="stable")
    return [{"label": classifier.taxonomy.ids[k], "score": float(row[k])} for k in order]


def test_the_hub_client_gets_every_cause_best_first(address: str, classifier: CauseClassifier) -> None:
    found = InferenceClient(f"{address}/predict").text_classification(TEXTS[0])
    assert [(f.label, f.score) for f in found] == [(e["label"], e["score"]) for e in best_first(classifier, TEXTS[0])]
    assert len(InferenceClient(f"{address}/predict").text_classification(TEXTS[0], top_k=2)) == 2


def test_one_text_gets_a_list_and_several_a_list_of_lists(client: TestClient, classifier: CauseClassifier) -> None:
    expected = [best_first(classifier, text) for text in TEXTS]
    assert client.post("/predict", json={"inputs": TEXTS[0]}).json() == expected[0]
    assert client.post("/predict", json={"inputs": TEXTS}).json() == expected
    assert client.post("/predict", json={"inputs": [[text] for text in TEXTS]}).json() == expected


def test_raw_scores_are_logits(client: TestClient, classifier: CauseClassifier) -> None:
    for body in ({"raw_scores": True}, {"parameters": {"function_to_apply": "none"}}):
        answer = client.post("/predict", json={"inputs": [TEXTS[0]], **body}).json()[0]
        shown = 1 / (1 + np.exp([-score["score"] for score in answer]))
        assert shown == pytest.approx([e["score"] for e in best_first(classifier, TEXTS[0])], abs=1e-6)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"inputs": []},
        {"inputs": [["a", "b"]]},
        {"inputs": [[]]},
        {"inputs": 3},
        {"inputs": "a", "parameters": {"function_to_apply": "softmax"}},
        {"inputs": "a", "parameters": {"top_k": 0}},
    ],
)
def test_what_cannot_be_predicted_is_unprocessable(client: TestClient, body: object) -> None:
    assert client.post("/predict", json=body).status_code == 422


def test_a_text_that_would_be_cut_is_refused_unless_it_may_be(client: TestClient) -> None:
    long = "they never called back " * 800
    assert client.post("/predict", json={"inputs": long}).status_code == 413
    assert client.post("/predict", json={"inputs": long, "truncate": True}).status_code == 200


def test_the_open_inference_client_finds_the_model_and_its_answers(address: str, classifier: CauseClassifier) -> None:
    client, (name, version) = OpenInferenceClient(base_url=address), classifier.model_version.split("@")
    client.check_server_liveness()
    client.check_server_readiness()
    client.check_model_readiness(name)
    client.check_model_version_readiness(name, version)
    assert client.read_server_metadata().name == "recontact"
    described = client.read_model_metadata(name)
    assert described.versions == [version]
    assert described.properties == {"causes": ";".join(classifier.taxonomy.ids)}
    request = InferenceRequest.parse_obj(
        {"id": "7", "inputs": [{"name": "text", "datatype": "BYTES", "shape": [3], "data": TEXTS}]}
    )
    for answer in (
        client.model_infer(name, request=request),
        client.model_version_infer(name, version, request=request),
    ):
        assert (answer.id, answer.model_name, answer.model_version) == ("7", name, version)
        found = {output.name: output for output in answer.outputs}
        data = {name: output.dict()["data"] for name, output in found.items()}
        assert set(found) == {output.name for output in described.outputs or []}
        predictions = classifier.classify(TEXTS)
        assert data["cause"] == [p.cause for p in predictions]
        assert data["needs_review"] == [p.needs_review for p in predictions]
        assert found["probabilities"].shape == [3, len(classifier.taxonomy)]
        assert data["probabilities"] == classifier.predict_proba(TEXTS).ravel().tolist()
    with pytest.raises(NotFoundError):
        client.check_model_readiness("another")


def test_an_infer_request_may_choose_outputs(client: TestClient, classifier: CauseClassifier) -> None:
    tensor = {"name": "text", "datatype": "BYTES", "shape": [3, 1], "data": [[text] for text in TEXTS]}
    body = {"inputs": [tensor], "outputs": [{"name": "causes"}]}
    answer = client.post(f"/v2/models/{classifier.manifest.name}/infer", json=body).json()
    assert answer["outputs"] == [
        {
            "name": "causes",
            "datatype": "BYTES",
            "shape": [3],
            "data": [";".join(p.causes) for p in classifier.classify(TEXTS)],
        }
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"name": "words"},
        {"datatype": "FP32"},
        {"shape": [2]},
        {"shape": [1, 3]},
        {"shape": [0], "data": []},
        {"shape": []},
        {"data": [1, 2, 3]},
    ],
)
def test_a_tensor_that_does_not_fit_is_unprocessable(
    client: TestClient, classifier: CauseClassifier, change: dict[str, object]
) -> None:
    tensor = {"name": "text", "datatype": "BYTES", "shape": [3], "data": TEXTS} | change
    answer = client.post(f"/v2/models/{classifier.manifest.name}/infer", json={"inputs": [tensor]})
    assert answer.status_code == 422
    assert answer.json()["detail"]


def test_an_unknown_model_version_or_output_is_named(client: TestClient, classifier: CauseClassifier) -> None:
    body = {
        "inputs": [{"name": "text", "datatype": "BYTES", "shape": [1], "data": ["a"]}],
        "outputs": [{"name": "why"}],
    }
    name = classifier.manifest.name
    assert "'why'" in client.post(f"/v2/models/{name}/infer", json=body).json()["detail"]
    answer = client.get(f"/v2/models/{name}/versions/none/ready")
    assert answer.status_code == 404
    assert classifier.model_version in answer.json()["detail"]
    assert answer.json()["error"] == answer.json()["detail"]  # where the protocol has it


def test_the_taxonomy_names_causes_in_each_language(client: TestClient, classifier: CauseClassifier) -> None:
    taxonomy = classifier.taxonomy
    for language in taxonomy.languages:
        found = client.get("/v1/taxonomy", params={"lang": language}).json()
        assert [cause["id"] for cause in found["causes"]] == [*taxonomy.ids, "none"]
        assert [cause["name"] for cause in found["causes"][:-1]] == [cause.name[language] for cause in taxonomy]
    assert client.get("/v1/taxonomy").json()["language"] == "en"
    assert "nb" in client.get("/v1/taxonomy?lang=xx").json()["detail"]
