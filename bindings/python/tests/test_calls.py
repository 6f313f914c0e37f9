"""Calls, errors, time, threads, processes."""

import os
import pathlib
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest

import heptad
from heptad import errors
from heptad.types import QueryRequest, RunRequest, ScanRequest, SeekRequest

from conftest import published


def test_fields_or_a_request(h, code):
    by_field = h.review.scan(path=code, exclude=["b/"])
    by_place = h.review.scan(str(code))
    by_request = h.review.scan(ScanRequest(path=code))
    assert by_field.findings == by_place.findings == by_request.findings
    with pytest.raises(heptad.HeptadError, match="no collection"):
        h.search.query(QueryRequest("nowhere"))
    with pytest.raises(errors.InvalidInputError, match="group"):
        h.events.seek("topic")
    with pytest.raises(errors.NotFoundError):
        h.events.seek(SeekRequest(topic="none", group="none", after=0))


def test_a_request_stands_alone(h, code):
    with pytest.raises(TypeError, match="a request and `threads`"):
        h.review.scan(ScanRequest(code), threads=2)
    with pytest.raises(TypeError, match="takes a RunRequest"):
        h.backup.run("now")
    with pytest.raises(errors.UnsupportedError):
        h.backup.run(RunRequest(snapshot=True))
    with pytest.raises(TypeError, match="a request and `snapshot`"):
        h.backup.run(RunRequest(), snapshot=True)


def test_by_name(h):
    assert h.call("auth.whoami")["id"] == "owner"
    with pytest.raises(errors.NotFoundError, match="did you mean `auth.whoami`"):
        h.call("auth.whoam")
    with pytest.raises(errors.InvalidInputError, match="did you mean `limit`"):
        h.call("search.query", {"collection": "a", "limt": 1})


def test_errors_are_typed(h, tmp_path):
    with pytest.raises(KeyError) as caught:
        h.search.query("nowhere")
    error = caught.value
    assert isinstance(error, errors.NotFoundError) and isinstance(error, heptad.HeptadError)
    assert (error.kind, error.operation, error.retry_after) == ("not_found", "search.query", None)
    assert str(error) == f"search.query: {error.message}"
    with pytest.raises(ValueError, match="language"):
        h.review.scan(tmp_path, languages=["klingon"])
    with pytest.raises(PermissionError) as caught:
        h.as_principal("guest", ["search.*"]).auth.roles()
    assert caught.value.kind == "permission_denied"
    with pytest.raises(errors.UnauthenticatedError):
        h.authenticate("no key")


def test_every_kind_has_an_exception(h):
    kinds = [error.kind for error in h.platform.errors().errors]
    assert sorted(errors.BY_KIND) == sorted(kinds)
    for kind, exception in errors.BY_KIND.items():
        assert issubclass(exception, heptad.HeptadError) and exception.kind == kind
        assert exception("why").message == "why" and str(exception("why")) == "why"


def test_a_key_lets_in(h):
    h.auth.put_role("reader", allow=["auth.whoami"])
    h.auth.assign("ada", roles=["reader"])
    key = h.sign_in("ada")
    assert key.auth.whoami().id == "ada"
    with pytest.raises(errors.PermissionDeniedError):
        key.auth.roles()


def test_it_is_kept_in_a_file(tmp_path):
    path = tmp_path / "acme.db"
    with heptad.open(path, environment=False) as h:
        published(h, 3)
    with pytest.raises(errors.UnavailableError, match="closed"):
        h.auth.whoami()
    with heptad.open(path, environment=False) as h:
        assert len(h.events.read("orders").events) == 3
    with pytest.raises(errors.InvalidInputError, match="no.such"):
        heptad.open(settings={"no.such": 1})


def test_other_threads_run_while_a_call_waits(h):
    counted, done = 0, threading.Event()

    def count():
        nonlocal counted
        while not done.is_set():
            counted += 1
            time.sleep(0)

    thread = threading.Thread(target=count)
    thread.start()
    stream = h.events.tail("quiet")
    waiting = threading.Timer(0.3, lambda: published(h, 1, "quiet"))
    waiting.start()
    before = counted
    assert next(stream).event.id == "0"
    assert counted > before + 100
    done.set()
    thread.join()


def test_eight_threads(h):
    failures = []

    def work(number):
        try:
            for n in range(40):
                published(h, 2, f"topic-{number}")
                assert h.auth.whoami().id == "owner"
                assert len(h.events.read(f"topic-{number}", limit=500).events) == 2 * (n + 1)
        except BaseException as error:  # it is told below
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive(), "it hangs"
    assert not failures, failures


