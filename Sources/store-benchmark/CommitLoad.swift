import Conversation
import SQLiteStorage
import Sessions

/// One session that commits without a pause.
struct CommitLoad {
    let store: SQLiteStorage
    let session: String
    let kind: StoreBenchmark.Kind

    private static let settings = SessionSettings(system: "Be brief.", model: "model-1")
    private static let question = String(repeating: "What is it? ", count: 10)
    private static let answer = String(repeating: "It is so. ", count: 20)

    func create() async throws {
        try await commit(0, [.created(owner: Owner(key: session), ref: nil, settings: Self.settings, createdAt: 0)])
        if kind == .nearest || kind == .matches { try await fill() }
        if kind == .progress { try await commit(1, [accepted(0), .started(turn: "t_0")]) }
    }

    /// - Returns: how long each commit took
    func run(until end: ContinuousClock.Instant) async throws -> [Duration] {
        var latencies: [Duration] = []
        var number = 2
        var start = ContinuousClock.now
        while start < end {
            switch kind {
            case .nearest: _ = try await store.nearest(to: vector(number), model: "e", in: session, limit: 20)
            case .matches: _ = try await store.matches(for: Self.question + words(number), in: session, limit: 20)
            default: try await commit(number, changes(number))
            }
            let now = ContinuousClock.now
            latencies.append(now - start)
            start = now
            number += 1
        }
        return latencies
    }

    /// 10,000 messages with vectors of 1,536 numbers, about 60 MB.
    private func fill() async throws {
        for round in 0..<100 {
            let numbers = round * 100 + 1...round * 100 + 100
            let vectors = numbers.map { MessageVector(message: "u_\($0)", values: vector($0)) }
            try await commit(round + 1, numbers.map(accepted) + [.embedded(model: "e", vectors)])
        }
    }

    private func vector(_ number: Int) -> [Float] { (0..<1_536).map { Float(($0 &* number &* 7_919) % 1_009) - 504 } }

    private func words(_ number: Int) -> String {
        (0..<5).map { "word\((number &* 31 + $0 &* 7) % 500)" }.joined(separator: " ")
    }

    private func changes(_ number: Int) -> [SessionChange] {
        switch kind {
        case .nearest, .matches: return []
        case .accept: return [accepted(number), .head("a_\(number)")]
        case .progress:
            let piece = ReplyPiece(number: number, item: 0, block: .text(Self.answer))
            return [.progress(turn: "t_0", [piece])]
        case .exchange:
            let turn = number / 3
            switch number % 3 {
            case 0: return [accepted(turn), .head("a_\(turn)")]
            case 1: return turn == 0 ? [] : [.started(turn: "t_\(turn)")]
            default:
                guard turn > 0 else { return [] }
                let reply = Message(
                    id: "a_\(turn)", parent: "u_\(turn)", role: .assistant, content: [.text(Self.answer)],
                    createdAt: 0, turn: "t_\(turn)", model: "model-1", usage: Usage(inputTokens: 9, outputTokens: 9),
                    status: .completed)
                return [.ended(turn: "t_\(turn)", reply: reply)]
            }
        }
    }

    private func accepted(_ number: Int) -> SessionChange {
        .accepted(
            AcceptedTurn(
                id: "t_\(number)", kind: .send, ref: "r_\(number)", parent: "u_\(number)", reply: "a_\(number)",
                seq: number, settings: Self.settings),
            message: Message(
                id: "u_\(number)", parent: number > 0 ? "a_\(number - 1)" : nil, role: .user,
                content: [.text(Self.question + words(number))], createdAt: 0, turn: "t_\(number)"))
    }

    private func commit(_ number: Int, _ changes: [SessionChange]) async throws {
        let commit = SessionCommit(
            session: session, id: CommitID(rawValue: number), ownerTerm: 1, epoch: "e_1", lastSeq: number,
            isAtRest: false, time: Int64(number), changes: changes)
        try await withCheckedContinuation { done in store.write(commit) { done.resume(returning: $0) } }.get()
    }
}
