/// Who is asking: the owner of sessions.
package enum Identity: Hashable, Sendable {
    /// A browser, known only by its signed cookie: 32 hexadecimal digits, 128 random bits.
    case anonymous(id: String)

    /// A program on this machine, in a server that only this machine reaches.
    case local

    /// What the owner's sessions are filed under; never changes for the same identity.
    package var ownerKey: String {
        switch self {
        case .anonymous(let id): "anonymous:\(id)"
        case .local: "local"
        }
    }
}
