"""Text on the page: Markdown that grows, and what is no markup."""

import re

import pytest
from playwright.sync_api import expect


def test_a_text_that_a_snapshot_had_to_cut_says_so(chat):
    chat.open().say("é" * 100_000)
    chat.done()
    chat.page.reload()
    expect(chat.page.locator("article.user").get_by_text("Only the beginning is shown")).to_be_visible()


def test_markup_is_text(chat, page):
    chat.open()
    nasty = '<img src=x onerror="document.title=1"><script>document.title=2</script>'
    chat.say(nasty)
    chat.done()
    expect(page.locator("article.user .text")).to_have_text(nasty)
    assert page.locator("#transcript img, #transcript script").count() == 0


# Draws texts in pieces, and says what came of it as markup (to look at: the page itself writes none).
DRAW = """async ({ texts, way }) => {
    const { markdown } = await import("/js/markdown.js");
    const draw = (ends, text, isDone = true) => {
        const root = document.createElement("div");
        const update = markdown(root);
        for (const end of ends) update(text.slice(0, end), false);
        update(text, isDone);
        for (const span of root.querySelectorAll("span:not([class], [title])")) span.replaceWith(...span.childNodes);
        for (const element of root.querySelectorAll("[dir=auto]")) element.removeAttribute("dir");
        root.normalize();
        return root.innerHTML;
    };
    if (way === "open") return texts.map((text) => draw([], text, false));
    if (way === "whole") return texts.map((text) => draw([], text));
    for (const text of texts) {
        const whole = draw([], text);
        const all = Array.from(text, (_, at) => at + 1);
        if (text.length < 500 && draw(all, text) !== whole) return [text, "one by one", whole, draw(all, text)];
        // Not at each place of a long one.
        const some = all.filter((at) => text.length < 500 || at % 397 === 0);
        for (const at of some) if (draw([at], text) !== whole) return [text, at, whole, draw([at], text)];
    }
    return null;
}"""


def drawn(page, way, *texts):
    return page.evaluate(DRAW, {"texts": texts, "way": way})


