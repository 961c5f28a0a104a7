/// Why a fetch brought no response.
package enum FetchError: Error, Hashable, Sendable {
    case transfer(TransferError)
    /// The body is longer than was allowed.
    case tooLarge(limitBytes: Int)
    case timeout(Duration)
}
