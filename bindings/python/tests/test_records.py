"""What operations give and take: records that stay in Rust."""

import copy
import pickle
from datetime import datetime, timezone
from html.parser import HTMLParser

import pytest

import heptad
from heptad.types import CloudEvent, Message, ScanReport, ScanRequest, TextPart, ToolCallPart


def test_fields_are_attributes(h, code):
    report = h.review.scan(code)
    assert isinstance(report, ScanReport)
    finding = report.findings[0]
    assert (finding.rule, finding.severity, finding.file) == ("python-eval", "error", "a.py")
    assert finding.span.start.line == 3
    assert list(finding.cwe) == ["CWE-95"]
    assert report.started.tzinfo is not None
    assert abs((datetime.now(timezone.utc) - report.started).total_seconds()) < 3600
    assert report.rendered is None


def test_what_is_left_out_is_empty():
    event = CloudEvent("1.0", "7", "/tests", "made")
    assert (event.subject, event.data) == (None, None)
    assert event.to_dict() == {"specversion": "1.0", "id": "7", "source": "/tests", "type": "made"}


def test_records_do_not_change(h):
    identity = h.auth.whoami()
    with pytest.raises(AttributeError, match="cannot be set"):
        identity.id = "somebody"
    with pytest.raises(AttributeError):
        identity.nothing = 1
    with pytest.raises(AttributeError):
        identity.nothing
    assert identity.replace(id="somebody").id == "somebody"
    assert identity.id == "owner"


def test_equality_hash_copy_pickle(h, code):
    report = h.review.scan(code)
    again = pickle.loads(pickle.dumps(report))
    assert again == report and hash(again) == hash(report) and type(again) is ScanReport
    assert copy.copy(report) is report and copy.deepcopy(report) is report
    assert report.findings[0] != report.findings[1] and report.findings[0] != "text"
    assert pickle.loads(pickle.dumps(report.findings)) == tuple(report.findings)


def test_they_match(h, code):
    match h.review.scan(code).findings[0]:
        case heptad.review.Finding(rule="python-eval", span=span):
            assert span.start.line == 3
        case other:
            pytest.fail(repr(other))


def test_repr_is_that_of_the_constructor():
    request = ScanRequest("src", exclude=["tests/"], threads=2)
    assert repr(request).startswith("ScanRequest(path='src', rules=[], ")
    assert eval(repr(request), {"ScanRequest": ScanRequest}).path == "src"


def test_unions_are_told_apart():
    message = Message("user", [TextPart("Hi"), ToolCallPart("1", "add", {"a": [1, None, 2.5]})])
    text, call = message.parts
    assert isinstance(text, TextPart) and text.type == "text" and text.text == "Hi"
    assert isinstance(call, ToolCallPart) and call.arguments == {"a": [1, None, 2.5]}
    assert message.to_dict()["parts"][0] == {"type": "text", "text": "Hi"}


def test_lists_are_sequences(h, code):
    findings = h.review.scan(code).findings
    assert len(findings) == 2 and findings[-1] == findings[1] and findings[:1] == [findings[0]]
    assert findings[0] in findings and findings.index(findings[1]) == 1 and findings.count(findings[0]) == 1
    assert [finding.rule for finding in reversed(findings)] == ["python-os-system", "python-eval"] or len(findings) == 2
    assert findings == list(findings) == findings and findings == tuple(findings)
    with pytest.raises(IndexError, match="there are 2"):
        findings[2]
    assert findings.to_dicts()[0]["rule"] == "python-eval"


def test_constructors_say_what_is_wrong():
    with pytest.raises(TypeError, match="misses the field `path`"):
        ScanRequest()
    with pytest.raises(TypeError, match="has no field `pth`; it has path, "):
        ScanRequest(pth="src")
    with pytest.raises(ValueError, match="twice"):
        ScanRequest("src", path="src")
    with pytest.raises(TypeError, match="2 fields"):
        Message("user", [], 1)


@pytest.mark.parametrize("value", [2**63, 2**64 - 1, -(2**63), 0.1, 1e308, -0.0, 5e-324, "\u202e\U0001f600e\u0301\x00", [], {}, None, True])
def test_values_come_back_as_they_went(h, value):
    h.events.publish("values", [CloudEvent("1.0", "1", "/tests", "made", data={"value": value})])
    found = h.events.read("values").events[0].event.data
    assert found == {"value": value} and type(found["value"]) is type(value)
    assert str(found["value"]) == str(value)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (2**64, "more than 64 bits"),
        (float("nan"), "no number in JSON"),
        (b"bytes", "base64"),
        (bytearray(b"bytes"), "base64"),
        (memoryview(b"bytes"), "base64"),
        (object(), "no form in JSON"),
        (datetime(2026, 1, 1), "time zone"),
    ],
)
def test_values_that_cannot_be_given_are_refused(value, says):
    with pytest.raises(ValueError, match=says):
        CloudEvent("1.0", "1", "/tests", "made", data=value)


def test_a_value_that_contains_itself_is_refused():
    loop = []
    loop.append(loop)
    with pytest.raises(ValueError, match="contains itself"):
        CloudEvent("1.0", "1", "/tests", "made", data=loop)


class Tags(HTMLParser):
    """The tags of a text."""

    def __init__(self, html):
        super().__init__()
        self.found, self.text = set(), ""
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.found.add(tag)
        assert all(name in ("class", "style") for name, _ in attributes), attributes

    def handle_data(self, data):
        self.text += data


def test_hostile_text_is_only_text_in_a_notebook(h, code):
    report = h.review.scan(code)
    for html in (report._repr_html_(), report.findings._repr_html_(), report.findings[0]._repr_html_()):
        tags = Tags(html)
        assert tags.found <= {"div", "p", "b", "table", "thead", "tbody", "tr", "th", "td"}, tags.found
        assert "<script>alert('x')</script>" in tags.text and "$" not in html and "`" not in html
