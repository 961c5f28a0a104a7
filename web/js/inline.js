// What stands within a line: emphasis, code, links; and a light colouring of code. Maths stays text.

import { h } from "./dom.js";

// What runs something is no link.
const link = (to, children) =>
	/^(https?:|mailto:)/i.test(to)
		? h("a", { href: to, title: to, target: "_blank", rel: "noopener noreferrer" }, ...children)
		: h("span", { title: to }, ...children);
const inside = (tag) => ([, text], isOpen) => h(tag, {}, ...inline(text, isOpen));

/** What may stand at a place of the text, and what it is then. */
const RULES = [
	[/^\[([ xX])\](?= )/y, ([, mark]) => (mark === " " ? "☐" : "☑")],
	[/\\[([][^]{0,500}?\\[)\]]|\$\$[^$]+\$\$|\$[^\s$][^$\n]{0,200}\$(?!\d)/y, ([maths]) => maths],
	[/\\([!-/:-@[-`{-~])/y, ([, sign]) => sign],
	[/(`+)([^]*?[^`])\1(?!`)/y, ([, , code]) => h("code", {}, code)],
	[/<((?:https?:\/\/|mailto:)[^\s<>]+)>/y, ([, to]) => link(to, [to])],
	[/https?:\/\/[^\s<>()]*(?:\([^\s<>()]*\)[^\s<>()]*)*(?<![.,:;!?'"\]*_~])/y, ([to]) => link(to, [to])],
	[/!?\[((?:[^[\]]|\[[^[\]]*\])*)\]\( *<?((?:[^\s()<>]|\([^\s()]*\))*)>?(?: +"[^"]*")? *\)/y, ([, text, to]) => link(to, inline(text))],
	[/\*{3}(?=\S)([^*]*[^*\s])\*{3}/y, ([, text]) => h("strong", {}, h("em", {}, ...inline(text)))],
	[/\*\*(?=[^\s*])([^]*?\S)\*\*(?!\*)/y, inside("strong")],
	[/\*(?=[^\s*])((?:[^*]|\*\*[^*]+\*\*)+?)(?<!\s)\*(?!\*)/y, inside("em")],
	[/(?<![\p{L}\p{N}_])__(?=[^\s_])([^]*?[^\s_])__(?![\p{L}\p{N}_])/uy, inside("strong")],
	[/(?<![\p{L}\p{N}_])_(?=[^\s_])([^]*?[^\s_])_(?![\p{L}\p{N}_])/uy, inside("em")],
	[/~~(?=\S)([^~]+)~~/y, inside("del")],
];

/** The same where the end has yet to come; what has only begun is not shown. */
const UNFINISHED = [
	[/`+([^`]*)$/y, ([, code]) => code && h("code", {}, code)],
	[/!?\[([^\]]*)(?:\](?:\([^)]*)?)?$/y, inside("a")],
	[/(?<![\p{L}\p{N}])(?:\*\*|__)(?=[^\s*_])([^]+)$/uy, inside("strong")],
	[/(?<![\p{L}\p{N}])[*_](?=[^\s*_])([^]+)$/uy, inside("em")],
	[/(?<![\p{L}\p{N}])[*_~]+$/uy, () => ""],
];

const SPECIAL = /\\|`+|\$|!?\[|<|\*+|_+|~+|https?:\/\//g;

/** Descriptions of a text; where it is open, its end has yet to come. Their `plain` says from where on it has no marks. */
export function inline(text, isOpen = false) {
	const parts = [];
	const rules = isOpen ? [...RULES, ...UNFINISHED] : RULES;
	let at = 0;
	let plain = "";
	parts.plain = 0;
	for (let found; ; ) {
		SPECIAL.lastIndex = at;
		if (!(found = SPECIAL.exec(text))) break;
		plain += text.slice(at, found.index);
		at = found.index;
		let part = found[0];
		for (const [pattern, describe] of rules) {
			pattern.lastIndex = at;
			const match = pattern.exec(text);
			if (!match) continue;
			found = match;
			part = describe(match, isOpen && at + match[0].length === text.length);
			break;
		}
		at += found[0].length;
		if (typeof part === "string") plain += part;
		else {
			parts.push(plain, part);
			plain = "";
			parts.plain = at;
		}
	}
	parts.push(plain + text.slice(at));
	return parts;
}

const WORDS = new Set(
	"and as async await break case catch class const continue def do elif else enum except export extends false final finally fn for from func function guard if impl import in interface is let match mut new nil None not null or package private protocol pub public raise return self static struct super switch this throw throws trait true True False try type use var void where while with yield select insert update delete create table join on group order by".split(" "),
);
const TOKENS = /(\/\/(?<!:\/\/).*|(?<=^|\s)#[ !].*|(?<=^|\s)-- .*|\/\*.*?(?:\*\/|$))|("(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'|`[^`]*`)|(\b\d[\w.]*)|([A-Za-z_]\w*)/g;

/** One line of code, with its comments, strings, numbers and usual words told apart. */
export function paint(line, language) {
	const parts = [];
	let at = 0;
	if (/^(text|txt|plain|markdown|md|console|output)$/i.test(language)) return [line];
	for (const match of line.matchAll(TOKENS)) {
		const [token, comment, string, number, word] = match;
		const kind = comment ? "comment" : string ? "string" : number ? "number" : WORDS.has(word) && "word";
		if (!kind) continue;
		parts.push(line.slice(at, match.index), h("span", { class: kind }, token));
		at = match.index + token.length;
	}
	return [...parts, line.slice(at)];
}
