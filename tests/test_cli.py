"""The command line: exit codes, and errors in one line for people."""

import subprocess
import sys
import warnings

import pytest

import skgenre
import skgenre.demo
from skgenre.cli import main


@pytest.fixture
def run_demo(monkeypatch):
    """Replace the demo by one that notes its arguments and does what a test says."""

    def stand_in(data, out, **options):
        stand_in.called_with = (data, out, options)
        if stand_in.raises is not None:
            raise stand_in.raises
        if stand_in.warns is not None:
            warnings.warn(stand_in.warns, stacklevel=2)

    stand_in.raises = stand_in.warns = None
    monkeypatch.setattr(skgenre.demo, "run_demo", stand_in)
    return stand_in


def test_the_demo_is_run_with_the_arguments(run_demo, capsys):
    assert main(["demo", "--data", "music", "--out", "here", "--seed", "7", "--jobs", "2"]) == 0
    assert run_demo.called_with == ("music", "here", {"n_jobs": 2, "random_state": 7})


def test_the_demo_needs_no_arguments_and_takes_all_processors(run_demo):
    assert main(["demo"]) == 0
    assert run_demo.called_with == (None, "demo", {"n_jobs": -1, "random_state": 0})


@pytest.mark.parametrize(
    "error",
    [
        ValueError("cannot read 'a.mp3':\n  it is empty"),
        FileNotFoundError(2, "No such file or directory", "a.mp3"),
        ImportError('matplotlib is needed here: pip install "skgenre[plot]"'),
    ],
)
def test_a_failure_is_one_line_on_stderr_and_exit_code_1(run_demo, capsys, error):
    run_demo.raises = error
    assert main(["demo"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("skgenre: ")
    assert err.count("\n") == 1
    assert "Traceback" not in err
    assert err.split()[-1] == str(error).split()[-1]


def test_a_fault_of_the_program_keeps_its_traceback(run_demo):
    run_demo.raises = AttributeError("a bug")
    with pytest.raises(AttributeError):
        main(["demo"])


def test_an_interrupt_is_exit_code_130(run_demo, capsys):
    run_demo.raises = KeyboardInterrupt()
    assert main(["demo"]) == 130
    assert capsys.readouterr().err == "skgenre: interrupted\n"


def test_a_warning_is_one_line_on_stderr(run_demo, capsys):
    run_demo.warns = "silence stands in\nfor a track"
    assert main(["demo"]) == 0
    assert capsys.readouterr().err == "skgenre: warning: silence stands in for a track\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "COMMAND"),
        (["dance"], "dance"),
        (["demo", "--seed", "x"], "argument --seed: must be a whole number from 0 to 4294967295, got 'x'"),
        (["demo", "--seed", "-1"], "--seed"),
        (["demo", "--jobs", "0"], "argument --jobs: must be 1 or more, or -1 for all processors, got '0'"),
        (["demo", "--jobs", "many"], "got 'many'"),
        (["demo", "--data", ""], "argument --data: must be a path, got ''"),
        (["demo", "--out", " "], "argument --out: must be a path, got ' '"),
    ],
)
def test_wrong_arguments_are_exit_code_2_and_named(arguments, message, capsys):
    assert main(arguments) == 2
    assert message in capsys.readouterr().err


def test_the_version_is_printed(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"skgenre {skgenre.__version__}\n"


def test_help_describes_every_option(capsys):
    assert main(["demo", "--help"]) == 0
    out = capsys.readouterr().out
    assert all(option in out for option in ("--data", "--out", "--seed", "--jobs", "report.html"))


def test_help_waits_for_no_heavy_package():
    code = "import sys; from skgenre.cli import main; main(['demo', '--help']); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"torch", "librosa", "matplotlib", "sklearn", "numpy"} & set(loaded)
