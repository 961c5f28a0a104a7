// Code in three colours, line by line: right for what is common, not for all that is possible.

import { h } from "./dom.js";

const PLAIN = /^(code|te?xt|plain|md|markdown|output|log)/i;
const HASH = /^(py|rb|ruby|(ba|z|)sh|shell|ya?ml|toml)/i;
const COMMENT = /(?<!:)\/\/.*|(?<!\S)-- .*|\/\*.*?(?:\*\/|$)|<!--.*?(?:-->|$)/;
// A string or a number; else a word of many languages, a tag, or what is all in capitals.
const OTHER =
	/(("""|'''|["`]|(?<!\w\w|[&<])')(?:\\?.)*?(?:\3|$)|\b\d[\w.]*)|(?<![\w.$-])(?:and|as|async|await|break|case|catch|class|const|continue|def|do|elif|else|enum|export|false|fn|for|from|func|function|if|import|in|is|let|match|new|nil|not|null|or|private|public|return|self|static|struct|switch|then|this|throw|true|try|type|var|void|while|with|None|True|False|(?<=<\/?)\w+|[A-Z]{2,})(?=[^\w-])/;
/** The mark of what goes on in the next line. */
const UNCLOSED = /^(?:\/\*(?!.*\*\/$)|<!--(?!.*-->$)|("""|'''|`)(?!.*(?<!\\)\1$))/;

/** Returns what describes a line; of one that `isOpen` there is more to come. */
export function highlighter(language) {
	const remark = HASH.test(language) ? /(?<!\S)#.*/ : COMMENT;
	const pattern = RegExp(`(${remark.source})|${OTHER.source}`, "gm");
	let mark = "";
	return (line, isOpen) => {
		// What is very long is data.
		if (PLAIN.test(language) || line.length > 1_000) return [line, "\n"];
		// What has not ended begins this line again, unseen.
		const text = mark + line + (isOpen ? "" : "\n");
		const parts = [];
		let [at, last] = [0, ""];
		for (const { 0: token, 1: comment, 2: literal, index } of text.matchAll(pattern)) {
			const kind = comment ? "comment" : literal ? "literal" : "keyword";
			parts.push(text.slice(at, index), h(`span.${kind}`, index ? token : token.slice(mark.length)));
			at = index + token.length;
			last = token;
		}
		if (!isOpen) mark = UNCLOSED.exec(last)?.[0] ?? "";
		return [...parts, text.slice(at)];
	};
}
