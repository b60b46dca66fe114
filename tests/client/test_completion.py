"""Completion of `lpl` in the shells there are."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ASK = {
    "bash": """
        source ~/.bashrc
        COMP_WORDS=(lpl {words}); COMP_CWORD={last}
        _lpl_completion lpl
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """,
    # The completion system needs a terminal: its two functions that the script calls print what they are given.
    "zsh": """
        compdef() {{ : }}
        _arguments() {{ print -- "$@" }}
        _describe() {{ print -- "$@" }}
        words=(lpl {words}); CURRENT={place}
        source ~/.zfunc/_lpl
        _lpl_completion
    """,
    "fish": """
        source ~/.config/fish/completions/lpl.fish
        complete -C 'lpl {words}'
    """,
}


def in_shell(shell: str, home: Path, script: str) -> str:
    """What a script prints in a shell of a user without settings."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    answer = subprocess.run(
        [shell, "-c", script],
        env={"HOME": str(home), "PATH": path, "TERM": "dumb"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=home,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout


@pytest.mark.parametrize("shell", sorted(ASK))
def test_completion_is_installed_at_the_root_and_works(shell: str, tmp_path: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell}")
    assert shell in in_shell(shell, tmp_path, "lpl --install-completion; true")  # `true`: a shell that stays in between
    for words, expected in (("can", "cancel"), ("dataset sh", "show"), ("set", "settings")):
        given = words.split()
        asked = ASK[shell].format(words=words, last=len(given), place=len(given) + 1)
        assert expected in in_shell(shell, tmp_path, asked).replace("lpl " + words, ""), words


@pytest.mark.parametrize("command", ["db", "key"])
def test_no_command_offers_a_completion_of_its_own(command: str) -> None:
    executable = [sys.executable, "-m", "client", command, "--help"]
    assert "completion" not in subprocess.run(executable, capture_output=True, text=True, check=True).stdout
