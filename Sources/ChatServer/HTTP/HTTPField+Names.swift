import HTTPTypes

extension HTTPField.Name {
    /// The session that a response is about.
    static var whinchatSession: Self { .token("Whinchat-Session") }
    /// nginx: whether it gathers a response before it passes it on.
    static var xAccelBuffering: Self { .token("X-Accel-Buffering") }
    /// Where an event stream broke off (WHATWG HTML §9.2.4).
    static var lastEventID: Self { .token("Last-Event-ID") }
}
