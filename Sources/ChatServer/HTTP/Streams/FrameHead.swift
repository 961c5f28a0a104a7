/// What stands at the beginning of a server frame, read without parsing the rest: every token's frame is looked at.
///
/// It reads what `FrameWriter` writes: `type` first, then members of plain values, in the order that they have there. The
/// pointers are into the frame.
struct FrameHead {
    private(set) var type = UnsafeRawBufferPointer(start: nil, count: 0)
    /// An event's number; of a snapshot, the last event's that it holds; of a welcome, the log's end.
    private(set) var seq: Int?
    private(set) var ref: UnsafeRawBufferPointer?
    private(set) var turn: UnsafeRawBufferPointer?
    private(set) var index: Int?
    /// What kind of block starts.
    private(set) var kind: UnsafeRawBufferPointer?
    /// Whether it answers a command that was repeated, and so stands at no place in the log.
    private(set) var isReplay = false
    // Of a welcome.
    private(set) var session: UnsafeRawBufferPointer?
    private(set) var epoch: UnsafeRawBufferPointer?
    private(set) var resume: UnsafeRawBufferPointer?

    init(_ frame: UnsafeRawBufferPointer) {
        var members = MemberScanner(frame)
        while let name = members.name() {
            if name.says("type") {
                type = members.plainString() ?? type
            } else if name.says("seq") {
                seq = members.integer()
            } else if name.says("turn") {
                turn = members.plainString()
            } else if name.says("index") {
                index = members.integer()
            } else if name.says("ref") {
                ref = members.plainString()
            } else if name.says("kind") {
                kind = members.plainString()
            } else if name.says("replay") {
                isReplay = members.isTrue()
            } else if name.says("session") {
                session = members.plainString()
            } else if name.says("epoch") {
                epoch = members.plainString()
            } else if name.says("resume") {
                resume = members.plainString()
            } else if !name.says("protocol") || members.plainString() == nil {
                break
            }
        }
        if type.says("snapshot") { seq = MemberScanner.lastInteger(named: "seq", in: frame) }
    }

    /// Whether a client that has seen the frame has seen the log up to `seq`: what it says where it comes back.
    var movesCursor: Bool {
        guard seq != nil, !isReplay else { return false }
        // The end of the log is where a client stands only in a log that has just begun.
        return !type.says("welcome") || resume?.says("new") == true
    }
}

/// Goes through the members of an object that `FrameWriter` wrote, as far as their values are plain.
private struct MemberScanner {
    private let bytes: UnsafeRawBufferPointer
    /// Behind the `{` or the `,` before a name.
    private var position = 1

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// The next member's name; its value is to be read then. nil: there is none.
    mutating func name() -> UnsafeRawBufferPointer? {
        if position > 1 {
            guard position < bytes.count, bytes[position] == UInt8(ascii: ",") else { return nil }
            position += 1
        }
        guard let name = plainString(), position < bytes.count, bytes[position] == UInt8(ascii: ":") else { return nil }
        position += 1
        return name
    }

    /// A string without escapes, as ids and names of types are; nil: there is something else.
    mutating func plainString() -> UnsafeRawBufferPointer? {
        guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { return nil }
        var end = position + 1
        while end < bytes.count, bytes[end] != UInt8(ascii: "\"") {
            if bytes[end] == UInt8(ascii: "\\") { return nil }
            end += 1
        }
        guard end < bytes.count else { return nil }
        defer { position = end + 1 }
        return UnsafeRawBufferPointer(rebasing: bytes[position + 1..<end])
    }

    mutating func integer() -> Int? {
        let start = position
        var value = 0
        while position < bytes.count, case let digit = Int(bytes[position]) - 48, (0...9).contains(digit) {
            // Numbers are below 2^53.
            value = value &* 10 &+ digit
            position += 1
        }
        return position > start ? value : nil
    }

    mutating func isTrue() -> Bool {
        guard bytes.count - position >= 4, UnsafeRawBufferPointer(rebasing: bytes[position..<position + 4]).says("true")
        else { return false }
        position += 4
        return true
    }

    /// How far from its end an object's last integers stand, at most. 64 bytes: two short members.
    private static let tailBytes = 64

    /// The integer of a member near the object's end. Within texts a `"` is escaped, so what stands last is the member.
    static func lastInteger(named name: StaticString, in bytes: UnsafeRawBufferPointer) -> Int? {
        let least = max(1, bytes.count - tailBytes)
        var start = bytes.count - 1
        while start >= least {
            if bytes[start] == UInt8(ascii: "\"") {
                var scanner = MemberScanner(bytes)
                scanner.position = start
                if let found = scanner.plainString(), found.says(name), scanner.position < bytes.count,
                    bytes[scanner.position] == UInt8(ascii: ":")
                {
                    scanner.position += 1
                    return scanner.integer()
                }
            }
            start -= 1
        }
        return nil
    }
}

extension UnsafeRawBufferPointer {
    /// Whether these bytes are that text.
    @inline(__always)
    func says(_ text: StaticString) -> Bool {
        count == text.utf8CodeUnitCount
            && elementsEqual(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    func says(_ text: String) -> Bool { elementsEqual(text.utf8) }

    var text: String { String(decoding: self, as: UTF8.self) }
}
