"""Figures of jobs: what they show, that they are the same bytes each time, and that no text breaks them."""

import io
import re
import subprocess
import sys
import threading
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from store import metrics
from store.database.engine import Database
from store.database.records import Series
from tests.api.service import Running, running
from tests.api.sides import ERROR, epoch, finish, job_with, start
from tests.store.databases import writing

pytestmark = pytest.mark.slow
KINDS = ("loss-variation", "class-accuracy", "learning-curves", "confusion-matrix")
METHODS = {"method": ["lpl", "cross_entropy"]}
SVG = "{http://www.w3.org/2000/svg}"


def svg(http: httpx.Client, job: str, kind: str, query: str = "") -> ElementTree.Element:
    answer = http.get(f"/v1/jobs/{job}/figures/{kind}.svg{query}")
    assert answer.status_code == 200, answer.text
    return ElementTree.fromstring(answer.content)


def texts(figure: ElementTree.Element) -> list[str]:
    """All words of a figure."""
    return ["".join(element.itertext()).strip() for element in figure.iter(f"{SVG}text")]


@pytest.mark.parametrize("kind", [KINDS[0], *(pytest.param(kind, marks=pytest.mark.campaign) for kind in KINDS[1:])])
def test_a_figure_comes_in_three_forms_and_is_the_same_each_time(service: Running, kind: str) -> None:
    job = job_with(service, [0.1, 0.2], [0.3, 0.2], sweep=METHODS, name="long tail")
    forms = {}
    for form in ("svg", "png", "pdf"):
        path = f"/v1/jobs/{job}/figures/{kind}.{form}"
        first, second = (service.http.get(path) for _ in range(2))
        assert first.content == second.content
        assert service.http.get(path, headers={"If-None-Match": first.headers["etag"]}).status_code == 304
        assert first.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
        forms[form] = first
    assert forms["pdf"].content.startswith(b"%PDF")
    assert [each.headers["content-type"] for each in forms.values()] == [
        "image/svg+xml",
        "image/png",
        "application/pdf",
    ]
    assert Image.open(io.BytesIO(forms["png"].content)).width > 500
    words = " ".join(texts(ElementTree.fromstring(forms["svg"].content)))
    assert all(part in words for part in ("long tail", "digits 20:1", "lpl (n = 2)", "cross_entropy (n = 2)"))
    assert not re.search(rb"20\d\d-\d\d-\d\d|CreationDate", b"".join(each.content for each in forms.values()))


@pytest.mark.campaign
def test_figures_are_read_from_either_database(db: Database, tmp_path: Path) -> None:
    with running(db, tmp_path) as service:
        job = job_with(service, [0.1, 0.2], [0.3, 0.2], sweep=METHODS)
        page = service.http.get(f"/v1/jobs/{job}/report.html").text
        assert page.count("<svg") == len(KINDS)
        assert page.count("cross_entropy (n = 2)") == len(KINDS)


def test_axes_are_named(service: Running) -> None:
    job = job_with(service, [0.1, 0.2], [0.3, 0.2], sweep=METHODS)
    words = {kind: texts(svg(service.http, job, kind)) for kind in KINDS}
    assert words["loss-variation"].count("(l' - l) / l") == 2
    assert "10 classes by descending count" in words["loss-variation"]
    assert {"test/accuracy %", "training"} <= set(words["class-accuracy"])
    assert {"epoch", "top-1 error %"} <= set(words["learning-curves"])
    assert {"true", "share of the true class"} <= set(words["confusion-matrix"])


def test_metrics_and_epochs_can_be_chosen(service: Running) -> None:
    job = job_with(service, [0.1, 0.2], record=lambda value: {ERROR: value, "train/loss": value})
    http = service.http
    assert "Absolute loss variation" in " ".join(
        texts(svg(http, job, "loss-variation", "?metric=absolute_loss_variation&epoch=2"))
    )
    assert "train/loss" in texts(svg(http, job, "learning-curves", "?metric=train/loss"))
    assert svg(http, job, "loss-variation", "?epoch=1") is not None
    first, last = (http.get(f"/v1/jobs/{job}/figures/loss-variation.svg?epoch={n}").text for n in (1, 3))
    assert first != last
    assert http.get(f"/v1/jobs/{job}/figures/loss-variation.svg").text == last


