extension String {
    /// The first `count` Unicode scalars: bounds are in scalars, since one `Character` can be megabytes.
    package func firstScalars(_ count: Int) -> String { String(String.UnicodeScalarView(unicodeScalars.prefix(count))) }
}
