import NIOCore

/// A scripted stand-in for a model, in this process: for trying Whinchat without a key, and for tests of what is around a
/// model. It says of itself that it is none.
package struct DemoProvider: ModelProvider {
    /// The pace of a fast model, at which one can still read along.
    package static let defaultWordsPerSecond = 30.0

    package let name = "demo"
    package let models: [String]
    private let interval: TimeAmount

    /// - Parameters:
    ///   - models: names under which it answers.
    ///   - wordsPerSecond: 0 or less: without a pause.
    package init(models: [String] = ["demo"], wordsPerSecond: Double = DemoProvider.defaultWordsPerSecond) {
        self.models = models
        // A year at most, so that no number overflows.
        interval = wordsPerSecond > 0 ? .nanoseconds(Int64(min(1e9 / wordsPerSecond, 3e16))) : .zero
    }

    package func start(
        _ request: ModelRequest, on loop: ModelLoop, receiver: any ModelEventReceiver
    ) -> any ModelCall {
        let call = DemoCall(
            DemoReply(to: request), model: request.model, interval: interval, on: loop.eventLoop, receiver: receiver)
        call.start()
        return call
    }
}
