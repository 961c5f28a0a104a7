import Conversation
import Models

/// A summary that a model writes.
struct SummaryCall {
    let job: SummaryJob
    /// The reply that ended last on the branch that it is about.
    var reply: String
    /// Jobs after the same turn, this one included.
    let number: Int
    let call: TextCall

    /// The summary that comes of what the model said.
    func summary(from result: Result<String, TextFailure>) -> Result<RunningSummary, TextFailure> {
        result.flatMap { reply in
            guard !job.isTooLong(reply) else { return .failure(.tooLong) }
            return job.summary(from: reply).map { .success($0) } ?? .failure(.empty)
        }
    }
}
