// What stands within a line: emphasis, code, links; maths stays text. And the colours of code.

import { h } from "./dom.js";

// As much of a text is drawn again with each frame; what cannot be cut is data.
export const PART = 2_000;

// A group is named by what it becomes; what has none stays text. Only an address that runs nothing makes a link.
const WHOLE = [
	/\\[([][^]{0,500}?(?:\\[)\]]|$)|\$\$[^$]+\$\$|\$[^\s$][^$\n]{0,200}\$(?!\d)/,
	/\\(?<text>[!-/:-@[-`{-~\n])/,
	/`(?!`)(?<code>[^`]+)`(?!`)|``(?!`)(?<code2>[^]+?)``(?!`)/,
	/!?\[(?<a>(?:[^[\]]|\[[^[\]]*\])*)\]\((?<to>(?:https?:|mailto:)(?:[^\s()<>]|\([^\s()]*\))*)\)/,
	/(?<a2>https?:\/\/[^\s<>]*[^\s<>.,:;!?'"\])*_~])/,
	/\*\*(?=\S)(?<strong>[^]*?\S)\*\*(?!\*)/,
	/\*(?=[^\s*])(?<em>(?:[^*]|\*\*[^*]+\*\*)+?)(?<!\s)\*(?!\*)/,
	/(?<![\p{L}\p{N}_])_(?=[^\s_])(?<em2>[^]*?[^\s_])_(?![\p{L}\p{N}_])/u,
];
// What has only begun looks as it will, or is not shown.
const HALF = [
	/(?<text2>)[`*_]+$/,
	/`+(?<code3>[^`]+)$/,
	/!?\[(?<u>[^[\]]*)(?:\](?:\([^)]*)?)?$/,
	/\*\*(?=\S)(?<strong2>[^]+)$/,
	/(?<![\p{L}\p{N}])[*_](?![*_\s])(?<em3>[^]+)$/u,
];
const union = (...patterns) => RegExp([...patterns, /`+|\*+|_+/].map(({ source }) => source).join("|"), "gu");
const CLOSED = union(...WHOLE);
const OPEN = union(...WHOLE, ...HALF);

function describe(tag, said, to, isOpen) {
	if (tag === "text") return said;
	if (tag === "code") return h(tag, said.replace(/^ ([^]+) $/, "$1"));
	if (tag !== "a") return h(tag, inline(said, isOpen));
	const href = to ?? said;
	return h(tag, { href, title: href, target: "_blank", rel: "noopener noreferrer" }, to ? inline(said) : said);
}

export function inline(text, isOpen) {
	if (text.length > PART) return [text];
	const parts = [];
	let at = 0;
	for (const { 0: all, index, groups } of text.matchAll(isOpen ? OPEN : CLOSED)) {
		const [name, said] = Object.entries(groups).find(([, value]) => value !== undefined) ?? [];
		if (!name) continue;
		parts.push(text.slice(at, index), describe(name.replace(/\d/, ""), said, groups.to, isOpen));
		at = index + all.length;
	}
	return [...parts, text.slice(at)];
}

// Right for what is common, not for all that is possible.
const PLAIN = /^(code|te?xt|md|markdown|output|log)/i;
const HASH = /^(py|ruby|(ba|z|)sh|ya?ml|toml)/i;
const COMMENT = /(?<!:)\/\/.*|(?<!\S)-- .*|\/\*.*?(?:\*\/|$)|<!--.*?(?:-->|$)/;
const LITERAL = /("""|'''|["`]|(?<!\w\w|[&<])')(?:\\?.)*?(?:\3|$)|\b\d[\w.]*/;
// Also tags, and what is all in capitals.
const KEYWORDS =
	"as|async|await|break|case|catch|class|const|continue|def|do|else|export|false|fn|for|from|func|function|if|import|in|is|" +
	"let|new|nil|not|null|or|public|return|self|static|struct|switch|then|this|throw|true|try|type|var|void|while|with|" +
	"None|True|False|(?<=</?)\\w+|[A-Z]{2,}";
const UNCLOSED = /^(?:\/\*(?!.*\*\/$)|<!--(?!.*-->$)|("""|'''|`)(?!.*(?<!\\)\1$))/;

export function highlighter(language) {
	const remark = HASH.test(language) ? /(?<!\S)#.*/ : COMMENT;
	const pattern = RegExp(`(${remark.source})|(${LITERAL.source})|(?<![\\w.$-])(?:${KEYWORDS})(?=[^\\w-])`, "gm");
	// What goes on from the line before is read with its mark, which is not shown.
	let mark = "";
	return (line, isOpen) => {
		if (PLAIN.test(language) || line.length > 1_000) return [line, "\n"];
		const text = mark + line + (isOpen ? "" : "\n");
		const parts = [];
		let at = 0;
		let token = "";
		for (const { 0: found, 1: comment, 2: literal, index } of text.matchAll(pattern)) {
			token = found;
			const kind = comment ? "comment" : literal ? "literal" : "keyword";
			parts.push(text.slice(at, index), h(`span.${kind}`, index ? token : token.slice(mark.length)));
			at = index + token.length;
		}
		if (!isOpen) mark = UNCLOSED.exec(token)?.[0] ?? "";
		return [...parts, text.slice(at)];
	};
}
