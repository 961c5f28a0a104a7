// What a screen reader says of a reply: whole sentences, a few seconds apart. Told of each token, it would never finish one.

import { h } from "./dom.js";

/** Milliseconds between two announcements. */
const PAUSE_MS = 1_200;
/** How many announcements stay in the region; older ones have long been read. */
const KEPT = 6;

/** UTF-16 units that wait for the end of a sentence; more than that is said as it is. */
const LONGEST = 2_000;

/** A place where a sentence or a line ends. */
const ENDS = /[.!?…。！？؟।]["'”’)\]]*(?=\s)|\n|[。！？]/g;

export class Announcer {
    #region;
    #text = "";
    #timer = 0;

    /** @param {HTMLElement} region with `aria-live` */
    constructor(region) {
        this.#region = region;
    }

    /** A piece of a growing text. @param {string} text */
    add(text) {
        this.#text += text;
        if (!this.#timer) this.#timer = setTimeout(() => this.#sayWhole(), PAUSE_MS);
    }

    /** The rest of the text, and a remark of the page's own. @param {string} remark */
    finish(remark) {
        clearTimeout(this.#timer);
        this.#timer = 0;
        this.#say(this.#text);
        this.#text = "";
        this.#say(remark);
    }

    /** @param {string} remark */
    say(remark) {
        this.#say(remark);
    }

    #sayWhole() {
        this.#timer = 0;
        let end = 0;
        for (const match of this.#text.matchAll(ENDS)) end = match.index + match[0].length;
        if (end === 0 && this.#text.length > LONGEST) end = this.#text.length;
        this.#say(this.#text.slice(0, end));
        this.#text = this.#text.slice(end);
        if (this.#text) this.#timer = setTimeout(() => this.#sayWhole(), PAUSE_MS);
    }

    /** @param {string} text */
    #say(text) {
        const words = text.trim();
        if (!words) return;
        this.#region.append(h("p", {}, words));
        while (this.#region.childElementCount > KEPT) this.#region.firstElementChild?.remove();
    }
}
