import Foundation

/// Standard input, a line each time one is asked for, on a thread of its own: reading blocks.
final class InputLines: Sendable {
    private let wanted = DispatchSemaphore(value: 0)

    /// - Parameter receive: gets each line that was asked for, or the end of the input
    init(receive: @escaping @Sendable (TerminalChat.Input) -> Void) {
        let wanted = wanted
        Thread.detachNewThread {
            while true {
                wanted.wait()
                guard let line = readLine(strippingNewline: true) else {
                    receive(.endOfInput)
                    return
                }
                receive(.line(line))
            }
        }
    }

    func ask() {
        wanted.signal()
    }
}
