"""What ``artgen doctor`` finds on a machine that has everything, where nobody has taken the usual ports."""

import pytest

from tests.test_cli import artgen

pytestmark = pytest.mark.live


def test_doctor_names_every_part() -> None:
    answer = artgen("doctor")
    assert answer.returncode == 0, answer
    for word in (
        "Python",
        "audio input",
        "loopback",
        "- stream",
        "- ndi",
        "- camera",
        "- spout",
        "- syphon",
        "OpenGL",
        "engine             openvino: OpenVINO",
        "- openvino",
        "- cuda",
        "- directml",
        "- coreml",
        "- onnxruntime",
        "mood model",
        "beat model",
        "generator model",
        "ports              9100 and 9101 are free",
        "OSCQuery ports     9102 and 9104 are free",
    ):
        assert word in answer.stdout
