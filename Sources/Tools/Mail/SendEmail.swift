package import Foundation
package import JSON

/// Writes an email into the server's outbox folder, once a person has allowed it. It shows what an approval is good for
/// without a mail server: nothing leaves the machine by itself.
package struct SendEmail: Tool {
    /// Addresses, To and Cc together.
    package static let maximumRecipients = 10
    /// Unicode scalars. RFC 5322 §2.1.1 would have 78 on a line.
    package static let maximumSubject = 200
    /// Unicode scalars: some ten pages.
    package static let maximumBody = 20_000
    /// Emails in the folder. Beyond it somebody should look; each is 80 KB at most.
    package static let maximumOutbox = 1_000

    package let name = "send_email"
    package let needsApproval = true

    package let description = """
        Writes an email and puts it into the server's outbox. A person is shown it first and may change or refuse it. \
        The server does not send it by itself: say that it is in the outbox.
        """

    package let inputSchema: JSONValue = [
        "type": "object",
        "properties": [
            "to": [
                "type": "array", "minItems": 1, "maxItems": .int(SendEmail.maximumRecipients),
                "items": ["type": "string", "minLength": 3, "maxLength": 254],
                "description": "Addresses alone, for example ada@example.com",
            ],
            "cc": [
                "type": ["array", "null"], "maxItems": .int(SendEmail.maximumRecipients),
                "items": ["type": "string", "minLength": 3, "maxLength": 254],
            ],
            "subject": ["type": "string", "minLength": 1, "maxLength": .int(SendEmail.maximumSubject)],
            "body": [
                "type": "string", "minLength": 1, "maxLength": .int(SendEmail.maximumBody),
                "description": "Plain text",
            ],
        ],
        "required": ["to", "subject", "body"],
        "additionalProperties": false,
    ]

    private let outbox: URL
    private let sender: EmailAddress
    private let now: @Sendable () -> Date

    /// - Parameters:
    ///   - outbox: the folder; made, for its owner alone, when the first email is written.
    ///   - now: the system's clock where none is given.
    package init(outbox: URL, now: @escaping @Sendable () -> Date = { Date() }) {
        self.outbox = outbox
        // Who sends it is for the mail program to say that takes it from here.
        self.sender = EmailAddress(local: "whinchat", domain: "localhost")
        self.now = now
    }

    package func run(_ input: JSONValue) async throws -> String {
        let to = try Self.addresses(input["to"])
        let cc = try Self.addresses(input["cc"])
        guard !to.isEmpty, to.count + cc.count <= Self.maximumRecipients else {
            throw ToolFailure("An email has 1 to \(Self.maximumRecipients) recipients, to and cc together.")
        }
        guard let subject = input["subject"]?.stringValue, let body = input["body"]?.stringValue else {
            throw ToolFailure("subject or body is missing.")
        }
        // What a person allowed shall be what is written: nothing is dropped or mended in silence.
        guard !subject.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            throw ToolFailure("The subject must be one line without control characters.")
        }
        guard
            !body.unicodeScalars.contains(where: {
                $0.properties.generalCategory == .control && !"\n\r\t".unicodeScalars.contains($0)
            })
        else { throw ToolFailure("The body must be plain text without control characters.") }
        let email = Email(from: self.sender, to: to, cc: cc, subject: subject, body: body, date: self.now())
        let name = try Outbox(folder: self.outbox).write(email)
        let recipients = (to + cc).map(\.text).joined(separator: ", ")
        return """
            Written to the outbox as \(name); the server itself does not send it.
            To: \(recipients)
            Subject: \(subject)
            \(body.utf8.count) bytes of text.
            """
    }

    private static func addresses(_ json: JSONValue?) throws(ToolFailure) -> [EmailAddress] {
        var addresses: [EmailAddress] = []
        for text in (json?.arrayValue ?? []).compactMap(\.stringValue) {
            guard let address = EmailAddress(text) else {
                throw ToolFailure("\(JSONValue.string(text).jsonText) is no email address such as ada@example.com.")
            }
            addresses.append(address)
        }
        return addresses
    }
}
