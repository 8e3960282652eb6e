"""The HTTP API: what a developer's client gets, for good requests and bad ones."""

import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from recontact import CauseClassifier
from recontact_serving.app import create_app
from recontact_serving.problems import retry_after
from recontact_serving.settings import Settings

TEXTS = ["they never called back", "friendly and quick!!", "", "køen var for lang 😡"]
SECRET = "my card is 4242"
JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def client(classifier: CauseClassifier) -> TestClient:
    """A client of a server with small limits; an error inside the server comes as an answer."""
    limits = Settings(max_texts=5, max_characters=200, max_request_characters=500, max_body_bytes=3000)
    app = create_app(limits, classifier)
    return TestClient(app, raise_server_exceptions=False)


def post(client: TestClient, body: Any) -> Response:
    return client.post("/v1/classify", json=body)


def is_problem(answer: Response, status: int) -> dict[str, Any]:
    """Checks that an answer is an RFC 9457 problem and returns it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    content: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "detail"} <= content.keys()
    assert content["status"] == status
    assert content["detail"]
    assert SECRET not in answer.text
    return content


def test_one_text_gets_the_classifiers_answer(client: TestClient, classifier: CauseClassifier) -> None:
    answer = post(client, {"text": TEXTS[0]})
    assert answer.status_code == 200
    (expected,) = classifier.classify(TEXTS[:1])
    assert answer.json() == {
        "model_version": classifier.model_version,
        "predictions": [json.loads(json.dumps(expected.to_dict()))],
    }


def test_many_texts_get_the_classifiers_answers_in_order(client: TestClient, classifier: CauseClassifier) -> None:
    for texts in (TEXTS, TEXTS[::-1], TEXTS[:1] * 5):
        expected = [json.loads(json.dumps(p.to_dict())) for p in classifier.classify(texts)]
        assert post(client, {"texts": texts}).json()["predictions"] == expected


@pytest.mark.parametrize("body", [{"text": ""}, {"text": " \n"}, {"texts": ["", "\t"]}])
def test_comments_of_spaces_alone_are_answered_too(
    client: TestClient, classifier: CauseClassifier, body: dict[str, Any]
) -> None:
    expected = [p.to_dict() for p in classifier.classify(body.get("texts") or [body["text"]])]
    assert post(client, body).json()["predictions"] == expected


@pytest.mark.parametrize("left_out", [set(), {"evidence"}, {"probabilities"}, {"evidence", "probabilities"}])
def test_what_nobody_asked_for_is_left_out(client: TestClient, classifier: CauseClassifier, left_out: set[str]) -> None:
    answer = post(client, {"texts": TEXTS, **dict.fromkeys(left_out, False)})
    for found, expected in zip(answer.json()["predictions"], classifier.classify(TEXTS), strict=True):
        whole = json.loads(json.dumps(expected.to_dict()))
        assert found == {name: value for name, value in whole.items() if name not in left_out}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": None},
        {"texts": []},
        {"text": SECRET, "texts": [SECRET]},
        {"text": 3},
        {"text": [SECRET]},
        {"texts": SECRET},
        {"texts": [SECRET, 3]},
        {"texts": [SECRET, None]},
        {"texts": {"0": SECRET}},
        {"text": SECRET, "langauge": "en"},
        {"text": SECRET, "evidence": "no"},
        {"text": SECRET, "probabilities": None},
        [SECRET],
        SECRET,
        None,
    ],
)
def test_a_request_of_another_form_is_unprocessable_and_not_repeated(client: TestClient, body: Any) -> None:
    is_problem(post(client, body), 422)


def test_the_problem_names_the_field(client: TestClient) -> None:
    assert "texts.1" in is_problem(post(client, {"texts": ["fine", 3]}), 422)["detail"]
    assert "langauge" in is_problem(post(client, {"text": "fine", "langauge": "en"}), 422)["detail"]


@pytest.mark.parametrize(
    "body",
    [
        b'{"text": ',
        b"text=hello",
        b'{"text": "\xff\xfe"}',
        b'{"text": "half \\ud83d"}',
        b'{"texts": ["fine", "\\udc00"]}',
        b"[" * 2500,
        b"1" * 2900,
    ],
    ids=["cut", "form", "not UTF-8", "lone surrogate", "lone surrogate in a list", "deep", "long number"],
)
def test_a_body_that_is_no_json_text_is_a_bad_request(client: TestClient, body: bytes) -> None:
    answer = client.post("/v1/classify", content=body, headers=JSON)
    if body.startswith((b"[", b"1")):  # some parsers read these; then the form is wrong
        assert answer.status_code in (400, 422)
        is_problem(answer, answer.status_code)
    else:
        is_problem(answer, 400)


def test_a_field_named_with_half_a_character_is_no_server_error(client: TestClient) -> None:
    answer = client.post("/v1/classify", content=b'{"text": "fine", "\\ud83d": 1}', headers=JSON)
    assert answer.status_code in (400, 422)
    is_problem(answer, answer.status_code)


def test_an_empty_body_is_refused(client: TestClient) -> None:
    assert "empty" in is_problem(client.post("/v1/classify"), 422)["detail"]


def test_json_of_which_nothing_is_said_is_read(client: TestClient) -> None:
    answer = client.post("/v1/classify", content=b'{"text": "they never called back"}')
    assert "content-type" not in answer.request.headers
    assert answer.status_code == 200


@pytest.mark.parametrize("path", ["/v1/classify", "/predict", "/v2/models/toy/infer"])
@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded"])
def test_what_is_said_to_be_no_json_is_refused_with_what_to_say(client: TestClient, path: str, kind: str) -> None:
    answer = client.post(path, content=b'{"text": "xylophone"}', headers={"content-type": kind})
    assert "content-type: application/json" in is_problem(answer, 415)["detail"]


def test_a_packed_body_is_refused_as_such(client: TestClient) -> None:
    packed = gzip.compress(b'{"text": "xylophone"}')
    answer = client.post("/v1/classify", content=packed, headers=JSON | {"content-encoding": "gzip"})
    assert "content-encoding" in is_problem(answer, 415)["detail"]


def test_what_is_wrong_with_a_body_is_said_without_it(client: TestClient) -> None:
    for body, words in (
        (b'{"text": "\xff"}', "not UTF-8 (byte 10)"),
        (b'{"text": ', "character"),
        (b"\xef\xbb\xbf[", ""),
    ):
        answer = client.post("/v1/classify", content=body, headers=JSON)
        assert words in is_problem(answer, 400)["detail"]
    binary = client.post("/v2/models/toy/infer", content=b"{}\x00", headers={"inference-header-content-length": "2"})
    assert "binary_data=False" in is_problem(binary, 415)["detail"]


def test_health_can_be_asked_for_its_head(client: TestClient) -> None:
    assert [client.head(f"/health/{name}").status_code for name in ("live", "ready")] == [200, 200]


def test_a_slash_too_many_is_no_route_and_sends_nobody_elsewhere(client: TestClient) -> None:
    assert client.post("/v1/classify/", json={"text": "x"}, follow_redirects=False).status_code == 404


def test_fewer_and_surer_causes_can_be_asked_for(client: TestClient, classifier: CauseClassifier) -> None:
    (sure,) = post(client, {"text": TEXTS[0], "min_precision": 0.95}).json()["predictions"]
    assert sure == classifier.at_precision(0.95).classify([TEXTS[0]])[0].to_dict()
    assert "min_precision" in is_problem(post(client, {"text": TEXTS[0], "min_precision": 0.2}), 422)["detail"]


def test_a_model_that_was_never_measured_promises_no_precision(unmeasured: CauseClassifier) -> None:
    answer = post(TestClient(create_app(Settings(), unmeasured)), {"text": TEXTS[0], "min_precision": 0.9})
    assert "recontact calibrate" in is_problem(answer, 409)["detail"]


def test_too_many_texts_are_refused_with_the_limit(client: TestClient) -> None:
    assert "5 texts" in is_problem(post(client, {"texts": [SECRET] * 6}), 413)["detail"]


def test_too_long_a_text_is_refused_with_the_limit(client: TestClient) -> None:
    assert "200 characters" in is_problem(post(client, {"texts": ["fine", SECRET + "x" * 200]}), 413)["detail"]
    assert post(client, {"text": "x" * 200}).status_code == 200


def test_too_many_characters_together_are_refused_with_the_limit(client: TestClient) -> None:
    detail = is_problem(post(client, {"texts": [SECRET + "x" * (150 - len(SECRET))] * 4}), 413)["detail"]
    assert "500 characters together, these have 600" in detail
    assert SECRET not in detail


def test_too_large_a_declared_body_is_refused(client: TestClient) -> None:
    assert "3,000 bytes" in is_problem(post(client, {"text": SECRET + "x" * 3000}), 413)["detail"]


def test_too_large_a_chunked_body_is_refused(client: TestClient) -> None:
    def chunks() -> Iterator[bytes]:
        yield b'{"text": "' + SECRET.encode()
        for _ in range(100):
            yield b"x" * 100
        yield b'"}'

    is_problem(client.post("/v1/classify", content=chunks(), headers=JSON), 413)


def test_a_chunked_body_within_the_limit_is_answered(client: TestClient) -> None:
    answer = client.post("/v1/classify", content=iter([b'{"text": ', b'"they never', b' called back"}']), headers=JSON)
    assert answer.json() == post(client, {"text": "they never called back"}).json()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("POST", "/v1/nothing", 404),
        ("GET", "/v1/classify", 405),
        ("POST", "/health/live", 405),
    ],
)
def test_unknown_paths_and_methods_are_problems_too(client: TestClient, method: str, path: str, status: int) -> None:
    answer = client.request(method, path)
    is_problem(answer, status)
    assert ("allow" in answer.headers) == (status == 405)


def test_a_failure_inside_the_server_is_a_problem_without_the_comment(classifier: CauseClassifier) -> None:
    class Failing:
        model_version = "failing@0"

        def classify(self, texts: list[str]) -> list[Any]:
            return []

        def answer_in_steps(self, text: str) -> Any:
            raise RuntimeError(f"cannot read {text}")

    app = create_app(Settings(), Failing())  # type: ignore[arg-type]
    is_problem(post(TestClient(app, raise_server_exceptions=False), {"text": SECRET}), 500)


def test_the_address_itself_says_where_to_read_on(client: TestClient) -> None:
    told = client.get("/").json()
    assert told["name"] == "recontact"
    assert all(client.get(f"/{told[name]}").status_code == 200 for name in ("docs", "openapi", "health"))
    is_problem(client.post("/"), 405)


def test_those_who_are_refused_together_do_not_come_back_together_and_nobody_too_soon() -> None:
    for wait, least in ((0.2, 1), (1, 1), (3.2, 4), (30, 30)):
        told = {int(retry_after(wait)["Retry-After"]) for _ in range(500)}
        assert min(told) == least
        assert least < max(told) <= least * 1.25 + 1


def test_health_says_live_and_ready_with_the_model(client: TestClient, classifier: CauseClassifier) -> None:
    assert client.get("/health/live").json()["status"] == "live"
    assert client.get("/health/ready").json() == {"status": "ready", "model_version": classifier.model_version}


def test_the_api_documents_itself(client: TestClient) -> None:
    assert client.get("/docs").status_code == 200
    described = client.get("/openapi.json").json()
    classify = described["paths"]["/v1/classify"]["post"]
    assert {"200", "400", "413", "422"} <= classify["responses"].keys()
    assert list(classify["responses"]["422"]["content"]) == ["application/problem+json"]
    assert {"ClassifyRequest", "PredictionOut"} <= described["components"]["schemas"].keys()


any_text = st.text(st.characters(), max_size=30)  # with lone surrogates, which JSON can escape
any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | any_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(any_text, inner, max_size=4),
    max_leaves=8,
)
near_json = st.fixed_dictionaries({}, optional={"text": any_json, "texts": any_json | st.lists(any_text, max_size=7)})


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(body=any_json | near_json)
@example(body={"text": "\x00"})
@example(body={"texts": ["\ud83d"]})
@example(body={"\ud83d": 1, "text": "fine"})
def test_no_json_body_makes_the_server_fail(client: TestClient, body: Any) -> None:
    answer = client.post("/v1/classify", content=json.dumps(body).encode(), headers=JSON)
    if answer.status_code != 200:
        assert answer.status_code in (400, 413, 422)
        assert answer.headers["content-type"] == "application/problem+json"


@settings(max_examples=40, deadline=None)
@given(body=st.binary(max_size=60))
def test_no_bytes_make_the_server_fail(client: TestClient, body: bytes) -> None:
    assert client.post("/v1/classify", content=body, headers=JSON).status_code in (200, 400, 422)


def test_a_stopping_server_is_not_ready(classifier: CauseClassifier) -> None:
    app = create_app(Settings(), classifier)
    with TestClient(app) as client:
        assert client.get("/health/ready").status_code == 200
        app.state.scheduler.close()
        answer = client.get("/health/ready")
    is_problem(answer, 503)
    assert int(answer.headers["retry-after"]) > 0
