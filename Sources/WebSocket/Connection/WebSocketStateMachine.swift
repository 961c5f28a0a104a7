package import NIOCore

/// One end of a WebSocket after its opening handshake: it is told what happened and says what to do.
///
/// No socket, no clock: whoever drives it reports bytes, timers and the transport's end, and does what each `Action`
/// names before it reports anything else.
package struct WebSocketStateMachine: Sendable {
    /// What to do next.
    package enum Action: Equatable, Sendable {
        /// Nothing.
        case none
        /// Hand a message to the application.
        case deliverText(ByteBuffer)
        case deliverBinary(ByteBuffer)
        case sendPong(ByteBuffer)
        /// Send a ping and report `keepAliveExpired()` when the wait is over.
        case sendPing(ByteBuffer)
        /// Nothing was wrong: report `keepAliveDue()` when the interval is over.
        case scheduleKeepAlive
        /// Send a close frame and report `closeWaitExpired()` when the wait for the peer's is over.
        case sendCloseAndAwaitPeer(CloseFrame)
        /// Send a close frame, end the transport and tell the application. What still arrives is discarded.
        case sendCloseAndEnd(CloseFrame, ConnectionEnd)
        /// End the transport and tell the application.
        case end(ConnectionEnd)
    }

    private enum State {
        case open
        /// Our close frame is out, the peer's is awaited.
        case closing(CloseFrame)
        case ended
    }

    private var state = State.open
    private var decoder: FrameDecoder
    private let acceptsBinary: Bool
    private var isWritable = true
    /// The newest ping that came while the peer was not reading.
    private var owedPong: ByteBuffer?
    private var hasHeardSincePing = true
    private var pingCount: UInt32 = 0

    /// - Parameter acceptsBinary: where false, a binary message closes with 1003.
    package init(role: Role, limits: FrameLimits = FrameLimits(), acceptsBinary: Bool = true) {
        self.decoder = FrameDecoder(role: role, limits: limits)
        self.acceptsBinary = acceptsBinary
    }

    /// Whether messages may be sent: no close frame has been.
    package var isOpen: Bool {
        if case .open = self.state { true } else { false }
    }

    /// Bytes came. To be called again with what is left of them until it says `none`.
    package mutating func received(_ bytes: inout ByteBuffer) -> Action {
        if bytes.readableBytes > 0 { self.hasHeardSincePing = true }
        while true {
            if case .ended = self.state {
                // RFC 6455 §1.4: after the close frames, any further data is discarded.
                bytes.moveReaderIndex(to: bytes.writerIndex)
                return .none
            }
            do {
                guard let element = try self.decoder.next(&bytes) else { return .none }
                let action = try self.received(element)
                if action != .none { return action }
            } catch {
                return self.fail(error)
            }
        }
    }

    private mutating func received(_ element: FrameDecoder.Element) throws(ProtocolViolation) -> Action {
        switch (element, self.state) {
        case (.close(let frame), .open):
            self.state = .ended
            // RFC 6455 §5.5.1: answer a close frame with one, typically with the code received; §7.1.1: then the
            // server closes the transport at once.
            return .sendCloseAndEnd(
                CloseFrame(frame.code), ConnectionEnd(.peer, code: frame.code, reason: frame.reason))
        case (.close, .closing(let sent)):
            self.state = .ended
            return .end(ConnectionEnd(.local, code: sent.code, reason: sent.reason))
        // The application has said goodbye: messages that crossed our close frame come too late for it.
        case (_, .closing), (_, .ended):
            return .none
        case (.text(let payload), .open):
            return .deliverText(payload)
        case (.binary(let payload), .open):
            guard self.acceptsBinary else { throw .binaryNotAccepted }
            return .deliverBinary(payload)
        case (.ping(let payload), .open):
            // RFC 6455 §5.5.3: of several pings, only the most recent has to be answered. A peer that pings and does
            // not read would otherwise fill our memory with pongs.
            guard self.isWritable else {
                self.owedPong = payload
                return .none
            }
            return .sendPong(payload)
        case (.pong, .open):
            // RFC 6455 §5.5.3: an unsolicited pong is allowed. Any byte counts as a sign of life, so none is matched.
            return .none
        }
    }

    private mutating func fail(_ violation: ProtocolViolation) -> Action {
        defer { self.state = .ended }
        switch self.state {
        case .open:
            // RFC 6455 §7.1.7: to fail the connection, send a close frame with a fitting code and close the transport.
            let frame = CloseFrame(violation.closeCode, reason: violation.description)
            return .sendCloseAndEnd(frame, ConnectionEnd(.local, code: frame.code, reason: frame.reason))
        case .closing(let sent):
            return .end(ConnectionEnd(.local, code: sent.code, reason: sent.reason))
        case .ended:
            return .none
        }
    }

    /// The application closes. Only the first call does anything.
    package mutating func close(_ frame: CloseFrame) -> Action {
        guard case .open = self.state else { return .none }
        self.state = .closing(frame)
        self.owedPong = nil
        return .sendCloseAndAwaitPeer(frame)
    }

    /// The peer did not answer our close frame in time.
    package mutating func closeWaitExpired() -> Action {
        guard case .closing(let sent) = self.state else { return .none }
        self.state = .ended
        return .end(ConnectionEnd(.local, code: sent.code, reason: sent.reason))
    }

    /// The transport's buffer filled up or drained.
    package mutating func writabilityChanged(_ isWritable: Bool) -> Action {
        self.isWritable = isWritable
        guard isWritable, case .open = self.state, let payload = self.owedPong else { return .none }
        self.owedPong = nil
        return .sendPong(payload)
    }

    /// The keep-alive interval is over.
    package mutating func keepAliveDue() -> Action {
        guard case .open = self.state else { return .none }
        self.hasHeardSincePing = false
        self.pingCount &+= 1
        return .sendPing(ByteBuffer(integer: self.pingCount))
    }

    /// The wait for the peer after a ping is over. Any byte since then is a sign of life: a pong may be stuck behind a
    /// large message.
    package mutating func keepAliveExpired() -> Action {
        guard case .open = self.state else { return .none }
        guard !self.hasHeardSincePing else { return .scheduleKeepAlive }
        self.state = .ended
        let frame = CloseFrame(.internalError, reason: "no answer to a ping")
        return .sendCloseAndEnd(frame, ConnectionEnd(.local, code: frame.code, reason: frame.reason))
    }

    /// The peer ended the transport, or it broke.
    package mutating func transportEnded() -> Action {
        defer { self.state = .ended }
        switch self.state {
        case .open:
            // RFC 6455 §7.1.5: without a close frame, the code is 1006.
            return .end(ConnectionEnd(.transport, code: .abnormalClosure))
        case .closing(let sent):
            return .end(ConnectionEnd(.local, code: sent.code, reason: sent.reason))
        case .ended:
            return .none
        }
    }
}
