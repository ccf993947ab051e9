"""Services of their own: how they start, batch, refuse when busy, and end."""

from __future__ import annotations

import json
import socket
import threading
import time

from service_helper import ROW, Service, make_bundle

from iapp_runtime.score.service.server import _listen


def test_strict_contracts_refuse_what_training_did_not_see(tmp_path):
    service = Service(make_bundle(tmp_path, strict=True))
    try:
        status, answer = service.predict({**ROW, "city": "Paris", "age": 99})
        assert status == 422
        assert {(d["field"], d["reason"]) for d in answer["details"]} == {("city", "category"), ("age", "range")}
    finally:
        service.stop()


def test_is_not_ready_when_an_example_is_answered_otherwise(tmp_path):
    bundle = make_bundle(tmp_path)
    (bundle / "examples.json").write_text(json.dumps({"rows": [ROW], "predictions": ["no"]}))
    service = Service(bundle)
    assert service.said["code"] == "service.failed"
    assert "otherwise" in service.said["reason"]
    assert service.process.wait(10) == 1


def test_a_batch_does_not_fail_for_one_bad_request(tmp_path):
    service = Service(make_bundle(tmp_path))
    answers = {}

    def ask(number, row):
        answers[number] = service.predict(row)[0]

    try:
        slow = threading.Thread(target=ask, args=(0, {**ROW, "wait": 0.5}))
        slow.start()
        time.sleep(0.1)
        rows = [
            {**ROW, "city": "Crash"} if n == 3 else {**ROW, "city": "Atlantis"} if n == 4 else ROW for n in range(1, 7)
        ]
        threads = [threading.Thread(target=ask, args=(n, row)) for n, row in enumerate(rows, 1)]
        for thread in threads:
            thread.start()
        for thread in [slow, *threads]:
            thread.join()
        assert answers == {0: 200, 1: 200, 2: 200, 3: 500, 4: 422, 5: 200, 6: 200}
    finally:
        service.stop()


def test_ends_by_sigterm_after_what_is_in_flight(tmp_path):
    service = Service(make_bundle(tmp_path))
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(service.predict({**ROW, "wait": 0.2})[0])) for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    code, _ = service.stop()
    for thread in threads:
        thread.join()
    assert code == 0
    assert answers == [200] * 5


def test_does_not_hold_an_answer_back_until_its_head_is_acknowledged():
    listener = _listen("127.0.0.1", 0)
    with listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            # By both: what an event loop sets by itself depends on the protocol that the listener names.
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
            assert listener.proto == socket.IPPROTO_TCP


def test_turns_requests_away_when_too_many_wait(tmp_path):
    service = Service(make_bundle(tmp_path))
    answers = []
    try:
        # It learns that rows are slow, and then knows that what waits already takes too long.
        service.predict({"rows": [{**ROW, "wait": 3.0}]})
        threads = [
            threading.Thread(target=lambda: answers.append(service.ask("POST", "/predict", {"rows": [ROW] * 40})))
            for _ in range(4)
        ]
        slow = threading.Thread(target=lambda: service.predict({**ROW, "wait": 1.5}))
        slow.start()
        time.sleep(0.3)
        for thread in threads:
            thread.start()
            time.sleep(0.05)
        for thread in [slow, *threads]:
            thread.join()
        shed = [headers for status, headers, _ in answers if status == 503]
        assert shed
        assert all(int(headers["retry-after"]) >= 1 for headers in shed)
    finally:
        service.stop()


def test_keeps_ground_truth_where_there_is_a_folder(tmp_path):
    service = Service(make_bundle(tmp_path / "bundle"), "--data-dir", str(tmp_path / "data"))
    try:
        _, answer = service.predict(ROW)
        assert service.ask("POST", "/feedback", {"id": answer["id"], "truth": ["no"]})[0] == 202
        assert service.ask("POST", "/feedback", {"id": 5})[0] == 400
    finally:
        _, log = service.stop()
    kept = json.loads((tmp_path / "data" / "feedback.ndjson").read_text())
    assert (kept["id"], kept["truth"]) == (answer["id"], ["no"])
    assert "truth" not in log


def test_packages_for_another_python_are_refused_in_one_sentence(monkeypatch, capsys):
    from iapp_runtime.score.__main__ import main

    monkeypatch.setenv("IAPP_PYTHON", "2.7")
    assert main(["serve", "nowhere"]) == 2
    assert "are for Python 2.7, and this is 3." in capsys.readouterr().err
