import Conversation
import Models
import NIOCore

/// What a session knows for its prompts beside its messages. In memory while its history is.
struct SessionContext {
    /// Models. A session that changes between more learns anew.
    private static let maximumEstimators = 4
    /// Summaries in memory, some kilobytes each. Of a branch whose summary is older, the window is sent until it has another.
    private static let maximumSummaries = 64

    private(set) var estimators: [String: TokenEstimator] = [:]
    /// In the order in which they were made.
    private(set) var summaries: [RunningSummary] = []
    /// The summary that is being written.
    var summary: SummaryCall?
    /// The title that a model makes.
    var title: TextCall?
    /// Summaries that failed one after the other.
    var failedSummaries = 0
    /// The vectors that are being made.
    var embedding: Task<Void, Never>?

    /// Whether nothing is made in the background.
    var isIdle: Bool { summary == nil && title == nil && embedding == nil }

    mutating func keep(_ estimator: TokenEstimator) {
        if estimators[estimator.model] == nil, estimators.count >= Self.maximumEstimators { estimators = [:] }
        estimators[estimator.model] = estimator
    }

    mutating func add(_ summary: RunningSummary) {
        if summaries.count >= Self.maximumSummaries { summaries.removeFirst() }
        summaries.append(summary)
    }

    mutating func restore(_ summaries: [RunningSummary]) {
        self.summaries = summaries.suffix(Self.maximumSummaries)
    }
}
