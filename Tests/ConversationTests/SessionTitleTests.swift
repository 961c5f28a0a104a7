import Conversation
import Testing

@Suite struct SessionTitleTests {
    @Test(arguments: [
        ("How do I cook rice?", "How do I cook rice?"),
        ("How do I cook rice? And what goes with it?", "How do I cook rice?"),
        ("Explain this. It does not work.", "Explain this"),
        ("Hi. How do I cook rice? Please", "Hi. How do I cook rice?"),
        ("What about e.g. this one?", "What about e.g. this one?"),
        ("  \n\n# A **heading** with `code`\nand more\n", "A heading with code and more"),
        ("- [x] first\n- second", "[x] first second"),
        ("> > quoted", "quoted"), ("-5 is less than 3", "-5 is less than 3"),
        ("What is 2*3, 2 * 3 and *this*?", "What is 2*3, 2 * 3 and this?"),
        ("Rename old_name to _new_", "Rename old_name to new"),
        ("See [the docs](https://example.org/a_b) and ![a cat](cat.png)", "See the docs and a cat"),
        ("[not a link] (really)", "[not a link] (really)"),
        ("Why does this fail?\n```swift\nlet a = 1\n```", "Why does this fail?"),
        ("```\nlet a = 1\n```\nWhat is it?", "What is it?"),
        ("~~~\n```\n~~~\nWhat is it?", "What is it?"),
        ("```\nlet a = 1\n```", "let a = 1"),
        ("これは何ですか？教えてください。", "これは何ですか？教えてください。"),
        ("tab\tand\u{0}control\u{202E}s", "tab andcontrols"), ("???", "???"), ("Wait...", "Wait..."),
    ])
    func `the first sentence, without markup`(words: String, title: String) {
        #expect(SessionTitle.made(from: words) == title)
    }

    @Test(arguments: ["", " \n\t", "\u{0}", "```\n```", "**"])
    func `nothing gives none`(words: String) {
        #expect(SessionTitle.made(from: words) == nil)
    }

    @Test func `a long sentence ends with a word`() {
        let words = "Please tell me everything that there is to know about the history of the violin in Cremona"
        #expect(SessionTitle.made(from: words) == "Please tell me everything that there is to know about the…")
        let unbroken = SessionTitle.made(from: String(repeating: "語", count: 500))
        #expect(unbroken == String(repeating: "語", count: 59) + "…")
    }

    @Test(arguments: [
        String(repeating: "e\u{301}", count: 50_000), "a" + String(repeating: "\u{301}", count: 100_000),
        String(repeating: "👩‍👩‍👧‍👦", count: 1_000), String(repeating: "*_~`[](", count: 10_000),
        String(repeating: "\u{202E}\u{200D}", count: 5_000), String(repeating: "x. ", count: 30_000),
    ])
    func `any text gives a title that is in bounds, or none`(words: String) throws {
        for title in [SessionTitle.made(from: words), SessionTitle.made(fromAnswer: words)] {
            guard let title else { continue }
            #expect(title.unicodeScalars.count <= SessionTitle.scalars)
            try SessionSettings(title: title, model: "m").validate()
        }
    }

    @Test(arguments: [
        ("Cooking rice", "Cooking rice"), ("\n\"Cooking rice.\"\nmore", "Cooking rice"),
        ("**Cooking rice**", "Cooking rice"),
        ("Title: Cooking rice", "Cooking rice"), ("# «Cooking rice»", "Cooking rice"), ("\"", nil), ("", nil),
    ])
    func `of a model's answer the first line`(answer: String, title: String?) {
        #expect(SessionTitle.made(fromAnswer: answer) == title)
    }
}
