import NIOCore
import Testing
import WebSocket

typealias Action = WebSocketStateMachine.Action

extension WebSocketStateMachine {
    /// All that follows from some bytes, in order.
    mutating func all(_ bytes: ByteBuffer) -> [Action] {
        var bytes = bytes
        var actions: [Action] = []
        while true {
            let action = self.received(&bytes)
            guard action != .none else { return actions }
            actions.append(action)
        }
    }
}

private func closing(_ code: UInt16, _ reason: String = "") -> ByteBuffer {
    var bytes = ByteBuffer()
    FrameEncoder.writeClose(
        CloseFrame(CloseCode(rawValue: code), reason: reason), maskingKey: MaskingKey(1, 2, 3, 4), into: &bytes)
    return bytes
}

private func text(_ string: String) -> Action { .deliverText(ByteBuffer(string: string)) }

@Suite("RFC 6455 §6: messages")
struct MessageDialogueTests {
    @Test func `messages and pings of one read are dealt with in order`() {
        var machine = WebSocketStateMachine(role: .server)
        let bytes = masked(.text, "one") + masked(.ping, "?") + masked(.binary, "two") + masked(.text, "three")
        #expect(
            machine.all(bytes) == [
                text("one"), .sendPong(ByteBuffer(string: "?")), .deliverBinary(ByteBuffer(string: "two")),
                text("three"),
            ])
        #expect(machine.isOpen)
    }

    @Test func `a message cut by a read is delivered once`() {
        var machine = WebSocketStateMachine(role: .server)
        let pieces = cut(masked(.text, "Hello"), at: 8)
        #expect(machine.all(pieces[0]) == [])
        #expect(machine.all(pieces[1]) == [text("Hello")])
    }

    @Test func `where only text is spoken, a binary message closes with 1003`() {
        var machine = WebSocketStateMachine(role: .server, acceptsBinary: false)
        let frame = CloseFrame(.unsupportedData, reason: "only text messages are taken")
        #expect(
            machine.all(masked(.text, "one") + masked(.binary, "two")) == [
                text("one"),
                .sendCloseAndEnd(frame, ConnectionEnd(.local, code: .unsupportedData, reason: frame.reason)),
            ])
        #expect(!machine.isOpen)
    }

    @Test func `a client's machine reads what a server sends`() {
        var machine = WebSocketStateMachine(role: .client)
        #expect(machine.all(unmasked(.text, "hi")) == [text("hi")])
        #expect(machine.all(masked(.text, "hi")).count == 1)
        #expect(!machine.isOpen)
    }
}

@Suite("RFC 6455 §7: closing")
struct ClosingDialogueTests {
    @Test func `the peer closes: its code goes back, the transport ends`() {
        var machine = WebSocketStateMachine(role: .server)
        #expect(
            machine.all(closing(1001, "leaving") + masked(.text, "late")) == [
                .sendCloseAndEnd(
                    CloseFrame(.goingAway), ConnectionEnd(.peer, code: .goingAway, reason: "leaving"))
            ])
        #expect(machine.all(masked(.text, "later")) == [])
        #expect(machine.close(CloseFrame(.normal)) == .none)
        #expect(machine.transportEnded() == .none)
    }

    @Test func `the peer closes without a code: so do we`() {
        var machine = WebSocketStateMachine(role: .server)
        #expect(
            machine.all(masked(.close, "")) == [
                .sendCloseAndEnd(
                    CloseFrame(.noStatusReceived), ConnectionEnd(.peer, code: .noStatusReceived))
            ])
    }

    @Test func `we close: messages are dropped until the peer's close frame ends it`() {
        var machine = WebSocketStateMachine(role: .server)
        let frame = CloseFrame(.goingAway, reason: "stopping")
        #expect(machine.close(frame) == .sendCloseAndAwaitPeer(frame))
        #expect(!machine.isOpen)
        #expect(machine.close(CloseFrame(.normal)) == .none)
        #expect(machine.all(masked(.text, "crossed") + masked(.ping, "")) == [])
        let end = ConnectionEnd(.local, code: .goingAway, reason: "stopping")
        #expect(machine.all(closing(1001)) == [.end(end)])
        #expect(machine.closeWaitExpired() == .none)
    }

    @Test func `we close in the middle of the peer's message: it is dropped too`() {
        var machine = WebSocketStateMachine(role: .server)
        #expect(machine.all(masked(.text, "Hel", isFinal: false)) == [])
        _ = machine.close(CloseFrame(.normal))
        #expect(
            machine.all(masked(.continuation, "lo") + closing(1000)) == [.end(ConnectionEnd(.local, code: .normal))])
    }

    @Test func `we close and the peer says nothing: the wait ends it`() {
        var machine = WebSocketStateMachine(role: .server)
        _ = machine.close(CloseFrame(.normal))
        #expect(machine.closeWaitExpired() == .end(ConnectionEnd(.local, code: .normal)))
        #expect(machine.transportEnded() == .none)
    }

    @Test func `we close and the transport ends: it was our close`() {
        var machine = WebSocketStateMachine(role: .server)
        _ = machine.close(CloseFrame(.normal))
        #expect(machine.transportEnded() == .end(ConnectionEnd(.local, code: .normal)))
    }

    @Test func `we close and the peer breaks the protocol: no second close frame`() {
        var machine = WebSocketStateMachine(role: .server)
        _ = machine.close(CloseFrame(.normal))
        #expect(machine.all(ByteBuffer(bytes: [0xFF])) == [.end(ConnectionEnd(.local, code: .normal))])
    }

    @Test func `the transport ends without a close frame: 1006`() {
        var machine = WebSocketStateMachine(role: .server)
        #expect(machine.transportEnded() == .end(ConnectionEnd(.transport, code: .abnormalClosure)))
        #expect(machine.transportEnded() == .none)
    }

    @Test func `a violation closes with its code and nothing after it is read`() {
        var machine = WebSocketStateMachine(role: .server)
        let frame = CloseFrame(.protocolError, reason: "a client must mask its frames")
        #expect(
            machine.all(masked(.text, "good") + unmasked(.text, "bad") + masked(.text, "never")) == [
                text("good"),
                .sendCloseAndEnd(frame, ConnectionEnd(.local, code: .protocolError, reason: frame.reason)),
            ])
        #expect(machine.all(masked(.text, "nor this")) == [])
    }

    @Test func `a message too large closes with 1009`() {
        var machine = WebSocketStateMachine(role: .server, limits: FrameLimits(maxFrameBytes: 4, maxMessageBytes: 4))
        let actions = machine.all(masked(.text, "Hello"))
        let frame = CloseFrame(.messageTooBig, reason: "frame of 5 bytes, limit 4")
        #expect(
            actions == [.sendCloseAndEnd(frame, ConnectionEnd(.local, code: .messageTooBig, reason: frame.reason))])
    }
}

