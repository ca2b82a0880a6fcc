"""Contact details, as the report prints them."""

from __future__ import annotations

import re

from pipeline.recognise.identity import compatible, squeeze
from pipeline.report import Contact

_STOP = (
    r"(?=[；;，,。）)]*(?:邮政编码|邮编|联系电话|咨询电话|办公电话|电话|传真|电子邮|邮箱|E-?mail"
    r"|联系人|网址|$)|[；;。）)])"
)
_ADDRESS = re.compile(rf"地址[:：]?(.{{4,60}}?){_STOP}", re.IGNORECASE)
_POSTCODE = re.compile(r"(?:邮政编码|邮编)[:：]?(\d{6})(?!\d)")
_NUMBER = r"((?:[（(]?0\d{2,3}[）)]?[-—－–―]{0,2})?\d{7,8}(?:[-—转]\d{1,5})?|1\d{10})(?!\d)"
_PHONE = re.compile(rf"(?:电话|联系方式)((?:[（(/、及和]?传真[）)]?)?)[:：]?{_NUMBER}")
_FAX = re.compile(rf"(?<![（(/、及和])传真(?:电话|号码)?[:：]?{_NUMBER}")
_EMAIL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,6}")
_WEBSITE = re.compile(
    r"(?:https?://|www\.)[A-Za-z0-9.-]+(?:/[A-Za-z0-9._~/%?=&-]*)?", re.IGNORECASE
)
_OFFICE = (
    re.compile(r"请(?:直接)?(?:与|和|同|跟)([^，。；：（）()]{2,40}?)(?:进行)?联系"),
    re.compile(
        r"请(?:直接)?(?:向|联系)([^，。；：（）()]{2,40}?)(?:反映|反馈|咨询|提出|联系|[（(，。])"
    ),
)


def find_contact(text: str) -> Contact:
    """Return the contact details that a text states.

    Args:
        text: the part of the report that says where it can be read and whom to ask.

    Returns:
        Details in the characters as printed, without white space; None where none is stated.

    """
    printed = squeeze(text)
    folded = compatible(printed)
    address = _ADDRESS.search(printed)
    postcode = _POSTCODE.search(folded)
    phone = _PHONE.search(folded)
    fax = _FAX.search(folded)
    email = _EMAIL.search(folded) if "@" in folded else None
    linked = "://" in folded or "www." in folded.lower()
    website = _WEBSITE.search(folded) if linked else None
    shared = phone[2] if phone and phone[1] else None
    office = next((m[1] for m in (p.search(printed) for p in _OFFICE) if m), None)
    return Contact(
        office=office,
        address=address[1] if address else None,
        postcode=postcode[1] if postcode else None,
        phone=phone[2] if phone else None,
        fax=fax[1] if fax else shared,
        email=email[0] if email else None,
        website=website[0] if website else None,
    )
