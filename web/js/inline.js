// What stands within a line: emphasis, code, links. Maths stays text.

import { h } from "./dom.js";

// What runs something is no link.
const link = (to, text = to) => {
	const target = /^(https?:|mailto:)/i.test(to) && { href: to, target: "_blank", rel: "noopener noreferrer" };
	return h(target ? "a" : "span", { title: to, ...target }, text);
};
const inside = (tag) => ([, text], isOpen) => h(tag, inline(text, isOpen));

/** What may stand at a place of the text, and what it is then. */
const RULES = [
	[/^\[([ xX])\](?= )/y, ([, mark]) => (mark === " " ? "☐" : "☑")],
	[/\\[([][^]{0,500}?\\[)\]]|\$\$[^$]+\$\$|\$[^\s$][^$\n]{0,200}\$(?!\d)/y, ([maths]) => maths],
	[/\\([!-/:-@[-`{-~\n])/y, ([, sign]) => sign],
	[/(`+)([^]*?[^`])\1(?!`)/y, ([, , code]) => h("code", code.replace(/^ ([^]*[^ ][^]*) $/, "$1"))],
	[/<((?:https?:\/\/|mailto:)[^\s<>]+)>/y, ([, to]) => link(to)],
	[/https?:\/\/[^\s<>()]*(?:\([^\s<>()]*\)[^\s<>()]*)*(?<![.,:;!?'"\]*_~])/y, ([to]) => link(to)],
	[
		/!?\[((?:[^[\]]|\[[^[\]]*\])*)\]\( *<?((?:[^\s()<>]|\([^\s()]*\))*)>?(?: +"[^"]*")? *\)/y,
		([, text, to]) => link(to, inline(text)),
	],
	[/\*\*(?=\S)([^]*?\S)\*\*(?!\*)/y, inside("strong")],
	[/\*(?=[^\s*])((?:[^*]|\*\*[^*]+\*\*)+?)(?<!\s)\*(?!\*)/y, inside("em")],
	[/(?<![\p{L}\p{N}_])__(?=[^\s_])([^]*?[^\s_])__(?![\p{L}\p{N}_])/uy, inside("strong")],
	[/(?<![\p{L}\p{N}_])_(?=[^\s_])([^]*?[^\s_])_(?![\p{L}\p{N}_])/uy, inside("em")],
	[/~~(?=\S)([^~]+)~~/y, inside("del")],
];

/** The same where the end has yet to come; what has only begun is not shown. */
const UNFINISHED = [
	[/\\[([](?![^]*\\[)\]])[^]*$/y, ([maths]) => maths],
	...RULES,
	[/`+([^`]*)$/y, ([, code]) => code && h("code", code)],
	[/!?\[([^[\]]*)(?:\](?:\([^)]*)?)?$/y, inside("u")],
	[/(?<![\p{L}\p{N}])(?:\*\*|__)(?=\S)([^]+)$/uy, inside("strong")],
	[/(?<![\p{L}\p{N}])[*_](?=[^\s*_])([^]+)$/uy, inside("em")],
	[/(?<![\p{L}\p{N}])[*_~]+$/uy, () => ""],
];

const SPECIAL = /\\|`+|\$|!?\[|<|\*+|_+|~+|https?:\/\//g;

/** Descriptions of a text; where it is open, its end has yet to come. Their `plain` says from where on it has no marks. */
export function inline(text, isOpen = false) {
	const parts = Object.assign([], { plain: 0 });
	let at = 0;
	let plain = "";
	const find = (pattern) => {
		pattern.lastIndex = at;
		return pattern.exec(text);
	};
	for (let found; (found = find(SPECIAL)); at += found[0].length) {
		plain += text.slice(at, found.index);
		at = found.index;
		let part = found[0];
		for (const [pattern, describe] of isOpen ? UNFINISHED : RULES) {
			const match = find(pattern);
			if (!match) continue;
			found = match;
			part = describe(match, isOpen && at + match[0].length === text.length);
			break;
		}
		if (typeof part === "string") plain += part;
		else {
			parts.push(plain, part);
			parts.plain = at + found[0].length;
			plain = "";
		}
	}
	parts.push(plain + text.slice(at));
	return parts;
}
