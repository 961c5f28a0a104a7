import Testing

/// Returns once `condition` holds; looks again and again, for at most 30 s. For what nobody tells of: a state inside a
/// session or a store. The pause only leaves the core to those who are to bring it about.
func eventually(
    _ condition: () async throws -> Bool, sourceLocation: SourceLocation = #_sourceLocation
) async throws {
    let end = ContinuousClock.now + .seconds(30)
    while try await !condition() {
        guard ContinuousClock.now < end else {
            Issue.record("it did not come to be", sourceLocation: sourceLocation)
            throw CancellationError()
        }
        try await Task.sleep(for: .milliseconds(1))
    }
}

/// Waits until the task is cancelled, as a tool does that never answers.
func untilCancelled() async throws -> Never {
    let (nothing, end) = AsyncStream<Never>.makeStream()
    for await _ in nothing {}
    end.finish()
    throw CancellationError()
}
