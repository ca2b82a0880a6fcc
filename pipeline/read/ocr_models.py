"""The recogniser of printed lines: PP-OCR's model from RapidOCR's wheel, run by onnxruntime.

Nothing is fetched: the model is a file of the installed package. onnxruntime is called directly,
as the cells need the certainty of each character, which RapidOCR's own interface averages.

Source: PP-OCR, https://arxiv.org/abs/2009.09941; CTC decoding, Graves et al. 2006.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline.read.document import UnreadableError

if TYPE_CHECKING:
    import onnxruntime
    from numpy.typing import NDArray

    Grey = NDArray[Any]

_NEEDED = ("rapidocr", "onnxruntime", "cv2", "numpy", "PIL")
_HEIGHT = 48  # pixels, what the model was trained on
_STEP = 16  # widths are rounded up to it, so that few shapes have to be planned
_NARROWEST = 64
_WIDEST = 2400


class Reading(NamedTuple):
    """What the model makes of one printed line.

    Args:
        text: the characters; empty when it sees none.
        certainty: of the least certain digit, of the least certain character where there is no
            digit, 0 to 1; 0 for no characters.
        mean: of all characters, 0 to 1.

    """

    text: str
    certainty: float
    mean: float


def has_ocr() -> bool:
    """Tell whether the extra is installed."""
    return all(find_spec(name) is not None for name in _NEEDED)


def require_ocr() -> None:
    """Make sure that the extra is installed.

    Raises:
        UnreadableError: E-SCAN-NO-OCR, with the command that installs it.

    """
    if not has_ocr():
        raise UnreadableError(
            "E-SCAN-NO-OCR",
            "文件是扫描件或图片，没有可用的文字层，需要文字识别（OCR）才能读取；原件已存档。"
            "请运行 pip install nianbao[ocr] 安装文字识别组件后重新读取，"
            "或向发布机关索取可复制文字的版本。",
        )


@dataclass(frozen=True, slots=True)
class _Model:
    session: onnxruntime.InferenceSession
    input_name: str
    characters: tuple[str, ...]


@cache
def _model() -> _Model:
    """Load the model once a process."""
    require_ocr()
    import onnxruntime  # noqa: PLC0415  an extra, loaded on demand

    spec = find_spec("rapidocr")
    folder = Path(spec.origin).parent if spec and spec.origin else Path()
    files = sorted((folder / "models").glob("*_rec_*.onnx"))
    if not files:
        raise UnreadableError(
            "E-OCR-MODEL",
            "已安装的rapidocr不带识别模型，无法识别文字；请运行 pip install 'rapidocr>=3.10,<4'。",
        )
    options = onnxruntime.SessionOptions()
    # The pool of readers uses the cores; an arena would keep memory that counts for the limit.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(
        str(files[0]), options, providers=["CPUExecutionProvider"]
    )
    listed = session.get_modelmeta().custom_metadata_map["character"].splitlines()
    # Index 0 is CTC's blank; the space is no line of the list.
    return _Model(session, session.get_inputs()[0].name, ("", *listed, " "))


def read_line(image: Grey) -> Reading:
    """Read one printed line.

    Args:
        image: height × width, 0 black to 255 white, upright, with a little white around the ink.

    """
    import cv2  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415

    model = _model()
    height, width = image.shape
    scaled = max(1, min(_WIDEST, round(width * _HEIGHT / height)))
    method = cv2.INTER_AREA if height > 2 * _HEIGHT else cv2.INTER_CUBIC
    pixels = cv2.resize(image, (scaled, _HEIGHT), interpolation=method)
    padded = max(_NARROWEST, -(-scaled // _STEP) * _STEP)
    tensor = np.zeros((1, 3, _HEIGHT, padded), np.float32)
    tensor[0, :, :, :scaled] = pixels.astype(np.float32) / 127.5 - 1
    chances = model.session.run(None, {model.input_name: tensor})[0][0]
    best = chances.argmax(axis=1)
    certainties = chances.max(axis=1)
    text: list[str] = []
    kept: list[float] = []
    before = 0
    for index, certainty in zip(best.tolist(), certainties.tolist(), strict=True):
        if index and index != before:
            text.append(model.characters[index])
            kept.append(certainty)
        elif index and certainty > kept[-1]:
            kept[-1] = certainty
        before = index
    if not kept:
        return Reading("", 0.0, 0.0)
    digits = [k for character, k in zip(text, kept, strict=True) if character.isdecimal()]
    return Reading("".join(text).strip(), min(digits or kept), sum(kept) / len(kept))
