"""What the example shows where there is nothing else to show."""

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from example_app.app import create_app


@pytest.fixture
def app() -> Flask:
    return create_app()


def expect_page(response: TestResponse, status: int, heading: str) -> None:
    assert response.status_code == status
    assert response.mimetype == "text/html"
    assert f"<h1>{heading}</h1>" in response.text
    assert 'href="/">Go to the lobby' in response.text
    assert "nonce-" in response.headers["Content-Security-Policy"]


def test_an_error_is_a_page_of_the_site(app: Flask) -> None:
    client = app.test_client()
    expect_page(client.get("/nothing"), 404, "Not Found")
    refused = client.delete("/")
    expect_page(refused, 405, "Method Not Allowed")
    assert set(refused.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}


def test_a_fault_is_a_page_without_its_secrets(app: Flask) -> None:
    @app.get("/fault")
    def fault() -> str:
        raise ValueError("a secret")

    response = app.test_client().get("/fault")
    expect_page(response, 500, "Internal Server Error")
    assert "a secret" not in response.text


def test_what_others_answer_stays_theirs(app: Flask) -> None:
    answer = app.test_client().post("/p2p/token", json={"token": "x"})
    assert answer.is_json
    assert answer.get_json()["error"]["code"] == "unauthorized"
