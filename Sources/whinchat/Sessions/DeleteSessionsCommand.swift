import ArgumentParser
import Foundation
import Logging
import SQLiteStorage
import Sessions

/// `whinchat sessions delete`
struct DeleteSessionsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete sessions for good, their texts out of the files too.",
        discussion: "Not while a server works with the folder: it has the sessions in its memory.")

    @Argument(help: "The sessions' ids.")
    var ids: [String]

    @Flag(help: "Do not ask. Where the input is no terminal, it is not asked anyway.")
    var yes = false

    @OptionGroup var folder: DataFolderOptions

    func run() async throws {
        try await folder.run { folder in
            // Looked at first, so that a wrong folder is not made into one.
            let archive = try SessionArchive(folder: folder)
            let unknown = try ids.filter { try archive.session($0) == nil }
            guard unknown.isEmpty else { throw SessionsCommandError.unknown(unknown) }
            let storage = try SQLiteStorage(
                folder: DataFolder(path: folder), logger: Logger(label: "whinchat") { _ in SwiftLogNoOpLogHandler() })
            do {
                if confirmed() { try await Self.delete(ids, from: storage) }
            } catch {
                await storage.close()
                throw error
            }
            await storage.close()
        }
    }

    private func confirmed() -> Bool {
        guard !yes, isatty(STDIN_FILENO) == 1 else { return true }
        StandardStreams.writeError(
            "Delete \(ids.count == 1 ? "this session" : "\(ids.count) sessions") for good? [y/N] ")
        return ["y", "yes"].contains(readLine()?.lowercased())
    }

    private static func delete(_ ids: [String], from storage: SQLiteStorage) async throws {
        for id in ids {
            do throws(SessionStoreError) {
                // Named twice.
                guard let session = try await storage.session(id) else { continue }
                let commit = SessionCommit(
                    session: id, id: CommitID(rawValue: 1), ownerTerm: session.ownerTerm, epoch: session.epoch,
                    lastSeq: session.lastSeq, isAtRest: session.isAtRest, time: session.lastActiveAt,
                    changes: [.deleted])
                let result = await withCheckedContinuation { done in
                    storage.write(commit) { done.resume(returning: $0) }
                }
                try result.get()
            } catch {
                throw SessionsCommandError.notDeleted(id: id, reason: error.words)
            }
        }
    }
}

extension SessionStoreError {
    fileprivate var words: String {
        switch self {
        case .outdatedTerm: "another server has it"
        case .unavailable(let text), .inconsistent(let text): text
        }
    }
}
