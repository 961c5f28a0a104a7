"""What a hostile model may say. `ran.push(…)` is what must not run."""

RUN = "ran.push(1)"

# Each is drawn in one reply with the others.
MARKUP = [
    f"<script>{RUN}</script>", f"<ScRiPt/x>{RUN}</sCrIpT>", f'<img src=x onerror="{RUN}">', f"<svg/onload={RUN}>",
    f"<svg><animate onbegin={RUN} attributeName=x dur=1s></svg>", f"<math><mtext><style><img src=x onerror={RUN}></style></mtext></math>",
    f"<iframe srcdoc='<script>parent.{RUN}</script>'></iframe>", f"<details open ontoggle={RUN}>", f"<input autofocus onfocus={RUN}>",
    "<base href='https://evil.example/'>", "<meta http-equiv=refresh content='0;url=https://evil.example/'>",
    "<form action='https://evil.example/'><button>Sign in</button></form>", "<style>body { display: none }</style>",
    "<link rel=stylesheet href='https://evil.example/x.css'>", f"<template><script>{RUN}</script></template>",
    f"</p></div></main><script>{RUN}</script>", f"<!--><img src=x onerror={RUN}>-->", f"<![CDATA[<script>{RUN}</script>]]>",
    f'"><script>{RUN}</script>', f"' onmouseover='{RUN}", f"{{{{constructor.constructor('{RUN}')()}}}}", f"${{{RUN}}}",
    f"```<script>{RUN}</script>\n</code></pre><img src=x onerror={RUN}>\n```", f"`<img src=x onerror={RUN}>`",
    f"# <img src=x onerror={RUN}>", f"| <svg onload={RUN}> | b |\n|---|---|\n| <script>{RUN}</script> | `</td>` |",
    f"> - <img src=x onerror={RUN}>", f"**<img src=x onerror={RUN}>**", "&lt;script&gt;&#x3c;script&#62;",
]

LINKS = [
    f"[a](javascript:{RUN})", f"[a](JaVaScRiPt:{RUN})", f"[a](  javascript:{RUN})", f"[a](java\tscript:{RUN})", f"[a](\x01javascript:{RUN})",
    f"[a](java&#x73;cript:{RUN})", f"[a](&#106;avascript:{RUN})", f"[a](javascript&colon;{RUN})", f"[a](javascript%3A{RUN})",
    f"[a](\u200bjavascript:{RUN})", f"[a](\ufeffjavascript:{RUN})", f"[a](ｊavascript:{RUN})", f"[a](view-source:javascript:{RUN})",
    f"[a](data:text/html,<script>{RUN}</script>)", "[a](data:text/html;base64,PHNjcmlwdD4=)", f"[a](vbscript:{RUN})",
    "[a](blob:https://x/1)", "[a](file:///etc/passwd)", "[a](//evil.example/)", "[a](/sessions)", "[a](#s_1)", "[a](?x)",
    f"<javascript:{RUN}>", f"<data:text/html,{RUN}>", f"![i](javascript:{RUN})", "![i](https://evil.example/pixel.png)",
    f"![i](data:image/svg+xml,<svg onload={RUN}>)", f'[a](https://b.example" onmouseover="{RUN})', f"[a](https://b.example'onclick='{RUN})",
    f'[a](https://b.example "t\" onclick=\"{RUN}")', f"[a]: javascript:{RUN}\n[a]", f"[<img src=x onerror={RUN}>](https://b.example)",
    f"https://b.example/\"onmouseover=\"{RUN}", f"<https://b.example/?<script>{RUN}</script>>", f"mailto:a@b.example?x=<script>{RUN}</script>",
    "[раураl.com](https://xn--80aa0cbo65f.example/)", "[https://bank.example](https://evil.example/)",
    "[a](https://user:pass@evil.example/)", "[a](http:javascript)", "https://xn--80ak6aa92e.com/ \u202ehttps://evil.example/gpj.exe",
]

SIGNS = [
    "\u202eright to left override", "\u202d\u202e\u202a\u202b nested, never closed", "\u2066\u2067\u2068 isolates", "a\u200bb\u200cc\u200dd\u2060e\ufefff",
    "\u0000\u0001\u0007\u0008\u000b\u000c\u001b[31mred\u007f\u0085", "\u2028line\u2029paragraph", "\ufffe\uffff\U0010ffff\ue000",
    "Z\u0335\u0321\u0327" + "\u0300\u0301\u0334\u0353" * 60 + " tall", "\U000e0041\U000e0042 tags", "\u115f\u3164\u2800 blank",
    "a\u202eb\u202cc **\u202ed** [e\u202e](https://f.example/\u202eg)", "عربي " * 20 + "\u202eEnglish",
]

# Names that mean something to JavaScript.
NAMES = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "valueOf", "then", "__defineGetter__"]
FENCES = [f"```{name}\nlet x = '1'; // {name}\n```\n~~~ {name}\ny\n~~~" for name in NAMES]

# Regular expressions that go back would not come to an end; trees as deep as the text would overflow the stack.
def nested(length):
    return {
        "quotes": ">" * length, "lists": "- " * (length // 2), "numbers": "1. " * (length // 3), "stars": "*" * length, "emphasis": "*a **b " * (length // 7),
        "closed": "*" * (length // 2) + "a" + "*" * (length // 2), "marks": "*_~`" * (length // 4), "under": "_a " * (length // 3), "tildes": "~~a" * (length // 3),
        "ticks": "`" * length, "ticks of many lengths": "".join("`" * (1 + at % 50) + "a" for at in range(length // 26)),
        "brackets": "[" * length, "images": "![" * (length // 2), "links": "[a](" * (length // 4), "parentheses": "[a](" + "(" * length,
        "addresses": "https://" * (length // 8), "address parentheses": "https://a/" + "(a" * (length // 2), "address signs": "https://a/" + "_*~" * (length // 3),
        "angles": "<https://" * (length // 9), "dollars": "$" * length, "maths": "\\(" * (length // 2), "prices": "$a " * (length // 3), "slashes": "\\" * length,
        "pipes": "|" * length, "spaces": " " * length + "x", "tabs": "\t" * length + "x", "heading": "# " + "# " * (length // 2) + "x", "hashes": "#" * length,
        "rules": "- " * (length // 2) + "x", "delimiters": "a|b\n" + "-|" * (length // 2) + "x", "delimiter spaces": "a|b\n" + " " * (length // 2) + "|" + " " * (length // 2) + "x",
        "fence": "`" * (length // 2) + " " * (length // 2) + "`", "colons": ":" * length + "\n", "line ends": "\n" * length, "titles": '[a](b "' * (length // 7),
        "code": "```js\n" + "/*" * (length // 2) + "\n```", "strings": "```js\n" + "'\\" * (length // 2) + "\n```", "one line of code": "```py\n" + "a b 1 " * (length // 6),
        "underlined": "a_" * (length // 2), "strong": "**a" * (length // 3), "triples": "***a " * (length // 5), "item tasks": "- [ ] " * (length // 6),
    }


HUGE_TABLES = {
    "columns": "|a" * 900 + "\n" + "|-" * 900 + "\n" + ("|b" * 900 + "\n") * 10,
    "rows": "|a|b|\n|-|-|\n" + "|1|2|\n" * 5_000,
    "a wide cell": "|a|b|\n|-|-|\n|" + "W" * 50_000 + "|2|\n",
    "no cells": "|a|\n|-|\n" + "\n".join("|" * (at % 50) for at in range(2_000)),
}
