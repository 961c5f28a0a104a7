extension String {
    /// The first `count` Unicode scalars.
    func firstScalars(_ count: Int) -> String { String(String.UnicodeScalarView(unicodeScalars.prefix(count))) }
}
