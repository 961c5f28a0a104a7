/// How long a reply took, from when it was asked for.
struct ReplyTiming: Equatable {
    /// To the first piece of it.
    var firstToken: Duration
    var whole: Duration
}
