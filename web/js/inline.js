// What stands within a line; maths stays text. And the colours of code.

import { h } from "./dom.js";

export const PART = 2_000;

// A group is named by what it becomes. Only an address that runs nothing makes a link.
const WHOLE = [
	/\\[([][^]{0,500}?(?:\\[)\]]|$)|\$\$[^$]+\$\$|\$[^\s$][^$\n]{0,200}\$(?!\d)/,
	/\\(?<text>[!-/:-@[-`{-~\n])/,
	/`(?!`)(?<code>[^`]+)`(?!`)/,
	/!?\[(?<a>(?:[^[\]]|\[[^[\]]*\])*)\]\((?<to>(?:https?:|mailto:)(?:[^\s()<>]|\([^\s()]*\))*)(?: "[^"]*")?\)/,
	/(?<a2>https?:\/\/(?:[^\s<>()”、-〟！-～]|\([^\s()]*\))+(?<![.,:;!?'"\]*_~]))/,
	/\*\*(?=\S)(?<strong>[^]*?\S)\*\*(?!\*)/,
	/\*(?=[^\s*])(?<em>(?:[^*]|\*\*[^*]+\*\*)+?)(?<!\s)\*(?!\*)/,
	/(?<![\p{L}\p{N}_])_(?=[^\s_])(?<em2>[^]*?[^\s_])_(?![\p{L}\p{N}_])/u,
];
const HALF = [
	/(?<text2>)[`*_]+$/,
	/`+(?<code2>[^`]+)$/,
	/!?\[(?<u>[^[\]]*)(?:\](?:\([^)]*)?)?$/,
	/\*\*(?=\S)(?<strong2>[^]+)$/,
	/(?<![\p{L}\p{N}])[*_](?![*_\s])(?<em3>[^]+)$/u,
];
const RUN = /`+|\*+|_+/;
const union = (flags, ...patterns) => RegExp(patterns.map(({ source }) => source).join("|"), flags);
const CLOSED = union("gu", ...WHOLE, RUN);
const OPEN = union("gu", ...WHOLE, ...HALF, RUN);

function split(text, pattern, describe) {
	const parts = [];
	let at = 0;
	for (const { 0: all, index, groups } of text.matchAll(pattern)) {
		const [name, said] = Object.entries(groups).find(([, value]) => value !== undefined) ?? [];
		if (!name) continue;
		parts.push(text.slice(at, index), describe(name, said, groups, index));
		at = index + all.length;
	}
	return [...parts, text.slice(at)];
}

export function inline(text, isOpen) {
	if (text.length > PART) return [text];
	return split(text, isOpen ? OPEN : CLOSED, (name, said, { to = said }) => {
		const tag = name.replace(/\d/, "");
		if (tag === "text") return said;
		if (tag !== "a") return h(tag, tag === "code" ? said : inline(said, isOpen));
		return h(tag, { href: to, title: to, target: "_blank", rel: "noopener noreferrer" }, said.startsWith("http") ? said : inline(said));
	});
}

const CODE = union(
	"gm",
	/(?<comment>(?<!:)\/\/(?! ?\d).*|(?<!\S)(?:--|#) .*|\/\*.*?(?:\*\/|$)|<!--.*?(?:-->|$))/,
	/(?<literal>(?<quote>"""|'''|["`]|(?<!\w\w|[&<])')(?:\\?.)*?(?:\k<quote>|$)|\b\d[\w.]*)/,
	/(?<![\w.$-])(?<keyword>async|await|break|case|catch|class|const|def|else|export|fn|for|from|func|function|if|import|in|let|new|nil|null|public|return|self|static|struct|switch|then|this|throw|true|try|type|var|while|None|True|False|(?<=<\/?)\w+|[A-Z]{2,})(?=[^\w-])/,
);
const UNCLOSED = /^(\/\*|<!--|"""|'''|`)(?!.*(?:\*\/|-->|\1)$)/;

export function highlighter(language) {
	// What goes on from the line before is read with its mark.
	let mark = "";
	return (line, isOpen) => {
		if (/^(code|te?xt|md|markdown)/.test(language) || line.length > 1_000) return [line, "\n"];
		let last = "";
		const parts = split(mark + line + (isOpen ? "" : "\n"), CODE, (kind, token, groups, index) => {
			last = token;
			return h(`span.${kind}`, index ? token : token.slice(mark.length));
		});
		if (!isOpen) mark = UNCLOSED.exec(last)?.[1] ?? "";
		return parts;
	};
}
