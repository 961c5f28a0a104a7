import Conversation
import Foundation
import JSON
import Logging
import SQLiteStorage
import Sessions
import Testing

@testable import Whinchat

/// `whinchat sessions`, as the program that is run.
@Suite struct SessionsCommandTests {
    private struct Outcome {
        var code: Int32
        var output: String
        var error: String
    }

    @Test func `list shows those active last first, and never lets a title steer the terminal`() async throws {
        try await Self.withFolder { folder in
            let outcome = try Self.run(["list", "--data", folder])
            #expect(outcome.code == 0)
            let lines = outcome.output.split(separator: "\n")
            #expect(lines.count == 3)
            #expect(lines[1].hasPrefix("s_two") && lines[1].hasSuffix("Second\\u{1b}[31m"))
            #expect(lines[2].hasPrefix("s_one") && lines[2].hasSuffix("What is it?"))
        }
    }

    @Test func `list gives JSON`() async throws {
        try await Self.withFolder { folder in
            let outcome = try Self.run(["list", "--json"], environment: ["WHINCHAT_DATA": folder])
            let json = try JSONValue(parsing: outcome.output)
            #expect(json.arrayValue?.map { $0["id"] } == ["s_two", "s_one"])
            #expect(json.arrayValue?[1]["message_count"] == 3)
            #expect(json.arrayValue?[1]["first_words"] == "What\nis it?")
        }
    }

    @Test func `the folder may stand in the server's config file`() async throws {
        try await Self.withFolder { folder in
            let config = folder + "/config.json"
            try JSONValue.object(["data": .string(folder)]).jsonText.write(
                toFile: config, atomically: false, encoding: .utf8)
            #expect(try Self.run(["list", "--config", config]).output.contains("s_one"))
            // The rest of the server's settings is not looked at.
            #expect(try Self.run(["list", "--data", folder], environment: ["WHINCHAT_PORT": "x"]).code == 0)
        }
    }

    @Test func `show has the branch that is shown, and with all the others too`() async throws {
        try await Self.withFolder { folder in
            let shown = try Self.run(["show", "s_one", "--data", folder])
            #expect(shown.code == 0)
            #expect(shown.output.contains("  is it?"))
            #expect(shown.output.contains("  second \\u{1b}]0;owned\\u{7}"))
            #expect(!shown.output.contains("first"))
            #expect(shown.output.contains("1 on other branches (--all)"))
            #expect(!shown.output.unicodeScalars.contains("\u{1b}"))
            let all = try Self.run(["show", "s_one", "--all", "--data", folder])
            #expect(all.output.contains("  first"))
            #expect(all.output.contains("a_1 · after u_1 · another branch"))
        }
    }

    @Test func `export writes JSON and Markdown, to a file for its owner alone`() async throws {
        try await Self.withFolder { folder in
            let json = try Self.run(["export", "s_one", "--data", folder])
            #expect(try JSONValue(parsing: json.output)["messages"]?.arrayValue?.count == 3)
            let path = folder + "/export.md"
            let markdown = try Self.run(["export", "s_one", "--format", "markdown", "--output", path, "--data", folder])
            #expect(markdown.code == 0)
            #expect(markdown.output.isEmpty)
            // Not for a terminal: as it was said.
            #expect(try String(contentsOfFile: path, encoding: .utf8).contains("second \u{1b}]0;owned\u{7}"))
            #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
            let failed = try Self.run(["export", "s_one", "--output", folder + "/no/such", "--data", folder])
            #expect(failed.code == 73)
        }
    }

    @Test func `reading works while a server has the folder, deleting does not`() async throws {
        try await Self.withFolder { folder in
            let storage = try SQLiteStorage(folder: DataFolder(path: folder), logger: Logger(label: "test"))
            for arguments in [["list"], ["show", "s_one"], ["export", "s_one"]] {
                #expect(try Self.run(arguments + ["--data", folder]).code == 0)
            }
            let refused = try Self.run(["delete", "s_one", "--yes", "--data", folder])
            #expect(refused.code == 75)
            #expect(refused.error.contains("in use by another server (process \(getpid()))"))
            #expect(try await storage.session("s_one") != nil)
            await storage.close()
        }
    }

