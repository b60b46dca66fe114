"""What of a trainer's output reaches the log."""

import os
import threading

import pytest

from worker.output import HEAD_BYTES, TAIL_BYTES, Output


def heard(*pieces: bytes) -> list[tuple[str, str]]:
    """What is texts of output that comes in these pieces."""
    texts: list[tuple[str, str]] = []
    reading, writing = os.pipe()
    listener = threading.Thread(target=Output(lambda level, text: texts.append((level, text))).read, args=(reading,))
    listener.start()
    for piece in pieces:
        os.write(writing, piece)
    os.close(writing)
    listener.join(30)
    os.close(reading)
    return texts


def lines(*pieces: bytes) -> list[str]:
    return [line for _, text in heard(*pieces) for line in text.split("\n")]


@pytest.mark.parametrize(("printed", "kept"), [
    (b" 10%|#    |\r 50%|##   |\r100%|#####|\n", ["100%|#####|"]),
    (b"\r 10%\r 90%\rdone\nnext\n", ["done", "next"]),
    (b"a\r\nb\r\n", ["a", "b"]),
    (b"a\r\r\nb", ["a", "b"]),
    (b"half\r", ["half"]),
    (b"one\r\ntwo\rthree", ["one", "three"]),
    (b"\n\n \n", []),
    (b"x\n\ny\n", ["x", "", "y"]),
    (b"\xff\xfe\n", ["\ufffd\ufffd"]),
])  # fmt: skip
def test_progress_that_rewrites_its_line_leaves_its_last_state(printed: bytes, kept: list[str]) -> None:
    assert lines(printed) == kept
    one_by_one = lines(*(printed[i : i + 1] for i in range(len(printed))))
    assert [line for line in one_by_one if line] == [line for line in kept if line]


def test_progress_without_an_end_is_one_line() -> None:
    assert lines(*(b"\r%7d of 100000" % number for number in range(0, 100_000, 7))) == ["  99995 of 100000"]


def test_what_fits_is_kept_whole() -> None:
    line = b"x" * 99 + b"\n"
    texts = heard(*[line] * ((HEAD_BYTES + TAIL_BYTES) // 100 - 100))
    assert sum(text.count("\n") + 1 for _, text in texts) == (HEAD_BYTES + TAIL_BYTES) // 100 - 100
    assert {level for level, _ in texts} == {"info"}


@pytest.mark.parametrize("newline", [b"\n", b""])
def test_the_middle_of_much_is_counted(newline: bytes) -> None:
    pieces = [b"begin " + newline, *[b"y" * 1_000 + newline] * 1_000, b"the end" + newline]
    texts = heard(*pieces)
    text = "".join(each for level, each in texts if level == "info")
    (warning,) = [each for level, each in texts if level == "warning"]
    assert text.startswith("begin")
    assert text.endswith("the end")
    left_out = int(warning.split("(")[1].split(" bytes")[0].replace(",", ""))
    assert text.count("y") + left_out == pytest.approx(1_000_000, abs=1_500)
    assert text.count("y") >= TAIL_BYTES
