"""A thousand hostile strings: what an export or a register may hold that a page, a sheet or a terminal would obey.

Each has an id of its own (`q0042q`), so that it can be found wherever it comes out. Where a browser obeyed one, it would call
`__ran` with its id or ask the server of the test for `/<id>`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

#: The id of a string, in any text.
ID = re.compile("q[0-9]{4}q", re.IGNORECASE)

#: What a string of each kind looks like. `ID` is its id, `JS` a script that tells of it, `URL` an address that does.
FAMILIES: dict[str, tuple[str, ...]] = {
    "script elements": (
        "<script>JS</script>", "<SCRIPT SRC=URL></SCRIPT>", "<script type=module>import 'URL'</script>",
        "<scr<script>ipt>JS</scr</script>ipt>", "<script/ID>JS</script>", "<script\x0c>JS</script>", "<script>JS//",
    ),
    "event handlers": (
        "<img src=x onerror=JS>", "<body onload=JS>", "<details open ontoggle=JS>ID", "<input autofocus onfocus=JS>",
        "<video><source onerror=JS></video>", "<img/src='URL'onerror=JS//", "<p onpointerenter=JS onclick=JS>ID</p>",
        "<style onload=JS></style>", "<audio src=URL onerror=JS>", "<b onmouseover=\"JS\">ID", "<img src=`x`onerror=JS>",
    ),
    "SVG": (
        "<svg onload=JS>", "<svg><script>JS</script></svg>", "<svg><animate onbegin=JS attributeName=x dur=1s>",
        "<svg><use href='URL#x'/></svg>", "<svg><image href=URL /></svg>", "<svg><set onbegin=JS attributeName=x to=1>",
        "<svg><a xlink:href='javascript:JS'><text x=9 y=9>ID</text></a></svg>", "<svg><style>@import 'URL';</style></svg>",
        "<svg><foreignObject><img src=x onerror=JS></foreignObject></svg>", "</text></svg><svg onload=JS>",
    ),
    "MathML": (
        "<math href='javascript:JS'>ID</math>", "<math><mi xlink:href='javascript:JS'>ID</mi></math>",
        "<math><annotation-xml encoding='text/html'><img src=x onerror=JS></annotation-xml></math>",
    ),
    "elements left early": (
        "</script><script>JS</script>", "</title><script>JS</script>", "</td></table><script>JS</script>",
        *(f"ID</{one}><img src=x onerror=JS>" for one in (
            "script", "style", "title", "textarea", "noscript", "template", "iframe", "xmp", "select", "caption", "desc")),
    ),
    "attributes left early": (
        '" onmouseover="JS" x="', "' autofocus tabindex=1 onfocus='JS", "` onclick=JS `", '"\tonfocus=JS\tautofocus\n',
        '"><img src=x onerror=JS>', "'><img src=x onerror=JS>", '"/onload=JS/x="', "ID\" style=\"background:url(URL)",
        "ID' srcdoc='<script>JS</script>", '\\"><script>JS</script>', "&quot;><img src=x onerror=JS>",
    ),
    "addresses": (
        "javascript:JS", "JaVaScRiPt:JS//", "java\tscript:JS", "\x01javascript:JS", "javascript&colon;JS",
        "data:text/html,<script>JS</script>", "data:image/svg+xml,<svg onload=JS>", 'vbscript:msgbox("ID")', "//URL", "URL",
        "feed:javascript:JS", "blob:URL", "file:///etc/passwd?ID", "view-source:URL",
    ),
    "entities": (
        "&lt;script&gt;JS&lt;/script&gt;", "&amp;lt;img src=x onerror=JS&amp;gt;", "&#60;img src=x onerror=JS&#62;",
        "&#x3c;img src=x onerror=JS&#x3e;", "%3Cscript%3EJS%3C/script%3E", "\\u003cscript\\u003eJS\\u003c/script\\u003e",
        "&NewLine;&Tab;ID&lt", "\\x3cimg src=x onerror=JS\\x3e", "+ADw-script+AD4-JS+ADw-/script+AD4-",
        "&ltimg src=x onerror=JS&gt",
    ),
    "templates": (
        "{{ 7*7 }}ID", "{% for x in ().__class__.__mro__ %}ID{% endfor %}", "{# ID #}", "{{ '%s' | format('ID') }}", "${7*7}ID",
        "{{ cycler.__init__.__globals__.os.popen('touch ID') }}", "#{7*7}ID", "<%= ID %>", "{% raw %}ID", "{{ ID | safe }}",
        "{%- include 'ID' -%}", "[[ID]]", "{{constructor.constructor('JS')()}}", "<?php ID ?>",
    ),
    "mathematics": (
        r"$\href{javascript:JS}{ID}$", r"\(\href{URL}{ID}\)", "$$ID$$", r"\[ID\]",
        r"\begin{equation}\require{html}ID\end{equation}",
        r"$\frac{ID}$", "ID_^", r"$ID_{\alpha$", r"\$ID", "${ID}$", r"$\unicode{ID}$", r"$\text{<img src=x onerror=JS>}$", "$ID",
        r"$\includegraphics{URL}$", r"\input{ID}", r"\write18{touch ID}", "a$ID$b$c",
    ),
    "Markdown": (
        "[ID](javascript:JS)", "![ID](URL)", "<URL>", "| ID | b |\n|--|--|\n| <img src=x onerror=JS> | |", "# ID",
        "```ID\n<script>JS</script>\n```", "[^1]: ID", "**ID** **<img src=x onerror=JS>**", "---\nID: x\n---", "`ID`</code>",
        "[ID]: URL 'x'", "- [x] ID\n\n<img src=x onerror=JS>", "> ID", "*ID*_ID_~~ID~~", "**ID", "[x](<javascript:JS>)", "a|ID|b",
    ),
    "comments and declarations": (
        "<!--ID", "--><img src=x onerror=JS>", "<![CDATA[ID]]>", "]]><img src=x onerror=JS>", "<!--><script>JS</script>-->",
        '<?xml-stylesheet href="URL"?>', '<!DOCTYPE x [<!ENTITY ID SYSTEM "URL">]>&ID;', "<!ID>", "</ID>", "<ID ", "<!--ID--!>",
    ),
    "script strings": (
        "`${JS}`", "';JS;//", '";JS;//', "\\';JS;//", "-JS-", "\u2028JS\u2028", "*/JS/*", "</script\x20>ID<script>JS</script>",
        "ID\\", "});JS;({", '"}]}</script><script>JS</script>',
    ),
    "styles": (
        "ID;background:url(URL)", "x:expression(JS)", "@import url(URL);", "</style><style>*{background:url(URL)}</style>",
        "<style>@import 'URL'</style>", '<div style="background:url(URL)">ID</div>', "<link rel=stylesheet href=URL>",
        "}*{background:url(URL)}", "--ID:1", "<style>*{display:none}</style>ID",
    ),
    "elements that load": (
        "<base href=URL>ID", '<meta http-equiv=refresh content="0;url=URL">', "<link rel=prefetch href=URL>", "<iframe src=URL>",
        '<iframe srcdoc="<script>parent.JS</script>">', "<object data=URL>", "<embed src=URL>", "<img src=URL>",
        "<form action=URL><button autofocus>ID", "<button formaction=javascript:JS>ID",
        "<picture><source srcset=URL><img></picture>",
        "<video poster=URL>", "<track src=URL>", "<frameset onload=JS>", "<portal src=URL>", "<a href=URL ping=URL>ID</a>",
        "<meta http-equiv=Content-Security-Policy content=ID>",
    ),
    "formulas": (
        '=HYPERLINK("URL","ID")', "+cmd|' /C ID'!A0", "-2+3+ID", "@SUM(ID)", "\t=ID", "\r=ID", "\n=ID", "＝ID", "＋ID", "－ID",
        "＠ID", " =ID", "ID;=1+1;", "ID\n=2", "'=ID", "\x00=ID", "\ufeff=ID", "\u200b=ID", '=WEBSERVICE("URL")', '"=ID',
        "ID\t=1+1\t", "ID;-1+1;", "=ID", "\u202e=ID", "\xa0=ID", "ID;\x00@x", "\u00ad+ID",
    ),
    "lines of other formats": (
        "ID\r\nATTACH:URL", "ID\nEND:VEVENT\nBEGIN:VEVENT\nSUMMARY:x", 'ID","x":"', "ID: [", "ID\r\nBcc: x@example.org",
        "- !!python/object/apply:os.system [touch ID]", "ID\x85SUMMARY:x", 'ID","x\n"y', "ID\u2029x",
        "ID\r\n\r\n<script>JS</script>",
        "=?utf-8?q?ID?=", "ID;X=1:y", "ID\\nATTACH:x", "&ID *ID", "%YAML 9\n--- ID", "ID\r\n.\r\nQUIT",
        "[1/3] ID: published\nError: x",
    ),
    "terminal sequences": (
        "\x1b[2JID", "\x1b]0;ID\x07", "\x1b]8;;URL\x1b\\ID", "\x9b2JID", "\x1b[31mID", "\x1b[8mID", "\x1bPID\x1b\\", "ID\rx",
        "ID\b\b\b", "\x1b]52;c;ID\x07", "\x1b[?1049hID", "\x1b[6nID", "\x1b(0ID", "\x1bcID", "\x9d0;ID\x9c",
        "\x1b[38;5;1mID\x1b[0m", "\x07ID\x0e",
    ),
    "turned directions": (
        "ID\u202c\u2069 x", "שלום ID", "\u202e<script>JS</script>",
        *(f"{c}ID gpj.exe" for c in "\u202e\u202d\u202a\u202b\u2066\u2067\u2068\u200f\u200e\u061c"),
    ),
    "unseen characters": (
        "<scr\u200bipt>JS</script>",
        *(f"{c}ID{c}x" for c in "\u200b\u200c\u200d\ufeff\u00ad\u2060\u180e\ufe0f\U000e0041\u3164\u2800\u034f\xa0"),
    ),
    "control characters": (
        "<scr\x00ipt>JS</script>", "<img src=x\x00 onerror=JS>",
        *(f"ID{c}x" for c in "\x00\x01\x02\x08\x0b\x0c\x0e\x1a\x1c\x1d\x1e\x1f\x7f\x80\x85\x90\x9f\ufffe\uffff\ufffd"),
    ),
    "letters alike": (
        "<ſcript>JS</ſcript>", "İID", "ıID", "ﬁID", "KID", "＜script＞JS＜/script＞", "I\u0307ID", "e\u0301ID", "ẞID",
        "\U0001d4aeID",
        "Z\u0351\u0352\u0353\u0354\u0355ID", "ǅID", "٣ID", "‹script›JS", "\U0001f600ID", "ʼID", "Ω\u2126ID", "ﷺID", "\u1e9eID",
    ),
    "mutations": (
        "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=x onerror=JS&gt;'>",
        "<noscript><p title='</noscript><img src=x onerror=JS>'>", "<svg></p><style><a id='</style><img src=x onerror=JS>'>",
        "<form><math><mtext></form><form><mglyph><style></math><img src=x onerror=JS>", "<listing>&lt;img src=x onerror=JS&gt;",
        "<table><a href='javascript:JS'>ID", "<select><iframe></select><img src=x onerror=JS>",
        "<template><script>JS</script></template>",
    ),
    "names of the page": (
        "<a id=filters name=ID>", "<form id=plans name=ID><input name=tBodies>", "<img name=getElementById id=ID>",
        "<a id=report href=URL>", "<input name=attributes id=ID>", "<form id=main name=ID><input name=children>",
        "<p id=found>ID",
    ),
    "names of every object": (
        "__proto__ ID", "constructor ID", "toString ID", '{"__proto__":{"ID":1}}', "hasOwnProperty ID", "ID.__proto__.x",
        "NaN ID",
        "5 constructor ID", "__class__ ID", "null ID", "undefined ID", "self ID", "True ID",
    ),
    "formats": (
        "{0.__class__.__init__.__globals__} ID", "%s%s%n ID", "{ID}", "%(ID)s", "{ID!r:>99999}", "%%ID", "$ID ${ID}",
        r"\N{ID}", "{} ID",
        "%d ID %", "{value} ID", "{relation} ID", "{0} ID", "%c ID", r"\g<0> ID", r"\1 ID", "(ID+)+$", ".*[ID", "ID)(",
        "1e999 ID",
    ),
    "paths and commands": (
        "../../ID", "..\\..\\ID", "/etc/passwd ID", "C:\\ID", "..%2f..%2fID", "CON.ID", "~/ID", "$(touch ID)", "`touch ID`",
        "; touch ID",
        "| touch ID", "-rf ID", "--output=ID", "\\\\host\\ID", "ID\n#include <x>", "&& touch ID", "> ID", "*ID?",
    ),
    "SQL": (
        "ID'); DROP TABLE tickets;--", 'ID" OR 1=1--', "ID' UNION SELECT 1--", "read_csv('ID')", "$$ID$$", "E'\\\\' || 'ID'",
        "ID''", 'ID"";', "';COPY (SELECT 1) TO 'ID'--", "ID/*", "current_setting('ID')", "@@ID", ":ID ?ID", "LOAD ID;", "x'ID'",
    ),
    "endless words": (
        "ID" + "W" * 280, "ID" + "<p>" * 60, "ID" + "W" * 19_000, "ID" + "\u0301" * 250, "ID" + "&amp;" * 3_000,
        "ID " + "w " * 9_000, "ID" + "\ufdfd" * 90, "ID" + "<b><i>" * 40 + "<script>JS</script>", "ID" + "\n" * 200,
        "ID" + "－" * 100,
        "ID" + "／W" * 60,
    ),
}  # fmt: skip
#: What stands around a string from the second round on, so that it does not begin or end alike. Never before a formula.
_AROUND = (("", ""), ("", "'"), ("", '"'), ("Printer ", " x"), ("", " <!--"), ("a & b ", ""), ("", "\\"), ("x ", "`"))


@dataclass(frozen=True)
class Hostile:
    """A hostile string with its id and the family it is of."""

    id: str
    family: str
    text: str


def strings(n: int, server: str) -> list[Hostile]:
    """The first `n` strings, of all families in turn; `server` is where those lead that lead anywhere: `127.0.0.1:1234`."""
    found, names = [], list(FAMILIES)
    for i in range(n):
        identity, family = f"q{i:04d}q", names[i % len(names)]
        turn, kind = divmod(i // len(names), len(FAMILIES[family]))
        before, after = _AROUND[turn % len(_AROUND)]
        if family == "formulas":
            before = ""
        text = (
            FAMILIES[family][kind].replace("JS", f"__ran(/{identity}/)").replace("URL", f"http://{server}/{identity}")
        )
        text = text.replace("ID", identity).replace("//http://", "//")
        found.append(Hostile(identity, family, f"{before}{text}{after}"))
    return found
