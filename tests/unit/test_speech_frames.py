"""Frames come out as they went in, however the bytes are cut; what is no frame is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.speech.frames import MOST_BYTES, Decoder, Frame, FrameError, Kind, encode

frames = st.lists(
    st.builds(Frame, st.sampled_from(Kind), st.integers(0, 2**32 - 1), st.binary(max_size=50)), max_size=6
)


@given(frames, st.lists(st.integers(1, 20), max_size=60))
def test_frames_survive_every_cut(sent: list[Frame], cuts: list[int]) -> None:
    wire = b"".join(encode(frame.kind, frame.stream, frame.body) for frame in sent)
    decoder, got = Decoder(), []
    for cut in [*cuts, len(wire)]:
        piece, wire = wire[:cut], wire[cut:]
        got += list(decoder.feed(piece))
    assert got == sent


def test_words_travel_as_json() -> None:
    (frame,) = Decoder().feed(encode(Kind.PARTIAL, 7, {"text": "路灯坏了"}))
    assert (frame.stream, frame.json()) == (7, {"text": "路灯坏了"})


@pytest.mark.parametrize(
    "wire",
    [b"\x00\x00\x00\x00\xff\x00\x00\x00\x01", (MOST_BYTES + 1).to_bytes(4, "big") + b"\x02\x00\x00\x00\x01"],
    ids=["of no kind", "too long"],
)
def test_what_is_no_frame_is_refused(wire: bytes) -> None:
    with pytest.raises(FrameError):
        list(Decoder().feed(wire))


@pytest.mark.parametrize("body", [b"{", b"[1]"])
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    (frame,) = Decoder().feed(encode(Kind.FINAL, 1, body))
    with pytest.raises(FrameError):
        frame.json()
