import Foundation
import JSON
import Testing
import Tools

@Suite struct SendEmailTests {
    private func withOutbox(_ body: (SendEmail, URL) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "whinchat-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let outbox = folder.appending(path: "outbox")
        try await body(SendEmail(outbox: outbox) { Date(timeIntervalSince1970: 1_763_732_096) }, outbox)
    }

    private func files(_ outbox: URL) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: outbox.path)) ?? []
    }

    private func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    /// What one email was written as.
    private func written(_ input: JSONValue) async throws -> String {
        var text = ""
        try await withOutbox { tool, outbox in
            _ = try await tool.run(input)
            let name = try #require(files(outbox).first)
            text = try String(contentsOf: outbox.appending(path: name), encoding: .utf8)
        }
        return text
    }

    @Test func `an email is one file, for its owner alone`() async throws {
        try await withOutbox { tool, outbox in
            let output = try await tool.run(["to": ["ada@example.com"], "subject": "Tea?", "body": "At four.\n"])
            let name = try #require(files(outbox).first)
            #expect(files(outbox).count == 1)
            #expect(name.hasPrefix("1763732096-") && name.hasSuffix(".eml"))
            #expect(
                output == """
                    Written to the outbox as outbox/\(name); the server itself does not send it.
                    To: ada@example.com
                    Subject: Tea?
                    9 bytes of text.
                    """)
            #expect(try mode(outbox.path) == 0o700)
            #expect(try mode(outbox.path + "/" + name) == 0o600)
            let text = try String(contentsOf: outbox.appending(path: name), encoding: .utf8)
            let id = name.dropFirst(11).dropLast(4)
            #expect(
                text == """
                    Date: Fri, 21 Nov 2025 13:34:56 +0000\r
                    From: whinchat@localhost\r
                    To: ada@example.com\r
                    Subject: Tea?\r
                    Message-ID: <\(id)@localhost>\r
                    MIME-Version: 1.0\r
                    Content-Type: text/plain; charset=utf-8\r
                    Content-Transfer-Encoding: quoted-printable\r
                    X-Unsent: 1\r
                    \r
                    At four.\r
                    \r

                    """)
        }
    }

    @Test func `a person is asked first`() {
        #expect(SendEmail(outbox: URL(fileURLWithPath: "/nowhere")).needsApproval)
    }

    @Test func `what is not ASCII is encoded, and lines are short`() async throws {
        let subject = "Grüße aus Köln 🐦 und noch viel mehr, damit es über eine Zeile hinausgeht, ja wirklich"
        let body = "Größe = 5\ttab \ntrailing \r\nlong " + String(repeating: "é", count: 100) + "\r.end"
        let text = try await written([
            "to": ["ada@example.com", "bob.b+x@mail.example.org"], "cc": ["c@example.net"], "subject": .string(subject),
            "body": .string(body),
        ])
        #expect(text.utf8.allSatisfy { $0 < 0x80 })
        let lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)
        #expect(lines.allSatisfy { $0.utf8.count <= 78 })
        #expect(!lines.contains { $0.contains("\n") || $0.contains("\r") })
        #expect(text.contains("To: ada@example.com,\r\n bob.b+x@mail.example.org\r\nCc: c@example.net\r\n"))

        let subjectLines = try #require(text.ranges(of: "Subject: ").first).upperBound
        let raw = text[subjectLines...].prefix(upTo: try #require(text.ranges(of: "\r\nMessage-ID").first).lowerBound)
        let words = raw.split(separator: "\r\n ").map { String($0) }
        #expect(words.count > 1)
        #expect(words.allSatisfy { $0.utf8.count <= 75 && $0.hasPrefix("=?utf-8?B?") && $0.hasSuffix("?=") })
        let decoded = try words.map { word in
            // Each word must be whole UTF-8 by itself (RFC 2047 §5).
            let data = try #require(Data(base64Encoded: String(word.dropFirst(10).dropLast(2))))
            return try #require(String(data: data, encoding: .utf8))
        }
        #expect(decoded.joined() == subject)

        let encoded = String(text[try #require(text.ranges(of: "\r\n\r\n").first).upperBound...])
        #expect(
            decode(quotedPrintable: encoded) == "Größe = 5\ttab \r\ntrailing \r\nlong "
                + String(repeating: "é", count: 100) + "\r\n.end\r\n")
    }

    private func decode(quotedPrintable text: String) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "=") else {
                bytes.append(byte)
                continue
            }
            let pair = rest.prefix(2)
            rest = rest.dropFirst(2)
            if let value = UInt8(String(decoding: pair, as: UTF8.self), radix: 16) { bytes.append(value) }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test(arguments: [
        "x\r\nBcc: evil@example.com", "x\nBcc: evil@example.com", "x\rBcc: y", "x\0y", "x\u{85}Bcc: y", "\u{1b}[31m",
    ]) func `a subject cannot carry another header`(subject: String) async throws {
        try await withOutbox { tool, outbox in
            let failure = await #expect(throws: ToolFailure.self) {
                try await tool.run(["to": ["ada@example.com"], "subject": .string(subject), "body": "x"])
            }
            #expect(failure?.message.contains("one line") == true)
            #expect(files(outbox).isEmpty)
        }
    }

    @Test(arguments: [
        "=?utf-8?B?QmNjOiB4?=", " leading", "trailing ", "x\u{2028}Bcc: y", String(repeating: "a", count: 200),
    ])
    func `an odd subject is encoded whole`(subject: String) async throws {
        let text = try await written(["to": ["ada@example.com"], "subject": .string(subject), "body": "x"])
        let headers = text.prefix(upTo: try #require(text.ranges(of: "\r\n\r\n").first).lowerBound)
        #expect(headers.contains("Subject: =?utf-8?B?"))
        #expect(!headers.contains("Bcc"))
        #expect(headers.utf8.allSatisfy { $0 < 0x80 })
    }

    @Test(arguments: [
        "ada", "ada@", "@example.com", "ada@example", "a b@example.com", "ada@exa mple.com",
        "ada@example.com\r\nBcc: x@y.z",
        "ada@example.com,eve@example.com", "Ada <ada@example.com>", "ada@@example.com", "ada@example..com",
        ".ada@example.com", "ada.@example.com", "\"a\"@example.com", "ada@[127.0.0.1]", "ada@-x.com", "ädä@example.com",
        "ada@example.com;", "ada@exämple.com", "\(String(repeating: "a", count: 65))@example.com", "a\0@example.com",
    ]) func `what is no plain address is refused`(address: String) async throws {
        try await withOutbox { tool, outbox in
            for field in ["to", "cc"] {
                var input: [String: JSONValue] = ["to": ["bob@example.com"], "subject": "x", "body": "x"]
                input[field] = [.string(address)]
                let failure = await #expect(throws: ToolFailure.self) { try await tool.run(.object(input)) }
                #expect(failure?.message.contains("is no email address") == true)
            }
            #expect(files(outbox).isEmpty)
        }
    }

    @Test func `a body cannot end the headers early or begin new ones`() async throws {
        let text = try await written([
            "to": ["ada@example.com"], "subject": "x", "body": "\r\nBcc: evil@example.com\r\n\r\n.\r\nQUIT",
        ])
        let headers = text.prefix(upTo: try #require(text.ranges(of: "\r\n\r\n").first).lowerBound)
        #expect(!headers.contains("Bcc"))
    }

    @Test func `recipients have a bound, to and cc together`() async throws {
        try await withOutbox { tool, _ in
            let six = JSONValue.array((1...6).map { .string("p\($0)@example.com") })
            let failure = await #expect(throws: ToolFailure.self) {
                try await tool.run(["to": six, "cc": six, "subject": "x", "body": "x"])
            }
            #expect(failure?.message.contains("1 to 10 recipients") == true)
        }
    }

    @Test func `a folder that cannot be written is a failure without its path`() async throws {
        let tool = SendEmail(outbox: URL(fileURLWithPath: "/nowhere/at/all"))
        let failure = await #expect(throws: ToolFailure.self) {
            try await tool.run(["to": ["ada@example.com"], "subject": "x", "body": "x"])
        }
        #expect(failure?.message.contains("cannot be made") == true)
        #expect(failure?.message.contains("nowhere") == false)
    }

    @Test func `emails at the same moment are files of their own`() async throws {
        try await withOutbox { tool, outbox in
            await withTaskGroup { group in
                for _ in 0..<20 {
                    group.addTask {
                        _ = try? await tool.run(["to": ["ada@example.com"], "subject": "x", "body": "x"])
                    }
                }
            }
            #expect(files(outbox).count == 20)
        }
    }
}