@pytest.mark.parametrize(
    ("address", "status", "said"),
    [
        ("bars.svg", 404, ""),
        ("loss-variation.gif", 404, ""),
        ("loss-variation.svg?epoch=9", 404, "at epoch 9"),
        ("class-accuracy.svg?metric=test/none", 404, "test/none"),
        ("learning-curves.svg?metric=none", 404, "none"),
        ("learning-curves.svg?epoch=1", 422, "epoch"),
        ("confusion-matrix.svg?metric=x", 422, "metric"),
        ("loss-variation.svg?metric=x", 422, "relative_loss_variation"),
        ("loss-variation.svg?epoch=0", 422, "epoch"),
    ],
)
def test_a_figure_that_cannot_be_is_a_problem(service: Running, address: str, status: int, said: str) -> None:
    job = job_with(service, [0.1])
    answer = service.http.get(f"/v1/jobs/{job}/figures/{address}")
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert said in answer.text


def test_a_job_that_has_recorded_nothing_has_no_figure(service: Running) -> None:
    job = service.submit()["id"]
    for kind in KINDS:
        assert service.http.get(f"/v1/jobs/{job}/figures/{kind}.png").status_code == 404
    assert service.http.get("/v1/jobs/j_none/figures/loss-variation.png").status_code == 404


@pytest.mark.parametrize("form", ["svg", *(pytest.param(form, marks=pytest.mark.campaign) for form in ("png", "pdf"))])
def test_no_text_breaks_a_figure(service: Running, form: str) -> None:
    name = "$x_$ \\frac{ <script>alert(1)</script> ]]> & \" ' 漢字 \u202e \x01\x1f 🐈 \n" + "w" * 90
    job = service.submit(name=name, tags=["<b>"])["id"]
    held = start(service.db, names=[*(f"<{c}>&$\x02漢" for c in range(9)), "w" * 500])
    epoch(service.db, held, 1, {ERROR: 0.5})
    finish(service.db, held)
    for kind in KINDS:
        answer = service.http.get(f"/v1/jobs/{job}/figures/{kind}.{form}")
        assert answer.status_code == 200, answer.text
        if form == "svg":
            words = texts(ElementTree.fromstring(answer.content))
            assert "<script>" in " ".join(words)
            assert b"<script" not in answer.content


def test_multi_label_variations_have_a_panel_of_positives_and_one_of_negatives(service: Running) -> None:
    job = service.submit()["id"]
    held = start(service.db)
    values = np.linspace(-1, 1, 10, dtype="<f4").tobytes()
    series = {f"relative_loss_variation.{sign}": Series((10,), values) for sign in ("positive", "negative")}
    writing(service.db, metrics.record_epoch, held, epoch=1, epochs=3, metrics={}, series=series)
    words = texts(svg(service.http, job, "loss-variation"))
    assert [word for word in words if "lpl" in word] == ["(a) lpl (pos, n = 1)", "(b) lpl (neg, n = 1)"]


def test_figures_drawn_at_the_same_time_are_those_drawn_alone(service: Running) -> None:
    job = job_with(service, [0.1, 0.2], [0.3, 0.2], sweep=METHODS)
    paths = [f"/v1/jobs/{job}/figures/{kind}.svg" for kind in KINDS]
    alone = [service.http.get(path).content for path in paths]
    together: dict[str, bytes] = {}

    def ask(path: str) -> None:
        together[path] = httpx.get(f"{service.url}{path}", timeout=60, verify=False).content

    threads = [threading.Thread(target=ask, args=[path]) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [together[path] for path in paths] == alone


@pytest.mark.campaign
def test_nothing_draws_before_a_figure_is_asked_for() -> None:
    program = (
        "import sys; from api.late import load; load(); from api.routes import routers; routers(); "
        "print(any(name.partition('.')[0] == 'matplotlib' for name in sys.modules))"
    )
    root = Path(__file__).parents[2]
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=root)
    assert answer.stdout.strip() == "False"
