"""Addresses are read as they are written, whatever a title holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attio_ctl.address import Address

slugs = st.from_regex(r"\A[A-Za-z][A-Za-z0-9_-]{0,20}\Z")
tops = st.builds(Address.root, st.sampled_from(["object", "list"]), slugs)
attributes = st.builds(lambda top, slug: top.child("attribute", slug), tops, slugs)
titled = st.builds(
    lambda attribute, kind, title: attribute.child(kind, title),
    attributes,
    st.sampled_from(["option", "status"]),
    st.text(min_size=1),
)
plain = st.builds(Address.root, st.sampled_from(["webhook", "mapping"]), slugs)


@given(st.one_of(tops, attributes, titled, plain))
def test_an_address_read_back_is_the_same_address(address: Address) -> None:
    assert Address.parse(str(address)) == address


@given(titled)
def test_a_part_is_within_its_parents_and_not_the_other_way_round(address: Address) -> None:
    assert address.parent is not None
    assert address.is_within(address.parent)
    assert address.is_within(address.top)
    assert not address.top.is_within(address)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "cannot be empty"),
        ("objects.users", "expected `list`, `mapping`, `object`, `webhook` at column 1"),
        ("object", "expected `list`, `mapping`, `object`, `webhook` at column 1"),
        ("object.users.", "`.` cannot follow `users`"),
        ('object.users.option["a"]', "expected `attribute` at column 14"),
        ("object.users.attribute.plan.option[Pro]", r'expected \["title"\] at column 35'),
        ('object.users.attribute.plan.option["Pro', r'expected \["title"\] at column 35'),
        ("webhook.billing.attribute.x", "expected the end at column 17"),
    ],
)
def test_what_is_no_address_is_refused_with_what_was_expected(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Address.parse(text)
