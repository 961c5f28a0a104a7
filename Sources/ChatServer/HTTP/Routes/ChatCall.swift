import ChatProtocol
import Conversation
import HTTPTypes
import Hummingbird
import JSON
import NIOCore
import Sessions

/// A request to one of the chat's routes, with who asks.
struct ChatCall: Sendable {
    let request: Request
    let owner: Owner
    let channel: any Channel
    private let parameters: Parameters

    /// - Throws: `Problem` 401 where nobody is known to ask.
    init(_ request: Request, _ context: ChatRequestContext, _ rule: IdentityRule) throws {
        let decision = rule.decide(IdentityRule.Evidence(request.headers, peer: context.channel.remoteAddress))
        guard let identity = decision.identity else {
            let reason =
                switch decision {
                case .unauthorised(.unknownToken): "This server knows no tokens."
                case .unauthorised(.noValidCookie): "The cookie is not this server's. Load its page again."
                default: "There is no identity. Load the server's page to get a cookie."
                }
            throw CommandError(.unauthorised, reason)
        }
        self.request = request
        owner = Owner(key: identity.ownerKey)
        channel = context.channel
        parameters = context.parameters
    }

    /// The session in the path, as it was given.
    var sessionName: String { parameters.get("session") ?? "" }

    func query() throws(CommandError) -> QueryReader { try QueryReader(request.uri.query) }

    /// The JSON object in the body; empty where there is no body.
    ///
    /// - Throws: `Problem` 413 and 415, `CommandError`
    func body() async throws -> [String: JSONValue] {
        let limit = ProtocolLimits.clientFrameBytes
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > limit {
            throw CommandError(.tooLarge, "The body has \(length) bytes; the most is \(limit).")
        }
        let bytes: ByteBuffer
        do {
            bytes = try await request.body.collect(upTo: limit)
        } catch is NIOTooManyBytesError {
            throw CommandError(.tooLarge, "The body has more than \(limit) bytes.")
        }
        guard bytes.readableBytes > 0 else { return [:] }
        guard isJSON else {
            throw Problem(
                .unsupportedMediaType, "The body is JSON here: send it with \"Content-Type: application/json\".",
                headers: [.accept: "application/json"])
        }
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(parsing: bytes.readableBytesView)
        } catch {
            throw CommandError(.badJSON, "The body is not JSON: \(error.reason) at byte \(error.offset).")
        }
        guard case .object(let members) = value else {
            throw CommandError(.badJSON, "The body is JSON, but not an object.")
        }
        return members
    }

    private var isJSON: Bool {
        let type = request.headers[.contentType]?.split(separator: ";").first ?? ""
        return type.lowercased().filter { $0 != " " && $0 != "\t" } == "application/json"
    }

    /// A frame put together from the request's parts.
    func frame(_ type: String, _ members: [String: JSONValue]) throws(CommandError) -> ClientFrame {
        var members = members
        members["type"] = .string(type)
        if members["id"]?.isNull ?? true { members["id"] = .string(Self.newRef()) }
        return try ClientFrame(of: members)
    }

    /// An id for a command whose caller gave it none.
    static func newRef() -> String {
        "h_" + String(UInt64.random(in: .min ... .max), radix: 36) + String(UInt64.random(in: .min ... .max), radix: 36)
    }
}

extension ClientFrame {
    /// - Throws: `unknown_type`, `bad_field`, `message_too_long`
    init(of members: [String: JSONValue]) throws(CommandError) {
        do throws(ClientFrameRefusal) {
            try self.init(members: members)
        } catch {
            throw error.error
        }
    }
}
