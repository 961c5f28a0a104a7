/// The names of tools as every provider takes them in a history: 1 to 64 of A-Z, a-z, 0-9, `_` and `-` (OpenAI's bound, the
/// strictest).
enum ToolName {
    static let limit = 64

    /// The name with `_` for each other Unicode scalar, cut to 64. A model may make up a name that was never offered; kept as it
    /// is, it would make the provider refuse every later request of the conversation.
    static func sanitised(_ name: String) -> String {
        let scalars = name.unicodeScalars.prefix(limit).map { scalar -> Unicode.Scalar in
            switch scalar {
            case "A"..."Z", "a"..."z", "0"..."9", "_", "-": scalar
            default: "_"
            }
        }
        return scalars.isEmpty ? "_" : String(String.UnicodeScalarView(scalars))
    }
}
