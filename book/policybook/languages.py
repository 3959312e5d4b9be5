"""Text in other scripts inside English: found, so that it can be marked with its language.

A screen reader, and the choice between the Chinese and the Japanese form of a letter, depend on it
(https://www.w3.org/TR/WCAG22/#language-of-parts).
"""

from __future__ import annotations

import html
import re

_HAN, _KANA, _HANGUL = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff々", "\u3041-\u30ff", "\uac00-\ud7af"
_LETTERS = f"[{_HAN}{_KANA}{_HANGUL}]"
# Punctuation and figures between two letters belong to the run: 《…》, 第55次.
_RUN = re.compile(f"{_LETTERS}+(?:[\u3000-\u3020\uff00-\uff65“”·…—+\\d]+{_LETTERS}+)*[》」』）】]*")


def runs(text: str, chinese: str = "zh-Hans") -> list[tuple[str, str]]:
    """Return a text as pieces with their languages: ``("the term ", ""), ("普惠", "zh-Hans")``.

    Korean is told by its script, Japanese by kana anywhere in the text; all else that has Chinese characters is
    ``chinese``: a BCP 47 code, ``zh`` where it is not known which form of the script is used.
    """
    found, at = [], 0
    han = "ja" if re.search(f"[{_KANA}]", text) else chinese
    for run in _RUN.finditer(text):
        if run.start() > at:
            found.append((text[at : run.start()], ""))
        found.append((run[0], "ko" if re.search(f"[{_HANGUL}]", run[0]) else han))
        at = run.end()
    return [*found, (text[at:], "")] if at < len(text) or not found else found


def to_html(text: str, chinese: str = "zh-Hans") -> str:
    """Return a text as HTML, escaped, other scripts marked with their languages."""
    return "".join(
        f'<span lang="{language}">{html.escape(piece)}</span>' if language else html.escape(piece)
        for piece, language in runs(text, chinese)
    )
