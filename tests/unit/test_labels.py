"""kode.labels."""

from kode import labels


def test_selector_is_part_of_every_child() -> None:
    assert labels.selector("dev").items() <= labels.child("dev", "workspace").items()


def test_selector_of_a_long_name_is_a_valid_label_value() -> None:
    assert len(labels.selector("x" * 253)[labels.KODE]) <= 63


def test_keys_are_of_our_group_or_recommended() -> None:
    for key in labels.child("dev", "workspace"):
        assert key.startswith(("app.kubernetes.io/", "kode.jacero.io/"))
