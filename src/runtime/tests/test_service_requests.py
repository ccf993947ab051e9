"""The service as its clients meet it: a real process on loopback."""

from __future__ import annotations

import http.client
import json
import random
import socket

import pytest
from service_helper import ROW, Service, make_bundle


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    found = Service(make_bundle(tmp_path_factory.mktemp("bundle")))
    assert found.said["code"] == "service.ready", found.stop()
    yield found
    code, log = found.stop()
    assert code == 0
    assert "secret reason" not in log.split("scoring failed")[0]


def test_answers_rows_one_row_and_csv(service):
    rows = [ROW, {**ROW, "age": 20}]
    assert service.predict({"rows": rows})[1]["predictions"] == ["yes", "no"]
    status, answer = service.predict(ROW)
    assert (status, answer["predictions"], answer["version"]) == (200, ["yes"], "v7")
    status, _, data = service.ask(
        "POST", "/predict", b"age,count,city\n41,3,Rome\n,3,Rome\n", {"content-type": "text/csv"}
    )
    assert (status, json.loads(data)["predictions"]) == (200, ["yes", "no"])
    assert service.predict({"rows": []})[1]["predictions"] == []


def test_explains_with_probabilities(service):
    status, _, data = service.ask("POST", "/predict?explain=proba", {"rows": [ROW]})
    assert (status, json.loads(data)["probabilities"]) == (200, [{"no": 0.25, "yes": 0.75}])
    assert service.ask("POST", "/predict?explain=why", ROW)[0] == 400


def test_open_inference_protocol(service):
    inputs = [{"name": k, "shape": [1], "datatype": "BYTES", "data": [v]} for k, v in ROW.items()]
    status, _, data = service.ask("POST", "/v2/models/towns/infer", {"id": "q1", "inputs": inputs})
    answer = json.loads(data)
    assert (status, answer["id"], answer["outputs"][0]["data"]) == (200, "q1", ["yes"])
    assert json.loads(service.ask("GET", "/v2/models/towns")[2])["inputs"][0]["name"] == "age"
    assert service.ask("GET", "/v2/health/ready")[0] == 200


HOSTILE = [
    (b"", 400), (b"{", 400), (b"null", 400), (b"[]", 400), (b'"x"', 400), (b"12", 400),
    (b'{"rows": 3}', 400), (b'{"rows": [{"age": NaN}]}', 400), (b'{"rows": [{"age": Infinity}]}', 400),
    (b'{"rows": [{"age": 1e999}]}', 400), (b'{"age": 1, "age": 2, "count": 3, "city": "Rome"}', 400),
    (b'{"rows": [{"city": "\\ud800"}]}', 400), (b'\xff\xfe{"a"', 400), (b'\xef\xbb\xbf{}', 400), (b"\x00", 400),
    (b"[" * 100_000 + b"]" * 100_000, 400), (b'{"a":' * 30_000 + b"1" + b"}" * 30_000, 400),
    (b'{"rows": [' + b'{"age":1},' * 19_000 + b'{"age":1}]}', 413), (b"x" * 300_000, 413),
    (b'{"rows": [1]}', 422), (b'{"rows": [[]]}', 422), (b'{"rows": [null]}', 422), (b"{}", 422),
]  # fmt: skip


@pytest.mark.parametrize(("body", "status"), HOSTILE)
def test_hostile_bodies_are_the_clients_fault(service, body, status):
    found, answer = service.predict(body)
    assert found == status, answer
    assert answer["error"]["id"]
    assert service.predict(ROW)[0] == 200


FIELDS = [
    ({"age": "41"}, "age", "type"), ({"age": True}, "age", "type"), ({"count": 3.5}, "count", "type"),
    ({"count": None}, "count", "missing"), ({"count": 10**30}, "count", "range"), ({"age": 10**400}, "age", "range"),
    ({"city": 5}, "city", "type"), ({"city": "x" * 2000}, "city", "size"), ({"note": 3}, "note", "type"),
    ({"note": "x" * 2000}, "note", "size"), ({"day": "tomorrow"}, "day", "type"), ({"flag": 1}, "flag", "type"),
    ({"city": {}}, "city", "type"), ({"age": [1]}, "age", "type"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "field", "reason"), FIELDS)
def test_says_row_field_and_reason_and_never_the_value(service, change, field, reason):
    status, answer = service.predict({"rows": [ROW, {**ROW, **change}]})
    if 10**400 in change.values():  # beyond what any JSON reader takes for a number
        assert status in (400, 422)
        return
    assert (status, answer["details"]) == (422, [{"row": 1, "field": field, "reason": reason}])
    assert "tomorrow" not in json.dumps(answer) and "xxxx" not in json.dumps(answer)


def test_missing_columns_and_unknown_ones(service):
    status, answer = service.predict({"age": 1, "secret-name": 5})
    assert status == 422
    assert [(d["field"], d["reason"]) for d in answer["details"]] == [("count", "missing"), ("city", "missing")]
    assert "secret-name" not in json.dumps(answer)
    assert service.predict({**ROW, "extra": [1, {"a": 2}]})[0] == 200


def test_integers_for_floats_and_the_other_way_round(service):
    assert service.predict({**ROW, "age": 41, "count": 3.0})[1]["predictions"] == ["yes"]


def test_refused_rows_carry_the_notebooks_condition(service):
    status, answer = service.predict({"rows": [ROW, {**ROW, "city": "Atlantis"}]})
    assert status == 422
    assert answer["details"] == [
        {
            "row": 1,
            "field": "city",
            "reason": "refused",
            "message": "cell 4: rows of Atlantis were left out of training",
        }
    ]


