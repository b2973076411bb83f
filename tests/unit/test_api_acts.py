"""The audit log's words for what people have the floor do."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from acd.events import AgentRequest, FloorRequest, Mute, TalkRequest
from acd.model import AgentId
from api.acts import WORDS, word

pytestmark = pytest.mark.unit


def test_every_act_has_a_word_that_is_none_of_our_class_names() -> None:
    kinds = {*get_args(AgentRequest), *get_args(TalkRequest), *get_args(FloorRequest)}
    assert set(WORDS) == kinds
    for said in WORDS.values():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", said)


def test_mute_and_unmute_are_told_apart() -> None:
    assert [word(Mute(AgentId("a"), muted)) for muted in (True, False)] == ["mute", "unmute"]
