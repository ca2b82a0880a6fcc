"""DOCX package: the parts of the zip file, opened only after its declared sizes were judged."""

from __future__ import annotations

import io
import posixpath
import struct
import zipfile
import zlib

from lxml import etree

from pipeline.read.document import UnreadableError
from pipeline.read.docx_looks import without_looks
from pipeline.read.docx_names import transitional
from pipeline.read.tree import fold, out_of_memory, text_of
from pipeline.read.visible_docx import hiding_runs, hiding_styles

_MAX_ENTRIES = 10_000
_MAX_PART = 64 * 2**20
_MAX_TOTAL = 512 * 2**20
# Word's own XML shrinks 10 to 40 times; a bomb a thousand times.
_MAX_RATIO = 300
_RATIO_FROM = 4 * 2**20
_RELATION = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_OLE_MAGIC = b"\xd0\xcf\x11\xe0"
_BROKEN = "Word 文件（.docx）已损坏或下载不完整，请重新下载。"
_READ_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    ValueError,
    NotImplementedError,
    OSError,
)


class Package:
    """The parts of a DOCX file.

    Args:
        data: bytes of the file.

    Raises:
        UnreadableError: encrypted, broken, or larger than any report when unpacked.

    Source: ECMA-376 part 2 (relationships), part 1 (main document part).

    """

    def __init__(self, data: bytes) -> None:
        """Open the directory and judge what it declares; unpack nothing."""
        if data.startswith(_OLE_MAGIC):
            raise UnreadableError(
                "E-DOCX-ENCRYPTED", "Word 文件已加密，需要密码才能打开，请取得未加密的文件。"
            )
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except _READ_ERRORS as error:
            raise UnreadableError("E-DOCX-BROKEN", _BROKEN) from error
        entries = self._zip.infolist()
        total = sum(entry.file_size for entry in entries)
        if (
            len(entries) > _MAX_ENTRIES
            or total > _MAX_TOTAL
            or any(_is_bomb(entry) for entry in entries)
        ):
            raise UnreadableError(
                "E-DOCX-BOMB",
                f"Word 文件声明的解压大小异常（{len(entries)} 个部件，共 {total} 字节），"
                "为安全起见不予打开；请核对来源。",
            )
        self._names = {
            entry.filename.replace("\\", "/").lower(): entry.filename for entry in entries
        }
        self.main = self._main_name()
        self.hides = False

    def _main_name(self) -> str:
        relations = self.xml("_rels/.rels")
        if relations is not None:
            for relation in relations.iter(_RELATION):
                if (relation.get("Type") or "").endswith("/officeDocument"):
                    return posixpath.normpath((relation.get("Target") or "").lstrip("/"))
        return "word/document.xml"

    def beside_main(self, name: str) -> etree._Element | None:
        """Return the root of a part in the folder of the main document, e.g. numbering.xml."""
        return self.xml(posixpath.join(posixpath.dirname(self.main), name))

    def document(self) -> etree._Element:
        """Return the root of the main document, without what it says on looks.

        Where colours or styles may hide words, it keeps them, and ``hides`` is set.

        Raises:
            UnreadableError: it is missing or broken.

        """
        root = self.xml(self.main, looks=False)
        if root is None:
            raise UnreadableError("E-DOCX-BROKEN", _BROKEN)
        return root

    def xml(self, name: str, *, looks: bool = True) -> etree._Element | None:
        """Return the root of a part, None when there is no such part.

        Args:
            name: path of the part.
            looks: whether fonts, colours and borders are asked for.

        Raises:
            UnreadableError: the part is encrypted, broken or no XML.

        """
        written = self._names.get(name.lower())
        if written is None:
            return None
        # Without huge_tree the parser itself refuses more than 256 levels, which keeps the walk
        # over the tree within what Python may recurse.
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        try:
            part = transitional(self._zip.read(written))
            if not looks:
                lean, said = without_looks(part)
                self.hides = self._may_hide(said)
                part = part if self.hides else lean
            return etree.fromstring(part, parser)
        except RuntimeError as error:  # zipfile's way to say that a password is needed
            raise UnreadableError(
                "E-DOCX-ENCRYPTED", "Word 文件已加密，需要密码才能打开，请取得未加密的文件。"
            ) from error
        except etree.XMLSyntaxError as error:
            if out_of_memory(parser):
                raise MemoryError from error
            if "depth" in str(error):
                raise UnreadableError(
                    "E-DOCX-DEPTH", "Word 文件嵌套过深，不是正常的文件，故不读取；请人工核对原件。"
                ) from error
            raise UnreadableError("E-DOCX-BROKEN", _BROKEN) from error
        except _READ_ERRORS as error:
            raise UnreadableError("E-DOCX-BROKEN", _BROKEN) from error

    def _may_hide(self, part: bytes) -> bool:
        """Tell whether colours in a part, or the styles that it uses, may hide words."""
        if hiding_runs(part):
            return True
        if b"<w:pStyle " not in part and b"<w:rStyle " not in part:
            return False
        name = posixpath.join(posixpath.dirname(self.main), "styles.xml")
        written = self._names.get(name.lower())
        return written is not None and hiding_styles(transitional(self._zip.read(written)))

    def title(self) -> str:
        """Return the title among the document's properties, empty when it has none."""
        root = self.xml("docProps/core.xml")
        if root is None:
            return ""
        title = root.find("{http://purl.org/dc/elements/1.1/}title")
        return fold(text_of(title)) if title is not None else ""


def _is_bomb(entry: zipfile.ZipInfo) -> bool:
    xml = entry.filename.lower().endswith((".xml", ".rels"))
    if xml and entry.file_size > _MAX_PART:
        return True
    return (
        entry.file_size > _RATIO_FROM and entry.file_size > max(entry.compress_size, 1) * _MAX_RATIO
    )
