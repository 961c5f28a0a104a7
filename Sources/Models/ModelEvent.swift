package import Conversation
package import JSON

/// What a model's stream says, in the order in which it says it. Block indices count from 0 within one call.
///
/// Every call ends with exactly one `stopped` or `failed`, and nothing follows it.
package enum ModelEvent: Hashable, Sendable {
    /// The provider has begun to answer: the model it says it is, and its id of the request, where it gives them.
    case started(model: String?, requestID: String?)
    case blockStarted(index: Int, BlockKind)
    /// More of a block. The bytes are `ModelEventBatch.text[text]`: whole UTF-8 scalars, JSON escapes already resolved.
    /// For a tool call they are a piece of its input's JSON text.
    case delta(index: Int, text: Range<Int>)
    /// The signature of a thinking block, once, before its `blockDone`.
    case signature(index: Int, String)
    case blockDone(index: Int)
    /// A block of a kind we do not know, whole, to be kept verbatim.
    case opaque(index: Int, JSONValue)
    /// The call's usage so far: each replaces the one before.
    case usage(Usage)
    /// The call failed before it said anything and is made again (`RetryingProvider`): block indices are still at 0.
    case retrying(ModelRetry)
    /// The provider said that the reply is finished, and why.
    case stopped(StopReason)
    case failed(ModelError)
}

package enum BlockKind: Hashable, Sendable {
    case text
    case thinking
    case toolCall(id: String, name: String)
}

/// A batch of events with the text that their deltas point into. It is emptied and filled again, so that a token costs no
/// allocation.
package struct ModelEventBatch: Sendable {
    package var events: [ModelEvent] = []
    package var text: [UInt8] = []

    package init() {}

    package mutating func removeAll() {
        events.removeAll(keepingCapacity: true)
        text.removeAll(keepingCapacity: true)
    }
}

/// Why a model stopped: what it means to us, and the provider's own word.
package struct StopReason: Hashable, Sendable {
    package enum Meaning: Hashable, Sendable {
        case endTurn, toolUse, maxTokens, stopSequence, refusal, contentFilter, contextExceeded, pauseTurn
        /// A word we do not know: the reply is finished.
        case other
    }

    /// The most Unicode scalars of the provider's word: 64, three times the longest known.
    package static let wordLimitScalars = 64

    package var meaning: Meaning
    package var word: String

    package init(_ meaning: Meaning, word: String) {
        self.meaning = meaning
        self.word = word
    }
}
