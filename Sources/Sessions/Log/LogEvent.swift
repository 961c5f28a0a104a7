import ChatProtocol

/// Not the one of `Logging`.
typealias LogEvent = ChatProtocol.LogEvent
