/// One turn of a path as a model is sent it: a question and what came of it.
struct Exchange: Hashable, Sendable {
    /// A message with its tokens, by `TokenEstimate` and by the estimator.
    struct Sized: Hashable, Sendable {
        var message: Message
        var raw: Int
        var tokens: Double

        init(_ message: Message, _ estimator: TokenEstimator) {
            self.message = message
            self.raw = TokenEstimate.tokens(in: message)
            self.tokens = estimator.tokens(in: message, raw: self.raw)
        }
    }

    /// The tokens of some messages, by `TokenEstimate` and by the estimator.
    struct Size: Hashable, Sendable {
        var raw = 0
        var tokens = 0.0

        static func + (left: Size, right: Size) -> Size {
            Size(raw: left.raw + right.raw, tokens: left.tokens + right.tokens)
        }

        static func - (left: Size, right: Size) -> Size {
            Size(raw: left.raw - right.raw, tokens: left.tokens - right.tokens)
        }
    }

    var question: Sized
    /// Mostly one; more where a question's own message was nothing to send.
    var replies: [Sized]
    /// The replies with their tool results cut to a line; nil: that changes nothing.
    var clearedReplies: [Sized]?
    /// The ids of all messages of the path that belong to it, those with nothing to send too.
    var ids: [String]

    var messageCount: Int { 1 + self.replies.count }
    var questionSize: Size { Size(raw: self.question.raw, tokens: self.question.tokens) }
    var replySize: Size { Self.size(of: self.replies) }
    var clearedReplySize: Size { Self.size(of: self.clearedReplies ?? self.replies) }

    func messages(cleared: Bool) -> [Message] {
        let replies = cleared ? self.clearedReplies ?? self.replies : self.replies
        return [self.question.message] + replies.map(\.message)
    }

    private static func size(of messages: [Sized]) -> Size {
        messages.reduce(Size()) { $0 + Size(raw: $1.raw, tokens: $1.tokens) }
    }
}

extension Exchange {
    /// A path as exchanges: each begins with a user's message. Messages with nothing to send are left out, and what stands
    /// before the first user's message.
    ///
    /// - Parameter clears: whether the replies' cleared forms are wanted too.
    static func exchanges(of path: [Message], _ estimator: TokenEstimator, clears: Bool) -> [Exchange] {
        var exchanges: [Exchange] = []
        for message in path {
            let last = exchanges.indices.last
            guard let sendable = message.sendable else {
                if let last { exchanges[last].ids.append(message.id) }
                continue
            }
            let sized = Sized(sendable, estimator)
            switch message.role {
            case .user: exchanges.append(Exchange(question: sized, replies: [], clearedReplies: nil, ids: [message.id]))
            case .assistant:
                guard let last else { continue }
                exchanges[last].ids.append(message.id)
                exchanges[last].replies.append(sized)
                guard clears else { continue }
                let cleared = sendable.clearingToolResults
                if cleared != sendable || exchanges[last].clearedReplies != nil {
                    let before = exchanges[last].clearedReplies ?? exchanges[last].replies.dropLast()
                    exchanges[last].clearedReplies = before + [Sized(cleared, estimator)]
                }
            }
        }
        return exchanges
    }
}
