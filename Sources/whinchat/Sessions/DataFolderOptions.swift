import ArgumentParser
import Foundation
import SQLiteStorage

/// Which data folder a command works with: found as `whinchat serve` finds it.
struct DataFolderOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Folder that the server keeps its data in (default: WHINCHAT_DATA, else the config file, else ./data).",
            valueName: "folder"))
    var data: String?

    @Option(help: ArgumentHelp("The server's JSON file with settings (default: none).", valueName: "file"))
    var config: String?

    /// - Throws: `SettingError`
    func path(environment: [String: String]) throws(SettingError) -> String {
        var flags: [SettingKey: [String]] = [:]
        if let data { flags[.data] = [data] }
        if let config { flags[.config] = [config] }
        // Not all of the server's settings: a wrong port is no reason not to list.
        var sources = [SettingSource.flags(flags), .environment(environment)]
        if let file = try SettingsResolution(sources: sources).string(.config) {
            sources.append(try SettingSource.file(path: file.value))
        }
        guard let found = try SettingsResolution(sources: sources).string(.data) else {
            return ServeSettings().dataFolder
        }
        guard !found.value.isEmpty else {
            throw .value(origin: found.origin, given: "", expected: "the path of a folder")
        }
        return found.value
    }

    /// Runs a command's work with the folder's path; what goes wrong becomes a sentence and an exit code.
    func run(_ body: (String) async throws -> Void) async throws {
        do {
            try await body(try path(environment: ProcessInfo.processInfo.environment))
        } catch let error as ExitCode {
            throw error
        } catch {
            guard let code = Self.exitCode(error) else { throw error }
            StandardStreams.writeError("Error: \(TerminalText.escaped("\(error)"))\n")
            throw ExitCode(code)
        }
    }

    /// As in sysexits.h; nil for an error that is none of ours.
    private static func exitCode(_ error: any Error) -> Int32? {
        switch error {
        case let error as SettingError: error.exitCode
        case let error as SessionsCommandError: error.exitCode
        case DataFolderError.locked: 75
        case is DataFolderError: 78
        case SQLiteStorageError.missing: 66
        case is SQLiteStorageError: 78
        default: nil
        }
    }
}
