"""kode.names."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kode import names

LABEL = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
LABEL_VALUE = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
MADE = (
    names.workload,
    names.auth_secret,
    names.envoy_secret,
    names.home_claim,
)

SPELLED = st.text(alphabet="ab0-._Zü", max_size=12)
LONG = st.builds(lambda text, times: text * times, SPELLED, st.integers(1, 30))
KODES = st.one_of(
    st.text(), SPELLED, LONG, st.from_regex(r"[a-z]{1,3}-h[0-9a-f]{16}", fullmatch=True)
)


@pytest.mark.parametrize(
    ("kode", "workload"),
    [
        ("dev", "dev"),
        ("a" * 46, "a" * 46),
        ("a" * 47, "a" * 28 + "-h11eaed932c6c6fdd"),
        ("1st", "k-1st-he01ddf6594a4387b"),
        ("team.dev", "team-dev-h0513ad3575b3d11e"),
        ("Dev", "dev-h9c24f45a7ea9e466"),
        ("", "k-he3b0c44298fc1c14"),
        ("---", "k-hcb3f91d54eee30e5"),
        ("dev\n", "dev-h9c5955fc99a60b8f"),
    ],
)
def test_workload_keeps_a_valid_name_and_hashes_any_other(kode: str, workload: str) -> None:
    assert names.workload(kode) == workload


def test_children_differ_by_suffix() -> None:
    made = (names.auth_secret("dev"), names.envoy_secret("dev"), names.home_claim("dev"))
    assert made == ("dev-auth", "dev-envoy", "dev-home")
    assert names.pod("dev") == "dev"


@given(KODES)
def test_names_are_valid_for_any_kode(kode: str) -> None:
    for make in MADE:
        assert LABEL.fullmatch(make(kode))
        assert len(make(kode)) <= names.MAX_LENGTH


@given(KODES)
def test_label_value_is_valid_for_any_text(text: str) -> None:
    assert LABEL_VALUE.fullmatch(names.label_value(text))
    assert len(names.label_value(text)) <= 63


@given(st.lists(KODES, min_size=2, max_size=20, unique=True))
@pytest.mark.attack
def test_two_kodes_never_share_a_name(kodes: list[str]) -> None:
    for make in (*MADE, names.label_value):
        assert len({make(kode) for kode in kodes}) == len(kodes)


@given(KODES)
@pytest.mark.attack
def test_kode_named_like_a_hashed_name_does_not_meet_it(kode: str) -> None:
    for made in (names.workload(kode), names.label_value(kode)):
        if made != kode:
            assert names.workload(made) != names.workload(kode)
            assert names.label_value(made) != names.label_value(kode)


@given(KODES, KODES)
@pytest.mark.attack
def test_secrets_of_one_kode_never_meet_those_of_another(one: str, other: str) -> None:
    assert names.auth_secret(one) != names.envoy_secret(other)


@given(st.lists(st.text(max_size=100), min_size=2, unique=True))
def test_label_values_of_long_texts_differ(texts: list[str]) -> None:
    tails = [f"{'x' * 60}{text}" for text in texts]
    assert len({names.label_value(text) for text in tails}) == len(tails)


HOST = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


@pytest.mark.parametrize(
    ("kode", "namespace", "host"),
    [
        ("dev", "default", "dev"),
        ("dev", "team-a", "dev--team-a"),
        ("dev", "a--b", "dev--a--b"),
        ("dev--team-a", "default", "dev-team-a-h63e5c02fe4bc1006"),
    ],
)
def test_host_is_the_name_and_the_namespace(kode: str, namespace: str, host: str) -> None:
    assert names.host(kode, namespace) == host


@given(st.lists(st.tuples(KODES, KODES), min_size=2, unique=True))
@pytest.mark.attack
def test_two_kodes_never_share_a_host(kodes: list[tuple[str, str]]) -> None:
    hosts = [names.host(*kode) for kode in kodes]
    assert len(set(hosts)) == len(hosts)


@given(KODES)
def test_host_is_a_label_of_dns_for_any_kode_of_a_namespace(kode: str) -> None:
    assert HOST.fullmatch(names.host(kode, "team-a"))


def test_instance_is_the_name_made_safe_and_a_hash_of_the_uid() -> None:
    assert names.instance("Dev.X", "1") == "dev-x-6b86b273ff34"
    assert names.instance("ü", "1") == "x-6b86b273ff34"


@given(KODES, KODES)
def test_instance_is_a_file_name_of_its_own(one: str, other: str) -> None:
    assert re.fullmatch(r"[a-z0-9-]{14,40}", names.instance(one, other))
    assert names.instance(one, "1") != names.instance(one, "2")


def test_every_kode_remembers_logins_by_a_cookie_of_its_own() -> None:
    kodes = [("a", "team", "1"), ("b", "team", "1"), ("a", "other", "1"), ("a", "team", "2")]
    found = [names.login_cookie(*kode) for kode in kodes]
    assert len(set(found)) == len(kodes)
    assert names.login_cookie(*kodes[0]) == found[0]
    assert all(re.fullmatch("kode-login-[0-9a-f]{16}", name) for name in found)
