"""The schemas that ship, and that the hand-kept facts know everything dangerous in them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from haymow.generators import facts, generator, generators

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = ROOT / "src" / "haymow" / "generators" / "schemas"
DOCUMENTS = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(SCHEMAS.glob("[A-Z]*.json"))]
by_name = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document["name"])

CODE = '"title": "(Callable|Tool|Toolset|Component|ThreadPoolExecutor|ComponentDevice)"'

# Parameters that take an object or a list without saying of what, read and found harmless: data for the request's body.
PLAIN_DATA = {
    "api_params", "generation_kwargs", "guardrail_config", "meta", "response_format", "responses", "safety_settings",
    "stop_words", "system_cachepoint_config", "tools_cachepoint_config",
}  # fmt: skip


def allowed(document: dict[str, Any]) -> bool:
    return document["name"] not in facts.REFUSED_GENERATORS


def generate(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "scripts" / "generate_schemas.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True)


def test_every_generator_is_here() -> None:
    assert len(DOCUMENTS) == 35
    assert [info.name for info in generators()] == [document["name"] for document in DOCUMENTS]


@by_name
def test_each_schema_is_valid_draft_2020_12(document: dict[str, Any]) -> None:
    assert jsonschema_rs.meta.is_valid(document["schema"])
    assert document["schema"]["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert document["schema"]["additionalProperties"] is False
    assert document["schema"]["title"] == document["name"]


@by_name
def test_each_default_fits_its_own_schema(document: dict[str, Any]) -> None:
    for schema in document["schema"]["properties"].values():
        if "default" in schema:
            jsonschema_rs.Draft202012Validator(schema).validate(schema["default"])


@by_name
def test_each_parameter_is_described_where_the_class_describes_it(document: dict[str, Any]) -> None:
    described = [name for name, schema in document["schema"]["properties"].items() if schema.get("description")]
    assert "model" not in document["schema"]["properties"] or "model" in described


@by_name
def test_no_parameter_takes_code_that_the_facts_do_not_name(document: dict[str, Any]) -> None:
    code = {name for name, schema in document["schema"]["properties"].items() if re.search(CODE, json.dumps(schema))}
    secrets = set(document["secrets"])  # where a callable is accepted beside a Secret, only the Secret is
    assert not allowed(document) or code <= set(facts.REFUSED_PARAMETERS) | secrets


@by_name
def test_no_parameter_takes_free_settings_that_the_facts_do_not_name(document: dict[str, Any]) -> None:
    free = {
        name
        for name, schema in document["schema"]["properties"].items()
        if re.search('"(object|array)"', json.dumps({**schema, "description": ""}))
    }
    known = {*facts.ADMINISTRATOR_PARAMETERS, *facts.REFUSED_PARAMETERS, *document["secrets"], *PLAIN_DATA}
    assert not allowed(document) or free <= known


@by_name
def test_no_parameter_sounds_like_an_address_that_the_facts_do_not_name(document: dict[str, Any]) -> None:
    addresses = {
        name for name in document["schema"]["properties"] if re.search("url|endpoint|host|proxy|server$", name)
    }
    assert addresses <= facts.URL_PARAMETERS


@by_name
def test_no_parameter_sounds_like_a_secret_and_is_a_plain_text(document: dict[str, Any]) -> None:
    secrets = {name for name in document["schema"]["properties"] if re.search("key|token|secret|password", name)}
    assert secrets <= {*document["secrets"], *facts.REFUSED_PARAMETERS}


@by_name
def test_every_secret_default_is_recorded(document: dict[str, Any]) -> None:
    for name, secret in document["secrets"].items():
        default = document["schema"]["properties"][name].get("default")
        if isinstance(default, dict):
            assert default == {"type": "env_var", "env_vars": secret["env_vars"], "strict": secret["strict"]}


def test_the_facts_name_only_what_exists() -> None:
    names = {document["name"] for document in DOCUMENTS}
    parameters = {name for document in DOCUMENTS for name in document["schema"]["properties"]}
    assert {*facts.REFUSED_GENERATORS, *facts.ADDRESSES, *facts.DEMANDED, *facts.NEEDED_SECRETS} <= names
    assert {*facts.NEEDED_WHEN_NAMED, *facts.NEVER_NULL, *facts.ALTERNATIVE_SECRETS} <= names
    for known in (
        facts.REFUSED_PARAMETERS,
        facts.ADMINISTRATOR_PARAMETERS,
        facts.URL_PARAMETERS,
        facts.NAME_PARAMETERS,
    ):
        assert set(known) <= parameters


def test_names_and_aliases_mean_one_generator_each() -> None:
    names = [name for info in generators() for name in (info.name, info.type, *info.aliases)]
    assert len(names) == len(set(names))


def test_a_generator_is_known_by_any_of_its_names() -> None:
    info = generator("OpenAIChatGenerator")
    assert info is not None
    assert generator(info.type) is info
    assert generator(info.aliases[0]) is info
    assert generator("subprocess.Popen") is None
    assert generator("../../secrets") is None
    assert (info.package, info.extra, info.status, info.reason) == ("haystack-ai", None, "available", None)
    assert (info.url_parameter, info.default_host) == ("api_base_url", "api.openai.com:443")
    assert [(secret.name, secret.env_vars, secret.strict) for secret in info.secrets] == [
        ("api_key", ("OPENAI_API_KEY",), True)
    ]


def test_what_the_api_shows_marks_what_is_refused_and_what_is_for_administrators() -> None:
    info = generator("AzureOpenAIChatGenerator")
    assert info is not None
    properties = info.schema["properties"]
    assert properties["tools"]["x-haymow-refused"] == facts.REFUSED_PARAMETERS["tools"]
    assert properties["http_client_kwargs"]["x-haymow-administrators-only"] is True
    assert properties["azure_endpoint"]["type"] == ["string", "null"]
    assert info.administrator_parameters == ("default_headers", "http_client_kwargs")
    assert jsonschema_rs.meta.is_valid(info.schema)


def test_refused_generators_say_why() -> None:
    refused = {info.name: info.reason for info in generators() if info.status == "refused"}
    assert refused == facts.REFUSED_GENERATORS


def test_the_cores_schemas_are_those_of_the_haystack_that_is_installed() -> None:
    result = generate("--core", "--check")
    assert result.returncode == 0, result.stdout + result.stderr


def test_a_difference_is_told_and_fails(tmp_path: Path) -> None:
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    for name in ("generate_schemas.py", "signature_schema.py"):
        (scripts / name).write_text((ROOT / "scripts" / name).read_text(encoding="utf-8"), encoding="utf-8")
    result = subprocess.run(
        [sys.executable, str(scripts / "generate_schemas.py"), "--core", "--check"], capture_output=True, text=True
    )
    assert result.returncode == 1
    assert "The schemas differ" in result.stderr
