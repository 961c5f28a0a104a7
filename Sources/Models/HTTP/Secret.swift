/// A text that is not shown where it is printed, alone or as a part of something: libraries log whatever they are given.
struct Secret: Hashable, Sendable {
    let value: String

    init(_ value: String) { self.value = value }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    var description: String { "[secret]" }
    var debugDescription: String { description }
    var customMirror: Mirror { Mirror(self, children: []) }
}
