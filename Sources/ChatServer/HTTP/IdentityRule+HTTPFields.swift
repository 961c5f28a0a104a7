import HTTPTypes
import NIOCore

extension IdentityRule.Evidence {
    init(_ fields: HTTPFields, peer: SocketAddress?) {
        self.init(
            cookie: fields[.cookie], origin: fields[.origin], authorization: fields[.authorization],
            isForwarded: fields.contains { Self.isOfProxy($0.name) }, isLoopbackPeer: peer?.isLoopback ?? false)
    }

    private static func isOfProxy(_ name: HTTPField.Name) -> Bool {
        ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via"]
            .contains(name.canonicalName)
    }
}