def hear():
    """Ctrl-C counts in the new process, also where whoever runs the tests ignores it (as a shell does for what is in its background)."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def run(program, *arguments):
    """Runs a program in a process of its own."""
    package = pathlib.Path(heptad.__file__).parents[1]
    environment = dict(os.environ, PYTHONPATH=str(package))
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        preexec_fn=hear,
    )


def test_control_c_ends_a_call():
    child = run(
        """
        import heptad
        h = heptad.open(environment=False)
        stream = h.events.tail("quiet")
        print("waits", flush=True)
        try:
            next(stream)
        except KeyboardInterrupt:
            print("interrupted", h.auth.whoami().id, flush=True)
        """
    )
    assert child.stdout.readline() == "waits\n"
    time.sleep(0.2)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=60)
    assert (out, child.returncode) == ("interrupted owner\n", 0), err


def test_control_c_ends_a_long_scan(tmp_path):
    text = "def f(x):\n    return eval(x) + [g(y) for y in x if y]\n" * 2000
    for n in range(400):
        (tmp_path / f"m{n}.py").write_text(text)
    child = run(
        """
        import sys, time, heptad
        h = heptad.open(environment=False)

        def report(done, total, label):
            if total:
                print("works", flush=True)

        try:
            h.with_progress(report).review.scan(sys.argv[1], threads=1)
            print("done", flush=True)
        except KeyboardInterrupt:
            print("interrupted", flush=True)
        """,
        str(tmp_path),
    )
    assert child.stdout.readline() == "works\n"
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=120)
    assert out.splitlines()[-1] == "interrupted" and child.returncode == 0, (out[-200:], err)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_process_is_told():
    child = run(
        """
        import os, heptad
        h = heptad.open(environment=False)
        assert h.auth.whoami().id == "owner"
        child = os.fork()
        if child == 0:
            try:
                h.auth.whoami()
            except RuntimeError as error:
                assert "forked" in str(error), error
                os._exit(7)
            os._exit(1)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 7, status
        assert h.auth.whoami().id == "owner"
        print("fine")
        """
    )
    out, err = child.communicate(timeout=60)
    assert (out, child.returncode) == ("fine\n", 0), err


def test_the_interpreter_ends_in_the_middle_of_work():
    child = run(
        """
        import threading, heptad
        h = heptad.open(environment=False)
        stream = h.events.tail("quiet")
        threading.Thread(target=lambda: next(stream), daemon=True).start()
        print("ends", flush=True)
        """
    )
    out, err = child.communicate(timeout=60)
    assert (out, err, child.returncode) == ("ends\n", "", 0)


def test_memory_does_not_grow(h):
    def used():
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))

    if not os.path.exists("/proc/self/status"):
        pytest.skip("there is no /proc here")
    call = h.auth.whoami
    for _ in range(10_000):
        call()
    before = used()
    for _ in range(100_000):
        call()
    grown = used() - before
    assert grown < 20_000, f"{grown} KiB after 100,000 calls"


def test_importing_is_light():
    child = run(
        """
        import sys, heptad
        heavy = {"asyncio", "numpy", "pandas", "polars", "pyarrow", "tqdm", "heptad.types", "heptad.review"} & set(sys.modules)
        assert not heavy, heavy
        print("light")
        """
    )
    out, err = child.communicate(timeout=60)
    assert (out, child.returncode) == ("light\n", 0), err


def test_progress_is_told(h, tmp_path):
    for n in range(30):
        (tmp_path / f"m{n}.py").write_text("eval(input())\n")
    told = []

    class Report:
        def __call__(self, done, total, label):
            told.append((done, total, label))

        def close(self):
            told.append("closed")

    h.with_progress(Report()).review.scan(tmp_path)
    assert told[-1] == "closed" and told[-2][:2] == (30, 30), told
    assert all(isinstance(label, str) for _, _, label in told[:-1])


def test_a_report_that_fails_stops_nothing(h, code, monkeypatch):
    told = []
    monkeypatch.setattr(sys, "unraisablehook", lambda failure: told.append(str(failure.exc_value)))

    def report(done, total, label):
        raise RuntimeError("no report")

    assert len(h.with_progress(report).review.scan(code).findings) == 2
    assert set(told) == {"no report"}


def test_a_bar_of_tqdm(h, code):
    import io

    from heptad.progress import Bar

    out = io.StringIO()
    h.with_progress(Bar(file=out)).review.scan(code)
    assert "1/1" in out.getvalue(), out.getvalue()