    @Test func `delete removes sessions, and their texts from the files`() async throws {
        try await Self.withFolder { folder in
            let outcome = try Self.run(["delete", "s_one", "s_one", "--data", folder])
            #expect(outcome.code == 0, "\(outcome.error)")
            let list = try Self.run(["list", "--data", folder])
            #expect(list.output.contains("s_two") && !list.output.contains("s_one"))
            for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
                let bytes = try Data(contentsOf: URL(fileURLWithPath: folder + "/" + name))
                #expect(bytes.range(of: Data("is it?".utf8)) == nil, "\(name)")
            }
        }
    }

    @Test func `an unknown session is an error, and then none is deleted`() async throws {
        try await Self.withFolder { folder in
            for arguments in [["show", "s_x"], ["export", "s_x"], ["delete", "--yes", "s_one", "s_x"]] {
                let outcome = try Self.run(arguments + ["--data", folder])
                #expect(outcome.code == 66)
                #expect(outcome.error.contains("There is no session s_x."))
                #expect(outcome.output.isEmpty)
            }
            #expect(try Self.run(["show", "s_one", "--data", folder]).code == 0)
        }
    }

    @Test func `a folder without sessions, and one that is damaged, are errors that say so`() async throws {
        try await Self.withFolder { folder in
            let missing = try Self.run(["delete", "s_1", "--data", folder + "/other"])
            #expect(missing.code == 66)
            #expect(missing.error.contains("does not exist"))
            #expect(!FileManager.default.fileExists(atPath: folder + "/other"))
            let path = folder + "/" + SQLiteStorage.fileName
            try String(repeating: "x", count: 5_000).write(toFile: path, atomically: false, encoding: .utf8)
            let damaged = try Self.run(["list", "--data", folder])
            #expect(damaged.code == 78)
            #expect(damaged.error.contains("is damaged"))
        }
    }

    @Test(arguments: [
        ("a\u{1b}[2Jb", "a\\u{1b}[2Jb"), ("\r\u{7f}\u{9b}", "\\u{d}\\u{7f}\\u{9b}"), ("a\n\tb", "a\n\tb"),
        ("\u{202e}evil", "\\u{202e}evil"), ("עברית é 👩‍👩‍👧", "עברית é 👩‍👩‍👧"),
    ])
    func `control characters are written out`(text: String, escaped: String) {
        #expect(TerminalText.escaped(text) == escaped)
    }

    // MARK: -

    /// Runs the built program, which stands beside the tests.
    private static func run(_ arguments: [String], environment: [String: String] = [:]) throws -> Outcome {
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: tests).deletingLastPathComponent()
            .appendingPathComponent("whinchat")
        process.arguments = ["sessions"] + arguments
        process.environment = environment
        let (output, error) = (Pipe(), Pipe())
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = error
        try process.run()
        // A pipe holds 64 KiB; what is written here is less.
        let written = try output.fileHandleForReading.readToEnd() ?? Data()
        let complained = try error.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return Outcome(
            code: process.terminationStatus, output: String(decoding: written, as: UTF8.self),
            error: String(decoding: complained, as: UTF8.self))
    }

    /// A folder with two sessions: `s_one` with two replies to one question, and `s_two` with a title alone.
    private static func withFolder(_ body: (String) async throws -> Void) async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("whinchat-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let storage = try SQLiteStorage(folder: DataFolder(path: path), logger: Logger(label: "test"))
        let settings = SessionSettings(model: "m-1")
        var changes: [SessionChange] = [
            .created(owner: Owner(key: "local"), ref: nil, settings: settings, createdAt: 0)
        ]
        for (number, text) in [(1, "first"), (2, "second \u{1b}]0;owned\u{7}")] {
            let turn = AcceptedTurn(
                id: "t_\(number)", kind: number == 1 ? .send : .regenerate, ref: "r_\(number)", parent: "u_1",
                reply: "a_\(number)", seq: number, settings: settings)
            let question = Message(
                id: "u_1", parent: nil, role: .user, content: [.text("What\nis it?")], createdAt: 0, turn: "t_1")
            let reply = Message(
                id: turn.reply, parent: "u_1", role: .assistant, content: [.text(text)], createdAt: 1, turn: turn.id,
                model: "m-1", usage: Usage(inputTokens: 3, outputTokens: 5), status: .completed)
            changes += [
                .accepted(turn, message: number == 1 ? question : nil), .ended(turn: turn.id, reply: reply),
                .head(turn.reply),
            ]
        }
        try await write(changes, to: "s_one", at: 1, storage)
        var titled = settings
        titled.title = "Second\u{1b}[31m"
        try await write(
            [.created(owner: Owner(key: "local"), ref: nil, settings: titled, createdAt: 0)], to: "s_two", at: 2,
            storage)
        await storage.close()
        try await body(path)
    }

    private static func write(
        _ changes: [SessionChange], to session: String, at time: Int64, _ storage: SQLiteStorage
    ) async throws {
        let commit = SessionCommit(
            session: session, id: CommitID(rawValue: 1), ownerTerm: 1, epoch: "e_1", lastSeq: 1, isAtRest: true,
            time: time, changes: changes)
        try await withCheckedContinuation { done in storage.write(commit) { done.resume(returning: $0) } }.get()
    }
}