def test_a_fault_of_the_model_shows_its_id_only(service):
    status, answer = service.predict({**ROW, "city": "Crash"})
    assert status == 500
    assert "secret reason" not in json.dumps(answer)


def test_routes_methods_and_types(service):
    assert service.ask("GET", "/predict")[0] == 405
    assert service.ask("GET", "/predict")[1]["allow"] == "POST"
    assert service.ask("POST", "/readyz")[0] == 405
    assert service.ask("GET", "/nothing")[0] == 404
    assert service.ask("POST", "/predict", b"a", {"content-type": "application/xml"})[0] == 415
    assert service.ask("POST", "/predict", b"{}", {"content-type": "application/json; charset=utf-16"})[0] == 415
    status, headers, data = service.ask("GET", "/")
    assert status == 200 and b"http://" not in data and "default-src 'none'" in headers["content-security-policy"]
    document = json.loads(service.ask("GET", "/openapi.json")[2])
    assert set(document["components"]["schemas"]["Row"]["required"]) == {"age", "count", "city"}
    assert service.ask("GET", "/livez", headers={"x-request-id": "my-id-1"})[1]["x-request-id"] == "my-id-1"
    assert service.ask("GET", "/livez", headers={"x-request-id": "not an id"})[1]["x-request-id"] != "not an id"


def test_random_mutations_never_end_in_a_5xx_or_a_hang(service):
    rng = random.Random(7)
    valid = json.dumps({"rows": [ROW, {**ROW, "note": "a:b", "day": "2024-01-02"}]}).encode()
    pieces = [
        b"NaN",
        b"null",
        b"{}",
        b"[]",
        b'"',
        b"\\u0000",
        b"\\ud83d",
        b"1e400",
        b"-",
        b"\x80",
        b",",
        b":",
        b"{" * 50,
    ]
    codes = set()
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)
    for _ in range(2000):
        body = bytearray(valid)
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(len(body) + 1)
            kind = rng.randrange(4)
            if kind == 0 and body:
                del body[at : at + rng.randint(1, 9)]
            elif kind == 1:
                body[at:at] = rng.choice(pieces)
            elif kind == 2 and at < len(body):
                body[at] = rng.randrange(256)
            else:
                end = at + rng.randint(1, 30)
                body[at:at] = body[at:end]
        connection.request("POST", "/predict", bytes(body), {"content-type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        codes.add(answer.status)
    connection.close()
    assert codes <= {200, 400, 413, 422}, codes
    assert {200, 400, 422} <= codes


def test_slow_and_cut_requests_leave_the_service_well(service):
    for data in (
        b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
        b"GARBAGE\r\n\r\n",
        b"\x16\x03\x01",
    ):
        with socket.create_connection(("127.0.0.1", service.port), timeout=10) as connection:
            connection.sendall(data)
    assert service.predict(ROW)[0] == 200


def test_metrics_add_up(service):
    before = parse(service.ask("GET", "/metrics")[2].decode())
    service.predict({"rows": [ROW, {**ROW, "age": None}, {**ROW, "city": "Paris", "age": 99}]})
    service.predict({"rows": [{**ROW, "count": None}]})
    after = parse(service.ask("GET", "/metrics")[2].decode())

    def grown(name, **labels):
        key = (name, frozenset({"service": "towns", "model_version": "v7", **labels}.items()))
        return after.get(key, 0) - before.get(key, 0)

    assert grown("iapp_rows_total") == 3
    assert grown("iapp_requests_total", route="/predict", code="200") == 1
    assert grown("iapp_requests_total", route="/predict", code="422") == 1
    assert grown("iapp_rejected_rows_total", feature="count", reason="missing") == 1
    assert grown("iapp_feature_bin_total", feature="age", bin="missing") == 1
    assert grown("iapp_feature_bin_total", feature="age", bin="above") == 1
    assert grown("iapp_feature_bin_total", feature="age", bin="1") == 1
    assert grown("iapp_feature_bin_total", feature="city", bin="unseen") == 1
    assert grown("iapp_unusual_values_total", feature="city", how="unseen") == 1
    assert grown("iapp_prediction_bin_total", output="prediction", bin="yes") == 2
    assert grown("iapp_request_duration_seconds_count", route="/predict") == 2
    live = json.loads(service.ask("GET", "/profile")[2])["live"]
    assert live["age"]["missing"] >= 1


def test_copies_of_requests_are_answered_but_are_no_traffic(service):
    def values():
        found = parse(service.ask("GET", "/metrics")[2].decode())
        # Asking for the metrics is a request itself, and work done is work done.
        own = ("iapp_stage_duration_seconds", "iapp_executions_total")
        return {key: value for key, value in found.items() if not key[0].startswith(own) and "/metrics" not in str(key)}

    copy = {"Content-Type": "application/json", "X-Iapp-Mirror": "1"}
    before = values()
    for rows in ([ROW, {**ROW, "city": "Paris", "age": 99, "extra": 1}], [{**ROW, "count": None}]):
        status, _, body = service.ask("POST", "/predict", json.dumps({"rows": rows}).encode(), copy)
        assert (status, b"predictions" in body) in ((200, True), (422, False))
    grown = {key: value - before.get(key, 0) for key, value in values().items() if value != before.get(key, 0)}
    assert {(name, dict(labels)["code"]): value for (name, labels), value in grown.items()} == {
        ("iapp_mirrored_requests_total", "200"): 1,
        ("iapp_mirrored_requests_total", "422"): 1,
    }


def parse(text):
    """(name, labels) -> value of an exposition without escapes in its label values."""
    found = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, _, rest = line.partition("{")
            labels, _, value = rest.rpartition("} ")
            pairs = frozenset(tuple(pair.split("=", 1)) for pair in labels.replace('"', "").split(",") if pair)
            found[name, pairs] = float(value)
    return found
