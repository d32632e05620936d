"""compose.yaml and the Dockerfile, as far as they can be wrong without Docker."""

import re
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
OFFICIAL_IMAGE = re.compile(r"[a-z]+:[\w.-]+")

# It comes with myst-parser, and has no types.
yaml: Any = import_module("yaml")


def read(path: str) -> str:
    return (ROOT / path).read_text("utf-8")


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    return dict(yaml.safe_load(read("compose.yaml"))["services"])


@pytest.fixture(scope="module")
def workers(services: dict[str, Any]) -> dict[str, Any]:
    return {name: service for name, service in services.items() if "build" in service}


def test_images_are_official_and_have_a_tag(services: dict[str, Any]) -> None:
    images = [service["image"] for service in services.values() if "image" in service]
    images += [words.split()[0] for words in re.findall(r"^FROM (.*)$", read("Dockerfile"), re.M)]
    assert len(images) == 4
    for image in images:
        assert OFFICIAL_IMAGE.fullmatch(image), image


def test_workers_are_told_what_the_app_reads(workers: dict[str, Any]) -> None:
    sources = "".join(path.read_text("utf-8") for path in (ROOT / "example_app").glob("*.py"))
    known = set(re.findall(r'environ(?:\.get\(|\[)"(\w+)"', sources))
    assert len(workers) == 2
    for worker in workers.values():
        assert worker["environment"].keys() <= known
        assert {"REDIS_URL", "SECRET_KEY", "BEHIND_PROXY"} <= worker["environment"].keys()
    assert len({worker["environment"]["WORKER"] for worker in workers.values()}) == len(workers)


def test_every_name_on_the_network_is_a_service(
    services: dict[str, Any], workers: dict[str, Any]
) -> None:
    upstream = re.findall(r"server ([\w-]+):(\d+)", services["nginx"]["environment"]["WORKERS"])
    (port,) = re.findall(r'"--port", "(\d+)"', read("Dockerfile"))
    assert upstream == [(name, port) for name in workers]
    for worker in workers.values():
        (host,) = re.findall(r"redis://([\w-]+):6379", worker["environment"]["REDIS_URL"])
        assert host in services
        assert f"127.0.0.1:{port}/" in worker["healthcheck"]["test"][-1]
    for service in services.values():
        assert set(service.get("depends_on", [])) <= services.keys()


def test_nginx_is_told_what_its_template_asks_for(services: dict[str, Any]) -> None:
    nginx = services["nginx"]
    source, target, mode = nginx["volumes"][0].split(":")
    assert (target, mode) == ("/etc/nginx/templates/default.conf.template", "ro")
    assert set(re.findall(r"\$\{(\w+)\}", read(source))) == nginx["environment"].keys()
    # The image replaces $NAME as well.
    assert not re.findall(r"\$(LISTEN|WORKERS)\b", read(source))
    assert nginx["ports"][0].endswith(":" + nginx["environment"]["LISTEN"])


def test_the_image_is_made_of_what_there_is() -> None:
    text = read("Dockerfile")
    for words in re.findall(r"^COPY (?!--from)(.*) \S+$", text, re.M):
        assert (ROOT / words).exists(), words
    for path in re.findall(r"-r (\S+/\S+)", text):
        assert (ROOT / path).is_file(), path
    (module,) = re.findall(r'"-m", "(\w+)"', text)
    assert find_spec(module) is not None
    ignored = read(".dockerignore").split()
    assert not {"example_app", "requirements", "static", "tools"} & set(ignored)