@Suite("RFC 6455 §5.5.2: ping and pong")
struct PingDialogueTests {
    @Test func `while the peer does not read, only its newest ping is remembered`() {
        var machine = WebSocketStateMachine(role: .server)
        #expect(machine.writabilityChanged(false) == .none)
        #expect(machine.all(masked(.ping, "1") + masked(.ping, "2") + masked(.ping, "3")) == [])
        #expect(machine.writabilityChanged(true) == .sendPong(ByteBuffer(string: "3")))
        #expect(machine.writabilityChanged(true) == .none)
        #expect(machine.all(masked(.ping, "4")) == [.sendPong(ByteBuffer(string: "4"))])
    }

    @Test func `a remembered ping is not answered after a close frame`() {
        var machine = WebSocketStateMachine(role: .server)
        _ = machine.writabilityChanged(false)
        _ = machine.all(masked(.ping, "1"))
        _ = machine.close(CloseFrame(.normal))
        #expect(machine.writabilityChanged(true) == .none)
    }

    @Test func `pongs that nobody asked for are ignored`() {
        var machine = WebSocketStateMachine(role: .server)
        #expect(machine.all(masked(.pong, "hello?")) == [])
        #expect(machine.isOpen)
    }

    @Test func `a ping that is answered is followed by the next`() {
        var machine = WebSocketStateMachine(role: .server)
        #expect(machine.keepAliveDue() == .sendPing(ByteBuffer(integer: UInt32(1))))
        #expect(machine.all(masked(.pong, ByteBuffer(integer: UInt32(1)))) == [])
        #expect(machine.keepAliveExpired() == .scheduleKeepAlive)
        #expect(machine.keepAliveDue() == .sendPing(ByteBuffer(integer: UInt32(2))))
    }

    @Test func `part of a message is a sign of life`() {
        var machine = WebSocketStateMachine(role: .server)
        _ = machine.keepAliveDue()
        #expect(machine.all(ByteBuffer(bytes: [0x81])) == [])
        #expect(machine.keepAliveExpired() == .scheduleKeepAlive)
    }

    @Test func `a ping that nothing follows ends the connection`() {
        var machine = WebSocketStateMachine(role: .server)
        #expect(machine.all(masked(.text, "before")) == [text("before")])
        _ = machine.keepAliveDue()
        let frame = CloseFrame(.internalError, reason: "no answer to a ping")
        #expect(
            machine.keepAliveExpired()
                == .sendCloseAndEnd(frame, ConnectionEnd(.local, code: .internalError, reason: frame.reason)))
        #expect(machine.keepAliveDue() == .none)
        #expect(machine.transportEnded() == .none)
    }

    @Test func `no pings after a close frame`() {
        var machine = WebSocketStateMachine(role: .server)
        _ = machine.close(CloseFrame(.normal))
        #expect(machine.keepAliveDue() == .none)
        #expect(machine.keepAliveExpired() == .none)
    }
}