CASES = {
    "one\ntwo\n\nthree": "<p>one\ntwo</p><p>three</p>",
    "# A *b* c\n###### D": "<h3>A <em>b</em> c</h3><h6>D</h6>",
    "**a *b* c** _d_ ***f***": "<p><strong>a <em>b</em> c</strong> <em>d</em> <strong><em>f</em></strong></p>",
    "**a *b***, *a **b***": "<p><strong>a <em>b</em></strong>, <em>a <strong>b</strong></em></p>",
    "2 * 3 * 4, snake_case_name, \\*no\\*": "<p>2 * 3 * 4, snake_case_name, *no*</p>",
    "$a_1 * b_1$ and \\(x_1 * y_1\\)": "<p>$a_1 * b_1$ and \\(x_1 * y_1\\)</p>",
    "$$\\frac{a_1}{b_1} * c_1$$\n\n\\[a *b* c\\] costs $5 *or* $6": "<p>$$\\frac{a_1}{b_1} * c_1$$</p><p>\\[a *b* c\\] costs $5 <em>or</em> $6</p>",
    # What leads nowhere is shown as it was written.
    "[a](mailto:b@c.d) [e](ftp://f) [g](h.html)": '<p><a href="mailto:b@c.d" title="mailto:b@c.d" target="_blank" rel="noopener noreferrer">a</a> '
    "[e](ftp://f) [g](h.html)</p>",
    "`a *b*` and `c`": "<p><code>a *b*</code> and <code>c</code></p>",
    "a\\\nb\\\\\nc": "<p>a\nb\\\nc</p>",
    "- a\n- b\n  - c\n    more\n\n  d\n- e": "<ul><li><p>a</p></li><li><p>b</p><ul><li><p>c\nmore</p></li></ul><p>d</p></li>"
    "<li><p>e</p></li></ul>",
    "1. a\n   - b\n2. c\n\nd": "<ol><li><p>a</p><ul><li><p>b</p></li></ul></li><li><p>c</p></li></ol><p>d</p>",
    "1. a\n  - b\n\n3. c": "<ol><li><p>a</p><ul><li><p>b</p></li></ul></li><li><p>c</p></li></ol>",
    "7) a\n8) b": '<ol start="7"><li><p>a</p></li><li><p>b</p></li></ol>',
    "> a\n> b\n> - c\n\nd": "<blockquote><p>a\nb</p><ul><li><p>c</p></li></ul></blockquote><p>d</p>",
    "a\n\n---\n* * *\nb": "<p>a</p><hr><hr><p>b</p>",
    "| a | b |\n|:-:|--:|\n| 1 | *2* |\n| x \\| y |\n\nz": '<div class="wide" tabindex="0" role="group" aria-label="Table"><table>'
    '<tr><th align="center">a</th><th align="right">b</th></tr><tr><td align="center">1</td><td align="right"><em>2</em></td></tr>'
    '<tr><td align="center">x | y</td></tr></table></div><p>z</p>',
    "a | b\n--|--\n1\\\n1 | 2 | 3": '<div class="wide" tabindex="0" role="group" aria-label="Table"><table><tr><th>a</th><th>b</th></tr>'
    "<tr><td>1\\</td></tr><tr><td>1</td><td>2</td><td>3</td></tr></table></div>",
    "| no table\nat all": "<p>| no table\nat all</p>",
    "a\n| b |\n|---|\n| c |": '<p>a\n</p><div class="wide" tabindex="0" role="group" aria-label="Table"><table><tr><th>b</th></tr>'
    "<tr><td>c</td></tr></table></div>",
    "| a |\n|---|\n| 1 |\n## b": '<div class="wide" tabindex="0" role="group" aria-label="Table"><table><tr><th>a</th></tr><tr><td>1</td></tr>'
    "</table></div><h4>b</h4>",
    # An address that is its own text is one link, and ends before what only stands behind it.
    "[https://b.c](https://b.c)": '<p><a href="https://b.c" title="https://b.c" target="_blank" rel="noopener noreferrer">https://b.c</a></p>',
    "见https://b.c，好": '<p>见<a href="https://b.c" title="https://b.c" target="_blank" rel="noopener noreferrer">https://b.c</a>，好</p>',
    # Lines may end as in Windows.
    "a | b\r\n--|--\r\n# c": '<div class="wide" tabindex="0" role="group" aria-label="Table"><table><tr><th>a</th><th>b</th></tr></table></div>'
    "<h3>c</h3>",
    "a | b\n--|--\n1 | 2": '<div class="wide" tabindex="0" role="group" aria-label="Table"><table><tr><th>a</th><th>b</th></tr>'
    "<tr><td>1</td><td>2</td></tr></table></div>",
}


ADDRESSES = {
    'https://a.b/c_(d), (https://a.b/) "https://a.b".': ["https://a.b/c_(d)", "https://a.b/", "https://a.b"],
    "在https://a.b，和「https://c.d/e」": ["https://a.b", "https://c.d/e"],
    "“https://a.b”": ["https://a.b"],
    '[a](https://a.b "A title") [c](https://c.d/e_(f))': ["https://a.b", "https://c.d/e_(f)"],
    # No link within a link.
    "[https://a.b/](https://c.d/)": ["https://c.d/"],
}


def test_an_address_ends_where_a_person_sees_its_end(chat, page):
    chat.open()
    for text, wanted in ADDRESSES.items():
        assert re.findall('href="([^"]*)', drawn(page, "whole", text)[0]) == wanted
    assert drawn(page, "split", *ADDRESSES) is None


def test_markdown_is_drawn(chat, page):
    chat.open()
    got = drawn(page, "whole", *CASES)
    wrong = [(text, found, wanted) for (text, wanted), found in zip(CASES.items(), got) if plain(found) != plain(wanted)]
    assert wrong == []


def plain(markup):
    return markup.replace(' dir="auto"', "").replace(' align=""', "")


def test_growing_text_is_the_same_however_it_is_split(chat, page):
    chat.open()
    code = "One.\n\nTwo `x` and\n```swift\nlet a = 1\n\n  ``\n```\nThree\n~~~\n```\nunclosed ~~ `"
    nested = "- a\n  ```js\n  let a\n  ```\n1. `x`\n> ```\n> q\n\n[a](http://b.c/d) [e] <http://f.g> https://h.i/j_(k)."
    coloured = "```js\nlet a = 'b'; /* c\n\nd */ return `e\n${f}\\`g` + 1 // h\n```\n~~~py\ndef a(): '''b\n# c\n''' # d\n'e"
    assert drawn(page, "split", code, nested, coloured, *CASES, "word " * 900, "*" * 2_500 + "a" * 2_500 + "**b** [" * 400) is None


