package import JSON
package import NIOCore

/// Writes one JSON object, member by member, into a buffer.
///
/// By hand rather than by `Codable`: frames are written for every event of every session, and an encoder costs more than the
/// rest of the event's way (docs/architecture.md has the figures).
package struct FrameWriter: ~Copyable {
    package private(set) var buffer: ByteBuffer
    private var isFirst = true

    /// Starts an object at the end of `buffer`.
    package init(into buffer: consuming ByteBuffer = ByteBuffer()) {
        self.buffer = buffer
        self.buffer.writeStaticString("{")
    }

    /// Starts a frame: an object whose first member is its `type`.
    package init(type: StaticString) {
        self.init()
        name("type")
        buffer.writeStaticString("\"")
        buffer.writeStaticString(type)
        buffer.writeStaticString("\"")
    }

    /// Ends the object and gives the buffer back.
    package consuming func end() -> ByteBuffer {
        buffer.writeStaticString("}")
        return buffer
    }

    private mutating func name(_ name: StaticString) {
        buffer.writeStaticString(isFirst ? "\"" : ",\"")
        isFirst = false
        buffer.writeStaticString(name)
        buffer.writeStaticString("\":")
    }

    package mutating func field(_ name: StaticString, _ string: String) {
        self.name(name)
        buffer.writeJSONString(string)
    }

    package mutating func field(_ name: StaticString, _ number: Int) {
        self.name(name)
        buffer.writeDecimal(number)
    }

    package mutating func field(_ name: StaticString, _ number: Int64) {
        field(name, Int(number))
    }

    package mutating func field(_ name: StaticString, _ number: Double) {
        self.name(name)
        // JSON has no word for infinity or NaN (RFC 8259 §6).
        buffer.writeString(number.isFinite ? number.description : "0")
    }

    package mutating func field(_ name: StaticString, _ bool: Bool) {
        self.name(name)
        buffer.writeStaticString(bool ? "true" : "false")
    }

    package mutating func field(_ name: StaticString, _ value: JSONValue) {
        self.name(name)
        buffer.writeString(value.jsonText)
    }

    package mutating func field(_ name: StaticString, _ strings: [String]) {
        array(name, strings) { buffer, string in buffer.writeJSONString(string) }
    }

    /// Absent and null mean the same in the protocol; absent is shorter.
    package mutating func field(_ name: StaticString, _ string: String?) {
        if let string { field(name, string) }
    }

    package mutating func field(_ name: StaticString, _ number: Int?) {
        if let number { field(name, number) }
    }

    package mutating func field(_ name: StaticString, _ number: Double?) {
        if let number { field(name, number) }
    }

    /// A member that is present only when true.
    package mutating func flag(_ name: StaticString, _ bool: Bool) {
        if bool { field(name, true) }
    }

    package mutating func null(_ name: StaticString) {
        self.name(name)
        buffer.writeStaticString("null")
    }

    package mutating func object(_ name: StaticString, _ write: (inout FrameWriter) -> Void) {
        self.name(name)
        nested(write)
    }

    package mutating func array<Element>(
        _ name: StaticString, _ elements: some Collection<Element>, _ write: (inout ByteBuffer, Element) -> Void
    ) {
        self.name(name)
        buffer.writeStaticString("[")
        var isFirst = true
        for element in elements {
            if !isFirst { buffer.writeStaticString(",") }
            isFirst = false
            write(&buffer, element)
        }
        buffer.writeStaticString("]")
    }

    package mutating func objects<Element>(
        _ name: StaticString, _ elements: some Collection<Element>, _ write: (inout FrameWriter, Element) -> Void
    ) {
        array(name, elements) { buffer, element in
            var writer = FrameWriter(into: buffer)
            buffer = ByteBuffer()
            write(&writer, element)
            buffer = writer.end()
        }
    }

    /// A member whose name is only known at run time.
    package mutating func member(_ name: String, _ write: (inout ByteBuffer) -> Void) {
        if !isFirst { buffer.writeStaticString(",") }
        isFirst = false
        buffer.writeJSONString(name)
        buffer.writeStaticString(":")
        write(&buffer)
    }

    private mutating func nested(_ write: (inout FrameWriter) -> Void) {
        var writer = FrameWriter(into: buffer)
        buffer = ByteBuffer()
        write(&writer)
        buffer = writer.end()
    }
}

extension ByteBuffer {
    /// A number in decimal without the `String` in between: every delta carries one.
    @inline(__always)
    package mutating func writeDecimal(_ number: Int) {
        guard number >= 0 else {
            writeString(String(number))
            return
        }
        guard number >= 10 else {
            writeInteger(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: number))
            return
        }
        // 20 digits hold any 64-bit number.
        writeWithUnsafeMutableBytes(minimumWritableBytes: 20) { space in
            var rest = number
            var length = 0
            while rest > 0 {
                space[length] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
                length += 1
            }
            for index in 0..<length / 2 { space.swapAt(index, length - 1 - index) }
            return length
        }
    }
}
