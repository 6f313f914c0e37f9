"""Renders chat templates as Hugging Face does: JSON cases on the standard input, JSON texts (or null where the template refuses) on the output."""
import json
import sys

import jinja2
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment


def tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols])
environment.filters["tojson"] = tojson
environment.globals["raise_exception"] = raise_exception
environment.globals["strftime_now"] = lambda format: "26 Jul 2024"
answers = []
for case in json.load(sys.stdin):
    try:
        answers.append(environment.from_string(case["template"]).render(**case["context"]))
    except jinja2.exceptions.TemplateError:
        answers.append(None)
json.dump(answers, sys.stdout)
