import JSON

/// The tool calls of one reply, put together from their pieces.
///
/// OpenAI gives a call's id and name in its first piece and its index in each. Other servers leave out the index or the id,
/// repeat both or the name in every piece, give every call the index 0, or send a call whole.
struct OpenAIToolCalls {
    private struct Call {
        var providerIndex: Int?
        var providerID: String
        var name: String
        /// Our index, once the block has started.
        var index: Int?
        var hasArguments = false
        var isClosed = false
    }

    private struct Piece {
        var index: Int?
        var id = ""
        var name = ""
        var arguments: JSONScanner?
    }

    private let seed: UInt64
    private var calls: [Call] = []

    init(seed: UInt64) { self.seed = seed }

    var isEmpty: Bool { calls.isEmpty }
    /// The calls whose blocks have not started.
    private(set) var waitingCount = 0

    /// Reads one element of `delta.tool_calls`.
    mutating func readDelta(
        _ json: inout JSONScanner, nextIndex: inout Int, into batch: inout ModelEventBatch
    ) throws(JSONError) {
        var piece = Piece()
        var members = try json.beginObject()
        while let key = try json.nextKey(in: &members) {
            if key == "index" {
                piece.index = try json.readInt()
            } else if key == "id" {
                piece.id = try json.readStringIfPresent() ?? ""
            } else if key == "function", try json.peekKind() == .object {
                try Self.readFunction(&json, into: &piece)
            } else {
                try json.skipValue()
            }
        }
        try take(piece, nextIndex: &nextIndex, into: &batch)
    }

    /// Reads a `delta.function_call`.
    mutating func readFunction(
        _ json: inout JSONScanner, nextIndex: inout Int, into batch: inout ModelEventBatch
    ) throws(JSONError) {
        var piece = Piece()
        try Self.readFunction(&json, into: &piece)
        try take(piece, nextIndex: &nextIndex, into: &batch)
    }

    /// The reply is finished: every call starts that has not, gets an input where it had none, and ends.
    mutating func close(nextIndex: inout Int, into batch: inout ModelEventBatch) {
        for place in calls.indices where !calls[place].isClosed {
            let index = start(place, nextIndex: &nextIndex, into: &batch)
            if !calls[place].hasArguments { batch.appendDelta(index: index, "{}") }
            calls[place].isClosed = true
            batch.events.append(.blockDone(index: index))
        }
    }

    // MARK: -

    private static func readFunction(_ json: inout JSONScanner, into piece: inout Piece) throws(JSONError) {
        var members = try json.beginObject()
        while let key = try json.nextKey(in: &members) {
            if key == "name" {
                piece.name = try json.readStringIfPresent() ?? ""
            } else {
                // Read once it is known which call they belong to.
                if key == "arguments" { piece.arguments = json }
                try json.skipValue()
            }
        }
    }

    private mutating func take(
        _ piece: Piece, nextIndex: inout Int, into batch: inout ModelEventBatch
    ) throws(JSONError) {
        let place = place(of: piece)
        // The name may come in pieces, or again and again; it is fixed once the block has started.
        // What is beyond a name's limit is cut off in the end.
        if calls[place].index == nil, calls[place].name.utf8.count < 4 * ToolName.limit,
            !Self.areSame(calls[place].name, piece.name)
        {
            calls[place].name += piece.name
        }
        guard var arguments = piece.arguments else { return }
        switch try arguments.peekKind() {
        case .string:
            // An empty piece says nothing yet, and more of the name may follow it.
            let start = batch.text.count
            try arguments.readString(into: &batch.text)
            guard batch.text.count > start else { return }
            let index = self.start(place, nextIndex: &nextIndex, into: &batch)
            batch.events.append(.delta(index: index, text: start..<batch.text.count))
        case .object:
            let index = start(place, nextIndex: &nextIndex, into: &batch)
            batch.appendDelta(index: index, try arguments.readValue().jsonText)
        default: return
        }
        calls[place].hasArguments = true
    }

    /// The call that a piece belongs to; a new one, if it is the first of its call.
    private mutating func place(of piece: Piece) -> Int {
        let known =
            if let index = piece.index {
                calls.lastIndex { $0.providerIndex == index }
            } else if !piece.id.isEmpty {
                calls.lastIndex { Self.areSame($0.providerID, piece.id) }
            } else {
                calls.indices.last
            }
        if let known, !calls[known].isClosed {
            // Another id together with a name begins another call, whatever the index says.
            let isAnother =
                !piece.id.isEmpty && !piece.name.isEmpty && !calls[known].providerID.isEmpty
                && !Self.areSame(calls[known].providerID, piece.id)
            if !isAnother {
                if calls[known].providerID.isEmpty { calls[known].providerID = piece.id }
                return known
            }
        }
        calls.append(Call(providerIndex: piece.index, providerID: piece.id, name: ""))
        waitingCount += 1
        return calls.count - 1
    }

    private mutating func start(_ place: Int, nextIndex: inout Int, into batch: inout ModelEventBatch) -> Int {
        if let index = calls[place].index { return index }
        let index = nextIndex
        nextIndex += 1
        calls[place].index = index
        waitingCount -= 1
        let id = Self.isUsable(calls[place].providerID) ? calls[place].providerID : madeID(place)
        batch.events.append(.blockStarted(index: index, .toolCall(id: id, name: ToolName.sanitised(calls[place].name))))
        return index
    }

    /// Byte by byte: comparing strings normalises them, which is slow for very long ones.
    private static func areSame(_ left: String, _ right: String) -> Bool { left.utf8.elementsEqual(right.utf8) }

    private func madeID(_ place: Int) -> String {
        "call_" + String(seed, radix: 16) + "_" + String(place)
    }

    /// Ids go to clients, in the protocol's alphabet; any id will do for the provider, as long as call and result agree.
    private static func isUsable(_ id: String) -> Bool {
        (1...64).contains(id.utf8.count)
            && id.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}
