"""Checks of accessibility: our own rules in the page, what Tab reaches, and what the browser tells a screen reader."""

import pathlib

AUDIT = pathlib.Path(__file__).with_suffix(".js").read_text()
# More stops of Tab than a page of a test has.
MANY_STOPS = 400


def faults(page):
    """What is wrong with the page as it stands, as "rule: what: element"."""
    return page.evaluate(AUDIT)


# By keyboard

# The focused element: a mark on it, what it is, and whether one sees that it has the focus.
STOP = """() => {
    const element = document.activeElement;
    window.stopped ??= new Set();
    if (!element || element === document.body) return { isEnd: true };
    if (stopped.has(element)) return null;
    stopped.add(element);
    let isSeen = false;
    for (let each = element; each && !isSeen; each = each.parentElement) {
        const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(each);
        isSeen = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2 && !/rgba.*, 0\\)$/.test(outlineColor);
        if (each.matches("form, dialog, body")) break;
    }
    const { top, bottom, left, right } = element.getBoundingClientRect();
    const isInView = bottom > 0 && top < innerHeight && right > 0 && left < innerWidth;
    const label = element.getAttribute("aria-label") || element.labels?.[0]?.firstChild.textContent || element.innerText || element.name;
    return { what: `${element.localName} ${label}`.trim().replace(/\\s+/g, " "), isSeen, isInView };
}"""

# What Tab has to reach, and has not.
MISSED = """() => {
    const modal = document.querySelector("dialog:modal");
    const missed = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")].filter((element) =>
        element.tabIndex >= 0 && !element.matches(":disabled") && element.checkVisibility({ visibilityProperty: true })
        && (!modal || modal.contains(element)) && !stopped.has(element));
    delete window.stopped;
    return missed.map((element) => element.outerHTML.slice(0, 120));
}"""


def tab_stops(page):
    """Presses Tab through the whole page, and returns what had the focus, in order, and what is wrong with that."""
    wrong, stops = [], []
    page.evaluate("() => { delete window.stopped; document.activeElement.blur() }")
    for _ in range(MANY_STOPS):
        page.keyboard.press("Tab")
        stop = page.evaluate(STOP)
        if stop is None:
            break
        if stop.get("isEnd"):
            # It may have begun in the middle.
            continue
        stops.append(stop["what"])
        if not stop["isSeen"]:
            wrong.append(f"focus: one does not see it: {stop['what']}")
        if not stop["isInView"]:
            wrong.append(f"focus: is out of view: {stop['what']}")
    else:
        wrong.append("focus: there is no end")
    wrong += [f"focus: Tab does not reach it: {element}" for element in page.evaluate(MISSED)]
    return stops, wrong


# As a screen reader is told

# They say nothing of their own.
SILENT = {"generic", "none", "InlineTextBox", "StaticText", "LineBreak", "RootWebArea", "ListMarker", "paragraph", "strong",
          "emphasis", "code", "LabelText", "MenuListPopup", "SvgRoot"}


def outline(page):
    """The accessibility tree as lines: `role "name"`, indented by depth."""
    session = page.context.new_cdp_session(page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()
    by_id = {node["nodeId"]: node for node in nodes}
    lines = []

    def walk(node, depth):
        role = node.get("role", {}).get("value", "none")
        name = node.get("name", {}).get("value", "")
        says = not node.get("ignored") and role not in SILENT
        if says:
            lines.append("  " * depth + role + (f' "{name}"' if name else ""))
        for child in node.get("childIds", []):
            if child in by_id:
                walk(by_id[child], depth + says)

    walk(nodes[0], 0)
    return lines


def nameless(page):
    """Nodes of the tree that can have the focus and have no name, as the browser itself computes it."""
    session = page.context.new_cdp_session(page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()

    def says(node, name):
        return any(each["name"] == name and each["value"].get("value") for each in node.get("properties", []))

    return [
        node.get("role", {}).get("value") for node in nodes
        if not node.get("ignored") and says(node, "focusable") and not node.get("name", {}).get("value")
        and node["role"]["value"] != "RootWebArea"
    ]