def test_what_is_half_finished_looks_finished(chat, page):
    chat.open()
    half = {
        "a **b": "<p>a <strong>b</strong></p>", "a **": "<p>a </p>", "a `b": "<p>a <code>b</code></p>",
        "see [the page](http://exam": "<p>see <u>the page</u></p>", "2 * 3": "<p>2 * 3</p>", "1.": "", "- ": "", "``": "",
        # Shown once the next line says whether it is a table's head.
        "| a | b": "<p></p>",
        "| a | b\n|---|---|\n": '<div class="wide" tabindex="0" role="group" aria-label="Table"><table><tr><th>a</th><th>b</th></tr></table></div>',
        "a\n#": "<p>a</p>",
        "# A *b": "<h3>A <em>b</em></h3>",
        "- **a": "<ul><li><p><strong>a</strong></p></li></ul>",
        "- a\n- ": "<ul><li><p>a</p></li></ul>",
        "> a `b": "<blockquote><p>a <code>b</code></p></blockquote>",
        "a ***b": "<p>a <strong><em>b</em></strong></p>",
        "a ***b*** c": "<p>a <strong><em>b</em></strong> c</p>",
        "| a |\n|---|\n| **b": '<div class="wide" tabindex="0" role="group" aria-label="Table"><table><tr><th>a</th></tr>'
        "<tr><td><strong>b</strong></td></tr></table></div>",
        "a | b\n--|--\n**c": '<div class="wide" tabindex="0" role="group" aria-label="Table"><table><tr><th>a</th><th>b</th></tr>'
        "<tr><td><strong>c</strong></td></tr></table></div>",
        "a $x_1 * y": "<p>a $x_1 * y</p>",
        "a \\(x_1 * y_1": "<p>a \\(x_1 * y_1</p>",
    }
    assert dict(zip(half, map(plain, drawn(page, "open", *half)))) == half


def test_nothing_that_a_model_says_runs(chat, page):
    chat.open()
    nasty = [
        "[a](javascript:alert(1))", "[a](JavaScript:alert(1)) <javascript:alert(1)>", "![x](data:text/html,<script>1</script>)",
        "<script>document.title=1</script>", '<img src=x onerror="document.title=1">', '[a](http://b" onmouseover="x)',
        "| <b>a</b> |\n|---|\n| <svg onload=x> |", "```<script>\n</code><script>1</script>\n```", "[x](vbscript:1) [y](//evil.example)",
    ]
    for markup in drawn(page, "whole", *nasty):
        page.evaluate("markup => { window.probe = new DOMParser().parseFromString(markup, 'text/html') }", markup)
        assert page.evaluate("probe.querySelectorAll('script, img, b, svg:not(button > svg)').length") == 0, markup
        hrefs = page.evaluate("[...probe.querySelectorAll('[href]')].map((each) => each.getAttribute('href'))")
        assert all(re.match(r"https?://|mailto:", href) for href in hrefs), hrefs
        assert page.evaluate("[...probe.querySelectorAll('*')].every((each) => [...each.attributes].every((a) => !a.name.startsWith('on')))")


@pytest.mark.parametrize(
    "text",
    ["Some *words* and `code` of it.\n\n" * 3_200, "- an item\n" * 10_000, "| a | b |\n|---|---|\n" + "| 1 | 2 |\n" * 10_000,
     "word " * 20_000, "```js\n" + "let a = 'b'; // c\n" * 5_500, "```js\n" + "a /* `b` */ 'c' " * 6_000, "```js\n/*" + " a\n" * 30_000,
     "*" * 100_000, "[" * 50_000 + "](" * 25_000, "> " * 50_000,
     "**a " * 25_000, "_a_ $b `" * 12_500],
    ids=["paragraphs", "items", "rows", "words", "code", "line", "comment", "stars", "brackets", "quotes", "openers", "marks"],
)
def test_a_long_reply_costs_as_much_at_its_end_as_at_its_start(chat, page, text):
    """In steps that are counted, not timed: elements that are changed by each of the last pieces, however long the text."""
    chat.open()
    changed = page.evaluate(
        """async (text) => {
            const { markdown } = await import("/js/markdown.js");
            const root = document.createElement("div");
            const update = markdown(root);
            const observer = new MutationObserver(() => {});
            observer.observe(root, { subtree: true, childList: true, characterData: true });
            let most = 0;
            for (let end = 100; end < text.length; end += 100) {
                update(text.slice(0, end), false);
                most = Math.max(most, observer.takeRecords().length);
            }
            update(text, true);
            return most;
        }""",
        text,
    )
    assert changed < 1_000


