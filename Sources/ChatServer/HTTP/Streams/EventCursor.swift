import Conversation

/// A place in a session's log, as an event stream's `id` and `Last-Event-ID` have it: `<epoch>:<seq>`.
struct EventCursor: Equatable {
    var epoch: String
    var seq: Int

    init(epoch: String, seq: Int) {
        self.epoch = epoch
        self.seq = seq
    }

    /// Nil for anything else: a browser sends on what it last had, also from another server.
    init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, Identifier.isValid(String(parts[0])), !parts[1].isEmpty,
            parts[1].utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let seq = Int(parts[1]), seq < 1 << 53
        else { return nil }
        self.init(epoch: String(parts[0]), seq: seq)
    }
}
