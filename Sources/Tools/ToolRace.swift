import Synchronization

/// A tool's work against a time limit and against the caller's cancellation. A task group would not do: it waits for all
/// of its tasks, and a tool that ignores cancellation would hold the turn.
final class ToolRace: Sendable {
    enum Outcome: Sendable {
        case output(String)
        case failure(ToolFailure)
        case unexpectedError
        case timeOver
        case cancelled
    }

    private enum State {
        case preparing
        case running(CheckedContinuation<Outcome, Never>, [Task<Void, Never>])
        case over(Outcome)
    }

    private let state = Mutex(State.preparing)

    static func run(limit: Duration, _ work: @escaping @Sendable () async throws -> String) async -> Outcome {
        let race = ToolRace()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                guard race.start(continuation) else { return }
                race.add(Task { @concurrent in race.end(await self.outcome(of: work)) })
                race.add(
                    Task { @concurrent in
                        // Cancelled because the work is done: then this end is one too many, and has no effect.
                        try? await Task.sleep(for: limit)
                        race.end(.timeOver)
                    })
            }
        } onCancel: {
            race.end(.cancelled)
        }
    }

    private static func outcome(of work: @Sendable () async throws -> String) async -> Outcome {
        do {
            return .output(try await work())
        } catch let failure as ToolFailure {
            return .failure(failure)
        } catch {
            return .unexpectedError
        }
    }

    /// False where the caller was cancelled before anything began.
    private func start(_ continuation: CheckedContinuation<Outcome, Never>) -> Bool {
        let early: Outcome? = self.state.withLock { state in
            if case .over(let outcome) = state { return outcome }
            state = .running(continuation, [])
            return nil
        }
        guard let early else { return true }
        continuation.resume(returning: early)
        return false
    }

    private func add(_ task: Task<Void, Never>) {
        let isRunning = self.state.withLock { state in
            guard case .running(let continuation, let tasks) = state else { return false }
            state = .running(continuation, tasks + [task])
            return true
        }
        if !isRunning { task.cancel() }
    }

    /// The first end counts.
    private func end(_ outcome: Outcome) {
        let running: (CheckedContinuation<Outcome, Never>, [Task<Void, Never>])? = self.state.withLock { state in
            defer { if case .over = state {} else { state = .over(outcome) } }
            guard case .running(let continuation, let tasks) = state else { return nil }
            return (continuation, tasks)
        }
        guard let (continuation, tasks) = running else { return }
        for task in tasks { task.cancel() }
        continuation.resume(returning: outcome)
    }
}