# What is wide, long, or runs the other way

SHOW = """async (text) => {
    const { markdown } = await import("/js/markdown.js");
    const root = document.createElement("div");
    root.className = "text";
    document.querySelector("#transcript").replaceChildren(root);
    markdown(root)(text, true);
}"""


@pytest.mark.parametrize(
    "text",
    ["\n".join(["|" + " cell |" * 20, "|" + "---|" * 20] + ["|" + " 12345 |" * 20] * 1_000), "```\n" + "W" * 20_000,
     "W" * 20_000, "`" + "W" * 20_000 + "`", "- " * 15 + "W" * 500, "> " * 15 + "https://example.org/" + "W" * 2_000,
     "|a|b|\n|---|---|\n|" + "W" * 5_000 + "|c|", "# " + "W" * 500],
    ids=["table", "code", "word", "span", "list", "quotes", "cell", "heading"],
)
def test_what_is_wide_scrolls_in_itself_or_wraps(chat, page, text):
    page.set_viewport_size({"width": 320, "height": 640})
    chat.open()
    page.evaluate(SHOW, text)
    assert page.evaluate("document.querySelector('main').scrollWidth <= innerWidth")
    # Nor is anything cut off.
    cut = page.evaluate(
        """() => [...document.querySelectorAll('.text :not(svg)')].filter((each) => {
            const style = getComputedStyle(each);
            return style.overflowX === 'hidden' || style.overflowX === 'clip';
        }).length"""
    )
    assert cut == 0 and len(page.locator(".text").first.text_content()) > 490


def test_each_text_runs_its_own_way(chat, page):
    chat.open()
    texts = ["- שלום\n- hello\n- مرحبا", "1. hello\n2. שלום", "> שלום\n\n> hello",
             "| שם | b |\n|---|---|\n| a | ב |", "שלום\nhello", "hello שלום"]
    found = page.evaluate(
        """async (texts) => {
            const show = %s;
            const found = [];
            for (const text of texts) {
                await show(text);
                const block = document.querySelector("#transcript .text").firstElementChild;
                const { left, width } = block.getBoundingClientRect();
                const walk = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
                const sides = [];
                while (walk.nextNode()) {
                    const range = document.createRange();
                    range.selectNodeContents(walk.currentNode);
                    for (const box of range.getClientRects()) sides.push(box.left - left < width / 2 ? "left" : "right");
                    // A line's end is a box as well.
                    if (walk.currentNode.data.includes("\\n")) sides.shift();
                }
                found.push([getComputedStyle(block).direction, ...sides].join(" "));
            }
            return found;
        }"""
        % SHOW,
        texts,
    )
    # A list is on the side of its first item, a line of a paragraph on its own.
    assert found[:3] == ["rtl right right right", "ltr left left", "rtl right"]
    assert found[3].startswith("rtl ")
    assert found[4:] == ["ltr right left", "ltr left left"]


def test_an_override_does_not_reach_beyond_its_words(chat, page):
    """Where the words stand says which way they are shown."""
    chat.open()
    override = "\u202e"
    for text in (f"a [{override}b](http://c.d) e f", f"a `{override}b` e f", f"a\n\n{override}b\n\ne f",
                 f"```js\nlet a = '{override}b', e, f\n```"):
        page.evaluate(SHOW, text)
        rising = page.evaluate(
            """() => {
                const walk = document.createTreeWalker(document.querySelector("#transcript .text"), NodeFilter.SHOW_TEXT);
                let last;
                while (walk.nextNode()) if (walk.currentNode.data.trim()) last = walk.currentNode;
                const left = (sign) => {
                    const range = document.createRange();
                    const at = last.data.indexOf(sign);
                    range.setStart(last, at);
                    range.setEnd(last, at + 1);
                    return range.getBoundingClientRect().left;
                };
                return left("e") < left("f");
            }"""
        )
        assert rising, text
