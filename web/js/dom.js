// The few things that every view needs. Text is only ever set as text: nothing here reads markup.

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, any>} [attributes] attributes; `on…` are listeners; null and false are left out
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
        if (value === null || value === undefined || value === false) continue;
        if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
        else element.setAttribute(name, value === true ? "" : String(value));
    }
    element.append(...children);
    return element;
}

const PATHS = {
    send: "M12 19V5m-6 6 6-6 6 6",
    stop: "M7 7h10v10H7z",
    copy: "M9 9h10v11H9zM15 9V4H5v11h4",
    check: "m5 13 4 4L19 7",
    retry: "M20 11a8 8 0 1 0-2 6.500M20 4v7h-7",
    tool: "M14.500 6.500a4 4 0 0 1 5-1.500l-2.500 2.500 .5 2 2 .5L22 7.500a4 4 0 0 1-5.500 5L9 20a2 2 0 0 1-3-3l7.500-7.500a4 4 0 0 1 1-3z",
    alert: "M12 8v5m0 3.500v.01M12 3 2 20h20z",
    sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2m0 16v2M4.500 4.500 6 6m12 12 1.500 1.500M2 12h2m16 0h2M4.500 19.500 6 18M18 6l1.500-1.500",
    moon: "M20 14a8 8 0 0 1-10-10 8 8 0 1 0 10 10z",
};

/** @param {keyof typeof PATHS} name */
export function icon(name) {
    const space = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(space, "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    svg.setAttribute("class", "glyph");
    const path = document.createElementNS(space, "path");
    path.setAttribute("d", PATHS[name]);
    svg.append(path);
    return svg;
}

/** Sets text only where it differs, so that nothing is drawn or read aloud twice. @param {Element} element @param {string} text */
export function setText(element, text) {
    if (element.textContent !== text) element.textContent = text;
}

/** @type {Set<{flush(): void}>} */
const dirty = new Set();

/** Calls `flush` once before the next frame is drawn, however often this is called. @param {{flush(): void}} view */
export function beforeNextFrame(view) {
    if (dirty.size === 0) requestAnimationFrame(drawDirty);
    dirty.add(view);
}

function drawDirty() {
    const views = [...dirty];
    dirty.clear();
    for (const view of views) view.flush();
}

/** Puts a text on the clipboard. @param {string} text @returns {Promise<boolean>} */
export async function copyText(text) {
    try {
        await navigator.clipboard.writeText(text);
        return true;
    } catch {
        // Over plain http there is no clipboard API; the old command still works.
        const area = h("textarea", { class: "unseen", readonly: true });
        area.value = text;
        document.body.append(area);
        area.select();
        const copied = document.execCommand("copy");
        area.remove();
        return copied;
    }
}

/** A button that copies, and says that it has. @param {() => string} text @param {string} label */
export function copyButton(text, label) {
    const button = h("button", { type: "button", class: "mini", title: label, "aria-label": label }, icon("copy"));
    button.addEventListener("click", async () => {
        if (!(await copyText(text()))) return;
        button.replaceChildren(icon("check"), "Copied");
        setTimeout(() => button.replaceChildren(icon("copy")), 1_500);
    });
    return button;
}
