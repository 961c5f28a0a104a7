import JSON

/// Times a reply by the frames that come of it.
struct ReplyStopwatch {
    private var firstToken: Duration?

    /// Takes a frame, with the time since the reply was asked for.
    ///
    /// - Returns: the timing, once the turn has ended
    /// - Throws: `TTFTError`
    mutating func take(_ frame: JSONValue, at time: Duration) throws(TTFTError) -> ReplyTiming? {
        switch frame["type"]?.stringValue {
        case "delta":
            if firstToken == nil { firstToken = time }
        case "error":
            throw .refused(frame["message"]?.stringValue ?? "")
        case "turn.done":
            let status = frame["status"]?.stringValue ?? ""
            guard status == "completed" else { throw .failed(status: status) }
            return ReplyTiming(firstToken: firstToken ?? time, whole: time)
        default: break
        }
        return nil
    }
}
