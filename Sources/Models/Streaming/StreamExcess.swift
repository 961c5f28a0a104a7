/// What a provider has sent too much of within one call: it would fill our memory without any of it being passed on.
enum StreamExcess {
    case blocks, opaqueBlock, signature

    /// The most blocks of a call: 1,000; a long reply with tools has some ten.
    static let blockLimit = 1000
    /// The most bytes of an opaque block's deltas, as JSON: 1 MiB, as for one event, in which such blocks mostly come whole.
    static let opaqueLimitBytes = 1024 * 1024
    /// The most bytes of a thinking block's signature: 256 KiB; long thinking has some ten KiB.
    static let signatureLimitBytes = 256 * 1024

    func error(requestID: String?) -> ModelError {
        let what =
            switch self {
            case .blocks: "more than \(Self.blockLimit) blocks in one reply"
            case .opaqueBlock: "a block of more than \(Self.opaqueLimitBytes) bytes"
            case .signature: "a signature of more than \(Self.signatureLimitBytes) bytes"
            }
        return .malformed("The provider sent \(what).", requestID: requestID)
    }
}
