// What WCAG 2.2 AA and ARIA 1.2 let a program check, of the page as it stands now. An expression: a function that returns faults
// as "rule: what is wrong: which element". Animations should be off, so that colours are at rest.
(() => {
	const faults = [];
	const modal = document.querySelector("dialog:modal");
	const all = [...document.querySelectorAll("*")];
	const attribute = (element, name) => element.getAttribute(name)?.trim() ?? "";

	function describe(element) {
		const words = element.textContent.trim().replace(/\s+/g, " ").slice(0, 40);
		return element.cloneNode(false).outerHTML.replace(/<\/[^>]*>$/, "").slice(0, 160) + words;
	}
	const fault = (rule, what, element) => faults.push(`${rule}: ${what}: ${describe(element)}`);

	const isShown = (element) =>
		element.checkVisibility({ visibilityProperty: true }) && !element.closest("[aria-hidden=true], [inert], template, head, svg *")
		&& (!modal || modal.contains(element));
	const shown = all.filter(isShown);

	// Roles and names

	const IMPLICIT = {
		article: "article", aside: "complementary", button: "button", blockquote: "blockquote", code: "code", del: "deletion",
		details: "group", dialog: "dialog", em: "emphasis", fieldset: "group", figure: "figure", h1: "heading", h2: "heading",
		h3: "heading", h4: "heading", h5: "heading", h6: "heading", hr: "separator", ins: "insertion", li: "listitem", main: "main",
		meter: "meter", nav: "navigation", ol: "list", option: "option", output: "status", p: "paragraph", progress: "progressbar",
		search: "search", strong: "strong", sub: "subscript", summary: "button", sup: "superscript", table: "table", tbody: "rowgroup",
		td: "cell", textarea: "textbox", tfoot: "rowgroup", th: "columnheader", thead: "rowgroup", time: "time", tr: "row", ul: "list",
	};
	const INPUTS = { button: "button", submit: "button", reset: "button", image: "button", checkbox: "checkbox", radio: "radio",
		range: "slider", number: "spinbutton", search: "searchbox" };
	function roleOf(element) {
		const [given] = attribute(element, "role").split(/\s+/);
		if (given) return given;
		const tag = element.localName;
		const isSection = !element.closest("article, aside, main, nav, section");
		if (tag === "a") return element.hasAttribute("href") ? "link" : "generic";
		if (tag === "input") return INPUTS[element.type] ?? "textbox";
		if (tag === "select") return element.multiple || element.size > 1 ? "listbox" : "combobox";
		if (tag === "img") return element.getAttribute("alt") === "" ? "presentation" : "img";
		if (tag === "header") return isSection ? "banner" : "generic";
		if (tag === "footer") return isSection ? "contentinfo" : "generic";
		if (tag === "section") return labelOf(element) ? "region" : "generic";
		if (tag === "form") return labelOf(element) ? "form" : "generic";
		return IMPLICIT[tag] ?? "generic";
	}

	function labelOf(element) {
		const named = attribute(element, "aria-labelledby").split(/\s+/).map((id) => document.getElementById(id)?.textContent ?? "");
		return named.join(" ").trim() || attribute(element, "aria-label");
	}
	const FROM_CONTENT = /^(button|cell|checkbox|columnheader|gridcell|heading|link|listitem|menuitem.*|option|radio|row|rowheader|switch|tab|tooltip|treeitem)$/;
	function contentOf(node) {
		if (node.nodeType === Node.TEXT_NODE) return node.data;
		if (node.nodeType !== Node.ELEMENT_NODE || !isShown(node)) return "";
		return labelOf(node) || attribute(node, "alt") || [...node.childNodes].map(contentOf).join(" ");
	}
	function nameOf(element) {
		const label = labelOf(element);
		if (label) return label;
		if (element.localName === "img") return attribute(element, "alt") || attribute(element, "title");
		const labels = [...(element.labels ?? [])].map((each) => [...each.childNodes].filter((node) => node !== element).map(contentOf).join(" "));
		if (labels.join("").trim()) return labels.join(" ").trim();
		const content = FROM_CONTENT.test(roleOf(element)) ? contentOf(element).trim() : "";
		return content || attribute(element, "title");
	}

	const WIDGETS = /^(button|checkbox|combobox|link|listbox|menuitem.*|option|radio|searchbox|slider|spinbutton|switch|tab|textbox|treeitem)$/;
	const ROLES = new Set([...Object.values(IMPLICIT), ...Object.values(INPUTS), "alert", "alertdialog", "application", "banner",
		"combobox", "complementary", "contentinfo", "document", "feed", "form", "generic", "grid", "gridcell", "img", "link", "listbox",
		"log", "marquee", "math", "menu", "menubar", "menuitem", "menuitemcheckbox", "menuitemradio", "none", "note", "presentation",
		"radiogroup", "region", "rowheader", "scrollbar", "status", "switch", "tab", "tablist", "tabpanel", "term", "timer", "toolbar",
		"tooltip", "tree", "treegrid", "treeitem"]);
	/** A scrollable part may have the focus; its role then says what it is. */
	const SCROLLED = /^(application|article|complementary|document|feed|grid|group|img|list|log|main|navigation|region|table|tabpanel)$/;

	const isDisabled = (element) => element.matches(":disabled") || element.ariaDisabled === "true";
	const isFocusable = (element) => element.tabIndex >= 0 && !element.matches(":disabled") && element !== document.documentElement;
	const NATIVE = "a[href], button, input:not([type=hidden]), select, textarea, summary, [contenteditable=true]";
	const isControl = (element) => element.matches(NATIVE) || WIDGETS.test(attribute(element, "role"));
	for (const element of shown) {
		const role = roleOf(element);
		const given = attribute(element, "role");
		if (given && !ROLES.has(given)) fault("role", `"${given}" is no role`, element);
		const mayFocus = element.hasAttribute("tabindex") && element.tabIndex >= 0;
		if (element.tabIndex > 0) fault("focus", "a positive tabindex", element);
		if (isControl(element) || mayFocus) {
			if (!nameOf(element)) fault("name", `a ${role} without a name`, element);
			if (!WIDGETS.test(role) && !SCROLLED.test(role)) fault("role", `can have the focus, and is only ${role}`, element);
			if (mayFocus && !isControl(element) && element.onclick) fault("role", "acts when it is pressed, and is no button", element);
		}
		if (element.onclick && !isControl(element)) fault("role", "acts when it is pressed, and is no button", element);
		if (WIDGETS.test(given) && !isFocusable(element) && !isDisabled(element) && given !== "option") {
			fault("focus", `a ${given} that cannot have the focus`, element);
		}
		// WCAG 2.5.3: who says what they read must be understood.
		const words = isControl(element) && FROM_CONTENT.test(role) && /\p{L}{2,}/u.test(element.innerText ?? "") && element.innerText.trim();
		const plain = (text) => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim();
		if (words && !plain(nameOf(element)).includes(plain(words.split("\n")[0]))) fault("name", "another than what it shows", element);
		if (isControl(element) && element.parentElement.closest(NATIVE)) fault("role", "a control within a control", element);
	}
	for (const element of all) {
		const hidden = element.closest("[aria-hidden=true]");
		if (hidden && isFocusable(element) && element.checkVisibility({ visibilityProperty: true })) {
			fault("focus", "can have the focus within aria-hidden", element);
		}
	}

	// Ids and ARIA

	const ids = new Set();
	for (const element of all) {
		if (!element.id) continue;
		if (ids.has(element.id)) fault("id", `"${element.id}" stands twice`, element);
		ids.add(element.id);
	}
	const ONE = "true|false", SOME = "true|false|mixed", NUMBER = "-?\\d+(\\.\\d+)?", ANY = "[^]*";
	const VALUES = {
		activedescendant: ANY, atomic: ONE, autocomplete: "inline|list|both|none", braillelabel: ANY, busy: ONE, checked: SOME,
		colcount: NUMBER, colindex: NUMBER, colspan: NUMBER, controls: ANY, current: "page|step|location|date|time|true|false",
		describedby: ANY, description: ANY, details: ANY, disabled: ONE, errormessage: ANY, expanded: ONE, flowto: ANY,
		haspopup: "true|false|menu|listbox|tree|grid|dialog", hidden: ONE, invalid: "true|false|grammar|spelling", keyshortcuts: ANY,
		label: ANY, labelledby: ANY, level: "[1-9]\\d*", live: "off|polite|assertive", modal: ONE, multiline: ONE,
		multiselectable: ONE, orientation: "horizontal|vertical", owns: ANY, placeholder: ANY, posinset: NUMBER, pressed: SOME,
		readonly: ONE, relevant: ANY, required: ONE, roledescription: ANY, rowcount: NUMBER, rowindex: NUMBER, rowspan: NUMBER,
		selected: ONE, setsize: NUMBER, sort: "ascending|descending|none|other", valuemax: NUMBER, valuemin: NUMBER, valuenow: NUMBER,
		valuetext: ANY,
	};
	const RANGES = /^(meter|progressbar|scrollbar|separator|slider|spinbutton)$/;
	const TEXTS = /^(combobox|searchbox|textbox|spinbutton)$/;
	/** Attributes that not every role may have, and the roles that may. */
	const OF_ROLES = {
		checked: /^(checkbox|menuitemcheckbox|menuitemradio|option|radio|switch|treeitem)$/, pressed: /^button$/,
		selected: /^(columnheader|gridcell|option|row|rowheader|tab|treeitem)$/,
		expanded: /^(application|button|checkbox|columnheader|combobox|gridcell|link|listbox|menuitem.*|row|rowheader|switch|tab|treeitem)$/,
		level: /^(heading|listitem|row|treeitem)$/, modal: /^(alert)?dialog$/, multiline: /^(searchbox|textbox)$/,
		placeholder: TEXTS, autocomplete: TEXTS, valuenow: RANGES, valuemin: RANGES, valuemax: RANGES, valuetext: RANGES,
		required: /^(checkbox|combobox|gridcell|listbox|radiogroup|searchbox|spinbutton|textbox|tree)$/,
		disabled: /^(application|button|checkbox|combobox|grid|gridcell|group|link|listbox|menu.*|option|radio.*|row|searchbox|separator|slider|spinbutton|switch|tab.*|textbox|toolbar|tree.*)$/,
	};
	const NAMELESS = /^(caption|code|definition|deletion|emphasis|generic|insertion|mark|none|paragraph|presentation|strong|subscript|superscript|term|time)$/;
	const REQUIRED = { checkbox: "checked", switch: "checked", radio: "checked", slider: "valuenow", meter: "valuenow", scrollbar: "valuenow",
		heading: "level", combobox: "expanded" };
	for (const element of all) {
		const role = roleOf(element);
		for (const { name, value } of element.attributes) {
			if (!name.startsWith("aria-")) continue;
			const short = name.slice(5);
			if (!Object.hasOwn(VALUES, short)) fault("aria", `there is no ${name}`, element);
			else if (!new RegExp(`^(${VALUES[short]})$`).test(value)) fault("aria", `${name} cannot be "${value}"`, element);
			else if (OF_ROLES[short] && !OF_ROLES[short].test(role)) fault("aria", `${name} is not for a ${role}`, element);
			else if (/^label(ledby)?$/.test(short) && NAMELESS.test(role)) fault("aria", `a ${role} can have no name`, element);
			if (/^(activedescendant|controls|describedby|details|errormessage|flowto|labelledby|owns)$/.test(short)) {
				for (const id of value.split(/\s+/)) if (!ids.has(id)) fault("aria", `${name} names "${id}", which is not there`, element);
			}
		}
		const given = attribute(element, "role");
		const needed = REQUIRED[given];
		if (needed && !element.hasAttribute(`aria-${needed}`) && !element.matches("input, select, meter, h1, h2, h3, h4, h5, h6")) {
			fault("aria", `a ${given} without aria-${needed}`, element);
		}
		if (element.localName === "label" && element.htmlFor && !ids.has(element.htmlFor)) fault("aria", "a label for nothing", element);
	}

	// The page's parts

	const root = document.documentElement;
	if (!/^[a-z]{2,3}(-[A-Za-z0-9]+)*$/.test(root.lang)) fault("lang", "the page's language is not said", root);
	if (!document.title.trim()) fault("title", "the page has no title", root);
	const viewport = document.querySelector("meta[name=viewport]")?.content ?? "";
	if (/user-scalable *= *(no|0)|maximum-scale *= *[0-4](\.|,|$)/.test(viewport)) fault("zoom", "the page cannot be zoomed", root);

	const ofRole = (role) => shown.filter((element) => roleOf(element) === role);
	const LANDMARKS = ["banner", "complementary", "contentinfo", "form", "main", "navigation", "region", "search"];
	if (!modal) {
		if (ofRole("main").length !== 1) fault("landmark", `${ofRole("main").length} main parts`, document.body);
		if (ofRole("banner").length !== 1) fault("landmark", `${ofRole("banner").length} banners`, document.body);
		for (const role of LANDMARKS) {
			const names = ofRole(role).filter((element) => !element.closest("article")).map(labelOf);
			if (new Set(names).size < names.length) fault("landmark", `two of the role ${role} have one name`, document.body);
		}
		const within = LANDMARKS.map((role) => ofRole(role)).flat();
		for (const element of shown) {
			const says = isControl(element) || [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
			if (!says || element.closest("body > :is(dialog, script, style, noscript), [aria-live], [role=alert], [role=status]")) continue;
			if (!within.some((part) => part.contains(element))) fault("landmark", "stands outside of all parts of the page", element);
		}
		const levels = ofRole("heading").map((element) => [Number(element.ariaLevel ?? element.localName[1]), element]);
		let before = 0;
		for (const [level, element] of levels) {
			if (level > before + 1) fault("heading", `level ${level} comes after ${before || "nothing"}`, element);
			before = level;
		}
	}
	for (const element of shown) {
		if (element.localName === "img" && !element.hasAttribute("alt")) fault("image", "no alt", element);
		if (element.localName === "svg" && !element.closest("button, a, [aria-label]") && !attribute(element, "role")) fault("image", "a drawing without a name", element);
		if (element.localName === "li" && !element.parentElement.matches("ul, ol, menu")) fault("list", "an item without a list", element);
		if (element.matches("ul, ol") && [...element.children].some((child) => child.localName !== "li")) fault("list", "not only items", element);
		if (element.localName === "table" && !element.querySelector("th")) fault("table", "no head", element);
		if (element.matches("dialog[open]") && !nameOf(element)) fault("name", "a dialog without a name", element);
		if (element.matches("dialog[open]") && !element.contains(document.activeElement)) fault("focus", "is outside of the open dialog", element);
	}

	// Colours

	const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
	const parsed = new Map();
	function colour(value) {
		if (!parsed.has(value)) {
			context.clearRect(0, 0, 1, 1);
			context.fillStyle = value;
			context.fillRect(0, 0, 1, 1);
			const [r, g, b, a] = context.getImageData(0, 0, 1, 1).data;
			parsed.set(value, [r, g, b, a / 255]);
		}
		return parsed.get(value);
	}
	const over = ([r, g, b, a], [r2, g2, b2]) => [r, g, b].map((part, at) => part * a + [r2, g2, b2][at] * (1 - a));
	const luminance = (rgb) => {
		const [r, g, b] = rgb.map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const contrast = (one, other) => {
		const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
		return (high + 0.05) / (low + 0.05);
	};
	const isDark = getComputedStyle(root).colorScheme.includes("dark") && (getComputedStyle(root).colorScheme === "dark" || matchMedia("(prefers-color-scheme: dark)").matches);
	const canvas = isDark ? [18, 18, 18] : [255, 255, 255];
	function opacityOf(element) {
		let opacity = 1;
		for (let each = element; each; each = each.parentElement) opacity *= Number(getComputedStyle(each).opacity);
		return opacity;
	}
	/** What stands behind an element at a point: of all elements that are painted there, or else of its parents. */
	function ground(element, point) {
		const stack = [];
		const painted = point && document.elementsFromPoint(...point);
		const at = painted?.indexOf(element) ?? -1;
		if (at >= 0) stack.push(...painted.slice(at));
		else for (let each = element; each; each = each.parentElement) stack.push(each);
		let under = canvas;
		for (const each of stack.reverse()) {
			const style = getComputedStyle(each);
			const [r, g, b, a] = colour(style.backgroundColor);
			under = over([r, g, b, a * opacityOf(each)], under);
		}
		return under;
	}
	const inView = ([x, y]) => x >= 0 && y >= 0 && x < innerWidth && y < innerHeight;
	const middle = ({ left, top, width, height }) => [left + width / 2, top + height / 2];

	function checkText(element, box, style, what) {
		// What comes with the pointer or the focus is not there yet.
		if (box.width < 2 || box.height < 2 || opacityOf(element) === 0) return;
		const point = middle(box);
		const behind = ground(element, inView(point) ? point : null);
		const [r, g, b, a] = colour(style.color);
		const size = parseFloat(style.fontSize);
		const needed = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
		const found = contrast(over([r, g, b, a * opacityOf(element)], behind), behind);
		if (found < needed) fault("contrast", `${found.toFixed(2)} of ${needed} for ${what}`, element);
	}
	const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	const done = new Set();
	while (walker.nextNode()) {
		const node = walker.currentNode;
		const element = node.parentElement;
		if (!node.data.trim() || done.has(element) || !isShown(element) || isDisabled(element.closest("button, input, select, textarea") ?? element)) continue;
		if (getComputedStyle(element).clipPath !== "none" || element.closest(".unseen")) continue;
		done.add(element);
		const range = document.createRange();
		range.selectNodeContents(node);
		checkText(element, range.getClientRects()[0] ?? element.getBoundingClientRect(), getComputedStyle(element), "text");
	}
	for (const element of shown) {
		const box = element.getBoundingClientRect();
		if (element.placeholder && !element.value) checkText(element, box, { ...textStyle(element), color: getComputedStyle(element, "::placeholder").color }, "the placeholder");
		if (element.localName === "svg" && !isDisabled(element.closest("button") ?? element)) {
			const style = getComputedStyle(element);
			checkText(element.parentElement, box, { ...textStyle(element), color: style.stroke === "none" ? style.fill : style.stroke, fontSize: "24px" }, "an icon");
		}
		if (element.matches("input:not([type=hidden]), select, textarea") && !isDisabled(element)) checkEdge(element, box);
	}
	function textStyle(element) {
		const { color, fontSize, fontWeight } = getComputedStyle(element);
		return { color, fontSize, fontWeight };
	}
	/** WCAG 1.4.11: where a field is, its edge or its ground tells; both may be of the box that it fills. */
	function checkEdge(element, box) {
		let best = 0;
		for (let each = element; each && each !== document.body; each = each.parentElement) {
			const around = each.getBoundingClientRect();
			if (around.height > 2 * box.height + 40 || around.width > 1.5 * box.width + 120) break;
			const style = getComputedStyle(each);
			const behind = ground(each.parentElement, null);
			const [r, g, b, a] = colour(style.borderBottomColor);
			if (parseFloat(style.borderBottomWidth) >= 1) best = Math.max(best, contrast(over([r, g, b, a], behind), behind));
			best = Math.max(best, contrast(ground(each, null), behind));
		}
		if (best < 3) fault("contrast", `${best.toFixed(2)} of 3 for a field's edge`, element);
	}

	// Targets: WCAG 2.5.8

	const targets = shown.filter((element) => isControl(element) && !isDisabled(element) && element.getBoundingClientRect().width > 1);
	const boxes = targets.map((element) => element.getBoundingClientRect());
	for (const [at, element] of targets.entries()) {
		const box = boxes[at];
		if (box.width >= 23.5 && box.height >= 23.5) continue;
		if (element.localName === "a" && getComputedStyle(element).display === "inline") continue;
		const [x, y] = middle(box);
		// Small ones may stand alone: a circle of 24 pixels around it touches no other.
		const isNear = boxes.some((other, index) => {
			if (index === at) return false;
			const dx = Math.max(other.left - x, 0, x - other.right), dy = Math.max(other.top - y, 0, y - other.bottom);
			return Math.hypot(dx, dy) < 12;
		});
		if (isNear) fault("target", `${Math.round(box.width)} by ${Math.round(box.height)} pixels, and another beside it`, element);
	}

	// Order

	for (const parent of new Set(targets.map((element) => element.parentElement))) {
		const row = targets.filter((element) => element.parentElement === parent);
		const sign = getComputedStyle(parent).direction === "rtl" ? -1 : 1;
		row.slice(1).forEach((element, at) => {
			const [before, after] = [row[at].getBoundingClientRect(), element.getBoundingClientRect()];
			const isSameRow = before.bottom > after.top + 2 && after.bottom > before.top + 2;
			if (isSameRow && sign * (after.left - before.left) < 0) fault("order", "stands before what has the focus first", element);
		});
	}
	if (root.scrollWidth > innerWidth) fault("reflow", `${root.scrollWidth} pixels wide in ${innerWidth}`, root);
	return faults;
})
