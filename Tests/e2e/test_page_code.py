"""Code in replies: its colours, and what is copied."""

import pytest

# Comments as «…», strings and numbers as ‹…›, keywords as [….
PROGRAMS = {
    "js": (
        "let a = 'b'; // c\nif (x1 <= 0x1F) return `d ${e}\nlet \\` f` + '\\'' // 'g",
        "[let a = ‹'b'›; «// c»\n[if (x1 <= ‹0x1F›) [return ‹`d ${e}›\n‹let \\` f`› + ‹'\\''› «// 'g»",
    ),
    "ts": (
        'a.in = formed; /* in\n\n* in */ export const b: c = "https://d"',
        'a.in = formed; «/* in»\n\n«* in */» [export [const b: c = ‹"https://d"›',
    ),
    "python": (
        "def a(b=1.5): # c\n    '''in\n    if''' + f'x' if b // 2 else None",
        "[def a(b=‹1.5›): «# c»\n    ‹'''in›\n‹    if'''› + f‹'x'› [if b // ‹2› [else [None",
    ),
    "swift": ('#if DEBUG\nlet a = """\n  "b" let\n  """', '#[if [DEBUG\n[let a = ‹"""›\n‹  "b" let›\n‹  """›'),
    "rust": ("fn a<'b>(c: &'b str) -> u8 { 'd' }", "[fn a<'b>(c: &'b str) -> u8 { ‹'d'› }"),
    "c++": ("#include <a.h>\nfor (char b = 'c'; *d; d--) {}", "#include <[a.h>\n[for (char b = ‹'c'›; *d; d--) {}"),
    "go": ("func a() { return nil }", "[func a() { [return [nil }"),
    # Its fences within would be read as the marks of strings.
    "markdown": ("I'm `a\nlet b", "I'm `a\nlet b"),
    "java": ("public class A { static int B = 1_000; }", "[public [class A { [static int B = ‹1_000›; }"),
    "bash": ('if a; then # b\n  echo "$#: c # d" e#f', '[if a; [then «# b»\n  echo ‹"$#: c # d"› e#f'),
    "json": ('{"a": [1, -2.5e3, true, null]}', '{‹"a"›: [‹1›, -‹2.5e3›, [true, [null]}'),
    "sql": ("SELECT a FROM b WHERE c = 'd''e' -- f", "[SELECT a [FROM b [WHERE c = ‹'d'›‹'e'› «-- f»"),
    "html": ('<!-- a\nb --><p class="c">don\'t</p>', "«<!-- a»\n«b -->»<[p [class=‹\"c\"›>don't</[p>"),
    "css": (".a { color: #fff; width: 10px /* b */ }", ".a { color: #fff; width: ‹10px› «/* b */» }"),
    "text": ('if it\'s "so" // 1', 'if it\'s "so" // 1'),
    "": ("let a = 1", "let a = 1"),
}
# As it is looked at, and as Copy takes it.
SEE = """async ({ text, isDone }) => {
    const { markdown } = await import("/js/markdown.js");
    const root = document.createElement("div");
    markdown(root)(text, isDone);
    const code = root.querySelector("code");
    const plain = code.textContent;
    const marks = { comment: ["«", "»"], literal: ["‹", "›"], keyword: ["[", ""] };
    for (const span of code.querySelectorAll("span")) {
        const [before, after] = marks[span.className];
        if (span.textContent) span.replaceWith(before, span.textContent, after);
    }
    return [code.textContent, plain];
}"""


def seen(page, language, program, is_done=True):
    return page.evaluate(SEE, {"text": f"```{language}\n{program}", "isDone": is_done})


def test_code_is_coloured_and_copied_as_it_is(chat, page):
    chat.open()
    for language, (program, wanted) in PROGRAMS.items():
        assert seen(page, language, program) == [wanted + "\n", program + "\n"], language


def test_the_colours_of_a_line_that_grows_do_not_change_back(chat, page):
    chat.open()
    half = {"let a = 'for": "[let a = ‹'for›", "for": "for", "for ": "[for ",
            "/* a\nb": "«/* a»\n«b»", "// for": "«// for»"}
    assert {text: seen(page, "js", text, is_done=False)[0] for text in half} == half


def test_a_very_long_line_of_code_stays_plain(chat, page):
    chat.open()
    long = "let a = 1; " * 100
    assert seen(page, "js", f"{long}\nlet b")[0] == f"{long}\n[let b\n"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_colours_of_code_have_contrast(chat, page, scheme):
    page.emulate_media(color_scheme=scheme)
    chat.open()
    ratios = page.evaluate(
        """async () => {
            const { markdown } = await import("/js/markdown.js");
            const root = document.body.appendChild(document.createElement("div"));
            root.className = "text";
            markdown(root)("```js\\nlet a = 1 // b\\n", true);
            const light = (colour) => {
                const parts = colour.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255);
                const [r, g, b] = parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
                return 0.2126 * r + 0.7152 * g + 0.0722 * b;
            };
            const ground = light(getComputedStyle(root.querySelector(".code")).backgroundColor);
            return Array.from(root.querySelectorAll("pre span"), (span) => {
                const { color } = getComputedStyle(span);
                const [low, high] = [light(color), ground].sort((a, b) => a - b);
                return [span.className, color, (high + 0.05) / (low + 0.05)];
            });
        }"""
    )
    assert len({colour for _, colour, _ in ratios}) == 3
    assert [each for each in ratios if each[2] < 4.5] == []
