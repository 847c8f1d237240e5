"""The providers' data agrees with the generators' signatures."""

import pytest

from haymow.catalog import provider_named, providers, usual_hosts
from haymow.generators import GeneratorInfo, generators, is_secret_name
from haymow.generators.definitions.hosts import admits
from haymow.wire import PLATFORM_INTEGRATION_PROVIDERS

GENERATORS = generators()
# Their server is the customer's own, so a usual name says nothing about its host.
SELF_HOSTED = {"VLLM_API_KEY", "MONGO_CONNECTION_STRING"}


@pytest.mark.parametrize("generator", GENERATORS, ids=lambda generator: generator.name)
def test_every_secret_a_generator_takes_by_default_is_a_usual_name(generator: GeneratorInfo) -> None:
    usual = {name for provider in providers() for name in provider.secret_names}
    assert {name for secret in generator.secrets for name in secret.env_vars} <= usual


@pytest.mark.parametrize(
    "generator", [one for one in GENERATORS if one.default_host and one.secrets], ids=lambda generator: generator.name
)
def test_a_usual_secret_may_go_where_its_generator_calls(generator: GeneratorInfo) -> None:
    assert generator.default_host is not None
    names = {name for secret in generator.secrets for name in secret.env_vars} - SELF_HOSTED
    assert {name for name in names if not admits(usual_hosts(name), generator.default_host)} == set()


@pytest.mark.parametrize(
    ("name", "destination"),
    [
        ("AWS_SECRET_ACCESS_KEY", "bedrock-runtime.eu-central-1.amazonaws.com:443"),
        ("AWS_ACCESS_KEY_ID", "bedrock-runtime.cn-north-1.amazonaws.com.cn:443"),
        # The generator's own word for "the region is a secret"
        ("AWS_SESSION_TOKEN", "bedrock-runtime.*.amazonaws.com:443"),
        ("AZURE_OPENAI_API_KEY", "team.openai.azure.com:443"),
        ("AZURE_OPENAI_AD_TOKEN", "team.cognitiveservices.azure.com:443"),
        ("ANTHROPIC_FOUNDRY_API_KEY", "team.services.ai.azure.com:443"),
        ("GEMINI_API_KEY", "generativelanguage.googleapis.com:443"),
        ("GOOGLE_API_KEY", "europe-west4-aiplatform.googleapis.com:443"),
        ("GOOGLE_API_KEY", "aiplatform.eu.rep.googleapis.com:443"),
        ("WATSONX_API_KEY", "eu-de.ml.cloud.ibm.com:443"),
        ("HF_TOKEN", "router.huggingface.co:443"),
    ],
)
def test_a_usual_secret_may_go_to_its_providers_regional_hosts(name: str, destination: str) -> None:
    assert admits(usual_hosts(name), destination)


@pytest.mark.parametrize(
    ("name", "destination"),
    [
        # Machines of any of Amazon's customers have names below amazonaws.com.
        ("AWS_SECRET_ACCESS_KEY", "ec2-203-0-113-7.eu-central-1.compute.amazonaws.com:443"),
        ("AWS_SECRET_ACCESS_KEY", "ec2-203-0-113-7.compute-1.amazonaws.com:443"),
        ("AWS_SECRET_ACCESS_KEY", "abc.execute-api.eu-central-1.amazonaws.com:443"),
        ("OPENAI_API_KEY", "api.openai.com:8443"),
        ("OPENAI_API_KEY", "api.openai.com.evil.example:443"),
        ("AZURE_OPENAI_API_KEY", "openai.azure.com.evil.example:443"),
    ],
)
def test_a_usual_secret_goes_nowhere_else(name: str, destination: str) -> None:
    assert not admits(usual_hosts(name), destination)


def test_only_servers_of_ones_own_have_no_usual_host() -> None:
    without = {name for provider in providers() if not provider.hosts for name in provider.secret_names}
    assert without == SELF_HOSTED


def test_no_name_belongs_to_two_providers() -> None:
    names = [name for provider in providers() for name in provider.secret_names]
    assert len(names) == len(set(names))
    assert all(is_secret_name(name) for name in names)


def test_no_slug_is_there_twice() -> None:
    slugs = [provider.slug for provider in providers()]
    assert slugs == sorted(set(slugs))


def test_every_generator_that_calls_a_provider_belongs_to_one_and_exists() -> None:
    named = {name for provider in providers() for name in provider.generators}
    known = {generator.name for generator in GENERATORS}
    assert named <= known
    # These call nothing themselves.
    assert known - named == {"MockChatGenerator", "FallbackChatGenerator", "LLM"}


@pytest.mark.parametrize("slug", PLATFORM_INTEGRATION_PROVIDERS)
def test_every_integration_the_platforms_clients_know_has_a_secret(slug: str) -> None:
    provider = provider_named(slug)
    assert provider is not None
    assert provider.secret_names


def test_an_unknown_name_has_no_usual_host() -> None:
    assert usual_hosts("MY_KEY") == ()
    assert provider_named("nobody") is None
